"""Which verdict stood when, in as many columns as a printed line can show: an hour has more verdicts than that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.review.answered import Answered
from bedside.review.engine_numbers import EngineNumbers
from bedside.review.spans import VerdictSpans
from bedside.review.summary import Gathered

COLUMNS = 1200
MOST_LANES = 8
OTHERS = "other labels"
FAILED = "failed"
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Bar:
    """One verdict for a while, in a lane."""

    from_s: float
    to_s: float
    lane: int
    level: str
    """good, near, poor, none; FAILED where the engine failed."""


def lane_names(numbers: EngineNumbers) -> list[str]:
    """The labels that lasted longest in the order in which they came, and a last lane for all others, if any."""
    most = len(numbers.planes) if len(numbers.planes) <= MOST_LANES else MOST_LANES - 1
    kept = sorted(list(numbers.planes.items())[:most], key=lambda item: item[1].first_s)
    return [label for label, _ in kept] + [OTHERS] * (most < len(numbers.planes))


def bars(known: Gathered, engine: str, lanes: list[str]) -> tuple[list[Bar], float]:
    """Bars of what stood longest in each column of time, and how many seconds a column has.

    Equal neighbours are one bar. The lane after the last is that of answers without a label and of failures.
    """
    duration_s = (known.end_ns - known.start_ns) / 1e9
    answers, spans = known.answers[engine], known.verdicts[engine]
    if not len(spans.row) or duration_s <= 0:
        return [], 0.0
    edges = np.linspace(0.0, duration_s, COLUMNS + 1)
    kinds, kind = _kinds(answers, spans, lanes)
    begin, end = (spans.from_ns - known.start_ns) / 1e9, (spans.to_ns - known.start_ns) / 1e9
    lasted = np.stack([_seconds(begin[kind == place], end[kind == place], edges) for place in range(len(kinds))])
    nothing = np.diff(edges) - lasted.sum(axis=0)
    winner = np.argmax(np.vstack([lasted, nothing]), axis=0)
    starts = np.flatnonzero(np.append(True, winner[1:] != winner[:-1]))
    ends = np.append(starts[1:], COLUMNS)
    found = [
        Bar(float(edges[first]), float(edges[last]), *kinds[winner[first]])
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True)
        if winner[first] < len(kinds)
    ]
    return found, duration_s / COLUMNS


def _kinds(answers: Answered, spans: VerdictSpans, lanes: list[str]) -> tuple[list[tuple[int, str]], NDArray[np.int64]]:
    """Lane and level of each kind of verdict there is, and the kind of each span."""
    others = lanes.index(OTHERS) if OTHERS in lanes else len(lanes)
    lane_of = {label: lane for lane, label in enumerate(lanes) if label != OTHERS}
    lane = np.array([lane_of.get(label, others) if label else len(lanes) for label in answers.labels], np.int64)
    levels = [*answers.levels, FAILED]
    level = np.where(answers.is_error, len(levels) - 1, answers.level)[spans.row]
    pairs, kind = np.unique(np.stack([lane[answers.label[spans.row]], level]), axis=1, return_inverse=True)
    return [(int(a), levels[int(b)] or "none") for a, b in pairs.T], kind.ravel()


def _seconds(begin: Numbers, end: Numbers, edges: Numbers) -> Numbers:
    """How much of the spans, which are in order, lies between each two edges."""
    times = np.stack([begin, end], axis=1).ravel()
    passed = np.repeat(np.cumsum(end - begin), 2)
    passed[::2] -= end - begin
    return np.diff(np.interp(edges, times, passed, left=0.0))
