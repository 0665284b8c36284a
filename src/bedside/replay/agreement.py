"""How far two sides agree, over the frames that both have answered."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.replay.said import ERROR, Key, Said, Side

ENOUGH_DICE = 0.9
"""Two outlines of the same thing that overlap less count as a difference."""


@dataclass(frozen=True)
class Pair:
    """One frame that both have answered."""

    key: Key
    a: Said
    b: Said
    concepts: tuple[str, ...]
    """Those that differ in being present, missing or unknown; one that a side does not name is unknown there."""
    dice: Mapping[str, float]
    """By label of the masks."""

    @property
    def is_other_label(self) -> bool:
        """Whether the verdicts say different things, or only one side could answer."""
        return self.a.label != self.b.label

    @property
    def is_other_level(self) -> bool:
        """Whether they say the same thing of another quality."""
        return self.a.level != self.b.level

    @property
    def weight(self) -> float:
        """How much they differ: 1 for another label, 0.5 for another level, the share of the concepts that differ, and
        what the worst overlap lacks to 1. So cases are put in order; it means nothing beyond that."""
        named = len({*self.a.concepts, *self.b.concepts})
        share = len(self.concepts) / named if named else 0.0
        lacks = 1 - min(self.dice.values(), default=1.0)
        return self.is_other_label + 0.5 * self.is_other_level + share + lacks

    @property
    def differs(self) -> bool:
        """Whether a person would see a difference."""
        is_apart = min(self.dice.values(), default=1.0) < ENOUGH_DICE
        return self.is_other_label or self.is_other_level or bool(self.concepts) or is_apart


@dataclass(frozen=True)
class Agreement:
    """The numbers. Shares are of the pairs; None where there is nothing to count."""

    a: str
    b: str
    answers_a: int
    answers_b: int
    errors_a: int
    errors_b: int
    pairs: int
    differing: int
    same_label: float | None
    kappa: float | None
    same_level: float | None
    score_difference: float | None
    """Mean of B's score less A's, where they say the same."""
    score_distance: float | None
    """Mean of how far they are apart, either way."""
    concepts: Mapping[str, float]
    """By name: the share of pairs in which it differs."""
    dice: Mapping[str, float]
    """By label: the mean over the pairs in which a side has it."""
    model_ms_a: float | None
    """Median."""
    model_ms_b: float | None
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How often A said the one and B the other, by A's label, then B's."""

    def as_json(self) -> dict[str, Any]:
        """Everything, plain."""
        return dict(vars(self))


def pairs_of(a: Side, b: Side, told: Callable[[], None] = lambda: None) -> list[Pair]:
    """The frames that both have answered, in order; `told` after each. Reads the masks."""
    found = []
    for key, one in a.said.items():
        other = b.said.get(key)
        if other is None:
            continue
        names = {*one.concepts, *other.concepts}
        differ = tuple(sorted(name for name in names if one.concepts.get(name) is not other.concepts.get(name)))
        overlaps = dice(a.masks(key), b.masks(key)) if one.has_mask and other.has_mask else {}
        found.append(Pair(key, one, other, differ, overlaps))
        told()
    return found


def agreement(a: Side, b: Side, pairs: Sequence[Pair]) -> Agreement:
    """The numbers of these pairs."""
    labels = [(pair.a.label, pair.b.label) for pair in pairs if ERROR not in (pair.a.label, pair.b.label)]
    same = [pair for pair in pairs if not pair.is_other_label and pair.a.label != ERROR]
    scores = [pair.b.score - pair.a.score for pair in same if pair.a.score is not None and pair.b.score is not None]
    names = sorted({name for pair in pairs for name in (*pair.a.concepts, *pair.b.concepts)})
    both = [pair for pair in pairs if ERROR not in (pair.a.label, pair.b.label)]
    return Agreement(
        a=a.name,
        b=b.name,
        answers_a=len(a.said),
        answers_b=len(b.said),
        errors_a=sum(bool(said.error) for said in a.said.values()),
        errors_b=sum(bool(said.error) for said in b.said.values()),
        pairs=len(pairs),
        differing=sum(pair.differs for pair in pairs),
        same_label=_share([one == other for one, other in labels]),
        kappa=kappa(labels),
        same_level=_share([not pair.is_other_level for pair in both]),
        score_difference=mean(scores) if scores else None,
        score_distance=mean(map(abs, scores)) if scores else None,
        concepts={name: sum(name in pair.concepts for pair in both) / len(both) for name in names} if both else {},
        dice=_means([pair.dice for pair in pairs]),
        model_ms_a=_median([pair.a.model_ms for pair in pairs]),
        model_ms_b=_median([pair.b.model_ms for pair in pairs]),
        confusion=_confusion([(pair.a.label, pair.b.label) for pair in pairs]),
    )


def dice(a: Mapping[str, NDArray[np.bool_]], b: Mapping[str, NDArray[np.bool_]]) -> dict[str, float]:
    """By label the overlap of two masks, 2|A∩B| / (|A| + |B|): 1 the same, 0 apart or on one side only.

    Masks of different sizes are compared in A's, since both are stretched over the same picture. The formula is that of
    L. R. Dice, Measures of the amount of ecologic association between species, Ecology 26(3):297-302, 1945.
    """
    found = {}
    for label in sorted({*a, *b}):
        one, other = a.get(label), b.get(label)
        if one is None or other is None:
            found[label] = 0.0
            continue
        if one.shape != other.shape:
            size = (one.shape[1], one.shape[0])
            other = cv2.resize(other.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        total = int(one.sum()) + int(other.sum())
        found[label] = 2 * int((one & other).sum()) / total if total else 1.0
    return found


def kappa(labels: Sequence[tuple[str, str]]) -> float | None:
    """Agreement beyond what chance would bring, 1 at most; None where chance alone would bring all of it.

    J. Cohen, A coefficient of agreement for nominal scales, Educ. and Psychol. Measurement 20(1):37-46, 1960.
    """
    if not labels:
        return None
    count = len(labels)
    observed = sum(one == other for one, other in labels) / count
    firsts, seconds = Counter(one for one, _ in labels), Counter(other for _, other in labels)
    expected = sum(firsts[label] * seconds[label] for label in firsts) / count**2
    return (observed - expected) / (1 - expected) if expected < 1 else None


def _share(truths: Sequence[bool]) -> float | None:
    return sum(truths) / len(truths) if truths else None


def _median(times: Sequence[float | None]) -> float | None:
    known = [time for time in times if time is not None]
    return median(known) if known else None


def _means(maps: Sequence[Mapping[str, float]]) -> dict[str, float]:
    labels = sorted({label for one in maps for label in one})
    return {label: mean(one[label] for one in maps if label in one) for label in labels}


def _confusion(labels: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    counts = Counter(labels)
    names = sorted({name for pair in counts for name in pair})
    return {row: {column: counts[row, column] for column in names} for row in names}
