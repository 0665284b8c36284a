"""What each engine answered and when, as columns: an hour has a hundred thousand answers."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

NO_VERDICT = ""
"""The label and the level of an answer that has no verdict."""
LEVELS = ("good", "near", "poor", "none")
Times = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Answered:
    """The results of one engine in the order of their frames; columns of one length."""

    engine: str
    captured_ns: Times
    """Monotonic time of the capture of the frame."""
    age_ms: Numbers
    """From there until the answer was held; NaN where it is not known, so in all columns of floats."""
    model_ms: Numbers
    added_ms: Numbers
    label: NDArray[np.int64]
    """Place in `labels`."""
    level: NDArray[np.int64]
    """Place in `levels`."""
    is_error: NDArray[np.bool_]
    """The engine failed on this frame: it has no label and no level."""
    signal: tuple[str, ...]
    labels: tuple[str, ...]
    levels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.captured_ns)


class _Columns:
    """One engine's, as they grow."""

    def __init__(self) -> None:
        self.times: list[tuple[int, float, float, float]] = []
        self.verdicts: list[tuple[str, str, bool]] = []
        self.signals: list[str] = []

    def add(self, captured_ns: int, line: Mapping[str, Any]) -> None:
        answered_ns = line.get("answered_ns")
        age_ms = (answered_ns - captured_ns) / 1e6 if is_time(answered_ns) else math.nan
        self.times.append((captured_ns, age_ms, number(line.get("model_ms")), number(line.get("added_ms"))))
        label, level, is_error = line.get("label"), line.get("level"), bool(line.get("error"))
        if is_error or not isinstance(label, str) or not label:
            label, level = NO_VERDICT, NO_VERDICT
        elif level not in LEVELS:
            level = "none"
        self.verdicts.append((label, str(level), is_error))
        self.signals.append(str(line.get("signal", "")))

    def done(self, engine: str) -> Answered:
        times = np.array([row[0] for row in self.times], np.int64)
        order = np.argsort(times, kind="stable")
        floats = np.array([row[1:] for row in self.times], np.float64)[order]
        labels, label = _coded([row[0] for row in self.verdicts])
        levels, level = _coded([row[1] for row in self.verdicts])
        return Answered(
            engine,
            times[order],
            floats[:, 0],
            floats[:, 1],
            floats[:, 2],
            label[order],
            level[order],
            np.array([row[2] for row in self.verdicts])[order],
            tuple(self.signals[place] for place in order),
            labels,
            levels,
        )


def answered(lines: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Answered], int]:
    """By engine in the order of their first answer, and how many lines could not be used.

    A line of a result needs `captured_ns` and `engine`; what else is missing or odd in it is unknown.
    """
    found: dict[str, _Columns] = {}
    unusable = 0
    for line in lines:
        captured_ns, engine = line.get("captured_ns"), line.get("engine")
        if not is_time(captured_ns) or not isinstance(engine, str):
            unusable += 1
            continue
        if engine not in found:
            found[engine] = _Columns()
        found[engine].add(captured_ns, line)
    return {engine: columns.done(engine) for engine, columns in found.items()}, unusable


def number(value: object) -> float:
    """A finite number of a file as a float; NaN for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e300:
        return math.nan
    return float(value)


def is_time(value: object) -> TypeGuard[int]:
    """Whether this can be nanoseconds."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62


def _coded(texts: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    places: dict[str, int] = {}
    codes = np.array([places.setdefault(text, len(places)) for text in texts], np.int64)
    return tuple(places), codes
