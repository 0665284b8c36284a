"""What one engine did in one session, in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.review.answered import LEVELS, NO_VERDICT, Answered, Numbers
from bedside.review.spans import VerdictSpans, hold_ns

PERCENTS = (50, 90, 95, 99)


@dataclass(frozen=True)
class Percentiles:
    """Of `count` numbers, interpolated between neighbours; all None when there are none."""

    count: int = 0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Plane:
    """What an engine said of one label."""

    seconds: float
    """How long answers with this label counted."""
    share: float
    """Of `answered_s`, 0 to 1."""
    first_s: float
    """From the session's start to the capture of the first frame that got this label."""
    first_good_s: float | None
    """To the first one with the level `good`; None when there was none."""
    level_s: Mapping[str, float]
    """How long answers with this label and each level counted; levels that never did are left out."""


@dataclass(frozen=True)
class EngineNumbers:
    """One engine in one session."""

    answers: int
    errors: int
    """Frames on which it failed."""
    hold_s: float
    """So long an answer counts at most; see spans.hold_ns."""
    answered_s: float
    failed_s: float
    unanswered_s: float
    """There was a picture, or nobody knows, and no answer counted."""
    levels: Mapping[str, float]
    """Share of `answered_s` of each level, 0 to 1: good, near, poor, none; "" is an answer without a verdict."""
    planes: Mapping[str, Plane]
    """By label, the longest first."""
    no_verdict_share: float
    """Share of `answered_s` without a verdict; with the shares of all planes it makes 1."""
    changes: int
    """How often the label that counted became another one."""
    model_ms: Percentiles
    """Inside the model's own code."""
    added_ms: Percentiles
    """What Bedside added: see messages.Timing."""
    age_ms: Percentiles
    """How old the frame was when its answer was held, from its capture on."""


def engine_numbers(answers: Answered, spans: VerdictSpans, start_ns: int, lit_s: float) -> EngineNumbers:
    """`lit_s` is how long there was a picture, or nobody knows."""
    known, counted = ~answers.is_error, ~answers.is_error[spans.row]
    seconds = spans.seconds
    answered_s, failed_s = float(seconds[counted].sum()), float(seconds[~counted].sum())
    planes = _planes(answers, spans, start_ns, answered_s)
    level_s = np.bincount(answers.level[spans.row][counted], seconds[counted], len(answers.levels))
    by_level = dict(zip(answers.levels, _shares(level_s, answered_s), strict=True))
    label = answers.label[spans.row][counted]
    return EngineNumbers(
        answers=int(known.sum()),
        errors=int(answers.is_error.sum()),
        hold_s=hold_ns(answers) / 1e9,
        answered_s=answered_s,
        failed_s=failed_s,
        unanswered_s=max(0.0, lit_s - answered_s - failed_s),
        levels={name: by_level.get(name, 0.0) for name in (*LEVELS, NO_VERDICT)},
        planes=dict(sorted(planes.items(), key=lambda item: -item[1].seconds)),
        no_verdict_share=by_level.get(NO_VERDICT, 0.0),
        changes=int((label[1:] != label[:-1]).sum()),
        model_ms=percentiles(answers.model_ms[known]),
        added_ms=percentiles(answers.added_ms[known]),
        age_ms=percentiles(answers.age_ms[known]),
    )


def _planes(answers: Answered, spans: VerdictSpans, start_ns: int, answered_s: float) -> dict[str, Plane]:
    count = len(answers.labels)
    is_good = answers.level == (answers.levels.index("good") if "good" in answers.levels else -1)
    label = answers.label[spans.row]
    seconds = np.bincount(label, spans.seconds, count)
    pair = label * len(answers.levels) + answers.level[spans.row]
    level_s = np.bincount(pair, spans.seconds, count * len(answers.levels)).reshape(count, -1)
    first_s = _first_s(answers, np.ones(len(answers), bool), start_ns)
    first_good_s = _first_s(answers, is_good, start_ns)
    shares = _shares(seconds, answered_s)
    return {
        name: Plane(
            float(seconds[place]),
            shares[place],
            first_s[place],
            first_good_s.get(place),
            {level: float(level_s[place, at]) for at, level in enumerate(answers.levels) if level_s[place, at]},
        )
        for place, name in enumerate(answers.labels)
        if name != NO_VERDICT
    }


def _shares(seconds: NDArray[Any], answered_s: float) -> list[float]:
    return [float(part) / answered_s if answered_s else 0.0 for part in seconds]


def _first_s(answers: Answered, is_meant: NDArray[np.bool_], start_ns: int) -> dict[int, float]:
    """Seconds from the start to the first of those answers, by label."""
    labels, first = np.unique(answers.label[is_meant], return_index=True)
    times = (answers.captured_ns[is_meant][first] - start_ns).clip(0) / 1e9
    return dict(zip(labels.tolist(), times.tolist(), strict=True))


def percentiles(numbers: Numbers) -> Percentiles:
    """Of those that are known."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return Percentiles()
    values = np.percentile(known, PERCENTS)
    return Percentiles(len(known), *(round(float(value), 3) for value in (*values, known.max())))
