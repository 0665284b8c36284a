"""How often a replay said what was said during the scan, on the frames that both answered."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.review.answered import Answered, answered
from bedside.review.summary import Gathered, Summary
from bedside.session.recorded import Recorded


@dataclass(frozen=True)
class Agreement:
    """Of two engines, on the frames that both answered without failing."""

    common: int
    """So many frames."""
    same_label: float
    """Share of them with the same label, 0 to 1; two answers without a verdict agree. 0 where there is no frame."""
    same_verdict: float
    """Share of them with the same label and the same level."""


def agreement(one: Answered, other: Answered) -> Agreement:
    """Frames are the same when they were captured at the same time."""
    kept = np.flatnonzero(~one.is_error), np.flatnonzero(~other.is_error)
    _, mine, theirs = np.intersect1d(one.captured_ns[kept[0]], other.captured_ns[kept[1]], return_indices=True)
    if not len(mine):
        return Agreement(0, 0.0, 0.0)
    rows = kept[0][mine], kept[1][theirs]
    label = _as_other(one.labels, other.labels)[one.label[rows[0]]] == other.label[rows[1]]
    level = _as_other(one.levels, other.levels)[one.level[rows[0]]] == other.level[rows[1]]
    return Agreement(len(mine), float(label.mean()), float((label & level).mean()))


def _as_other(names: tuple[str, ...], others: tuple[str, ...]) -> NDArray[np.int64]:
    """The place in `others` of each name; -1 where it is not there."""
    places = {name: place for place, name in enumerate(others)}
    return np.array([places.get(name, -1) for name in names], np.int64)


def replays(recorded: Recorded, known: Gathered, summary: Summary) -> list[dict[str, Any]]:
    """Each replay's engine that answered most, beside the one that stands for the session."""
    found = []
    for name in recorded.replays:
        try:
            by_engine, _ = answered(recorded.replay(name).lines.heads())
        except SessionError as error:
            found.append({"name": name, "engine": str(error), "answers": 0, "common": 0})
            continue
        for engine, one in sorted(by_engine.items(), key=lambda item: -len(item[1]))[:1]:
            entry = {"name": name, "engine": engine, "answers": int((~one.is_error).sum()), "common": 0}
            if summary.engine:
                both = agreement(known.answers[summary.engine], one)
                entry |= {"common": both.common, "same_label": both.same_label, "same_verdict": both.same_verdict}
            found.append(entry)
    return found
