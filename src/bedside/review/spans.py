"""How long what lasted: states of the signal and verdicts as spans of the session's time, in monotonic nanoseconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.messages import Signal
from bedside.review.answered import Answered, Times, is_time
from bedside.session.frame_table import FrameTable

LEAST_HOLD_S = 1.0
HOLD_INTERVALS = 3
NEAR_NS = 1_000_000_000
UNKNOWN = "unknown"
WITH_PICTURE = {UNKNOWN, *(signal.value for signal in Signal if signal.has_picture)}


@dataclass(frozen=True)
class SignalSpan:
    """So long the signal was in one state."""

    from_ns: int
    to_ns: int
    signal: str
    """One of messages.Signal; UNKNOWN before anybody said."""

    @property
    def has_picture(self) -> bool:
        """Whether there was something to answer, as far as is known."""
        return self.signal in WITH_PICTURE


@dataclass(frozen=True)
class VerdictSpans:
    """What one engine's answers said, when: rows in order, which do not overlap. Columns of one length."""

    from_ns: Times
    to_ns: Times
    row: NDArray[np.int64]
    """Place of the answer in its Answered."""

    @property
    def seconds(self) -> NDArray[np.float64]:
        """How long each lasted."""
        return (self.to_ns - self.from_ns) / 1e9


def signal_spans(
    frames: FrameTable, answers: Iterable[Answered], marks: Iterable[Mapping[str, Any]], start_ns: int, end_ns: int
) -> list[SignalSpan]:
    """From `start_ns` to `end_ns` without a hole.

    What the recording says of a frame wins; where it has no row within a second, what stands in the results and in
    the marks counts. A state lasts until another one is said.
    """
    rows = frames.signals
    exact_ns = np.concatenate([frames.captured_ns, np.array([row.captured_ns for row in rows], np.int64)])
    exact = np.array([*frames.signal, *(row.signal for row in rows)], object)
    said = [(at, state) for one in answers for at, state in zip(one.captured_ns.tolist(), one.signal, strict=True)]
    said += [(mark["monotonic_ns"], mark["signal"]) for mark in marks if _is_signal(mark)]
    said_ns = np.array([at for at, _ in said], np.int64)
    is_needed = ~_is_near(said_ns, np.sort(exact_ns)) & np.array([bool(state) for _, state in said], bool)
    times = np.concatenate([exact_ns, said_ns[is_needed]])
    states = np.concatenate([exact, np.array([state for _, state in said], object)[is_needed]])
    order = np.argsort(times, kind="stable")
    return _merged(times[order], states[order], start_ns, end_ns)


def hold_ns(answers: Answered) -> int:
    """So long an answer counts when no other comes: one second, or three of the engine's usual intervals.

    That is what a page shows as current. The usual interval is the median, or the model's own time where it is more.
    """
    intervals_s = np.diff(answers.captured_ns) / 1e9
    usual_s = float(np.median(intervals_s)) if len(intervals_s) else 0.0
    known_ms = answers.model_ms[~np.isnan(answers.model_ms)]
    model_s = float(np.median(known_ms)) / 1e3 if len(known_ms) else 0.0
    return round(max(LEAST_HOLD_S, HOLD_INTERVALS * max(usual_s, model_s)) * 1e9)


def verdict_spans(answers: Answered, signals: list[SignalSpan], start_ns: int, end_ns: int) -> VerdictSpans:
    """How long each answer counted.

    It counts from the capture of its frame until that of the engine's next answered frame, at most for `hold_ns`. An
    answer to a frozen picture counts until the picture moves, since it stands still. None counts without a picture.
    """
    begin = answers.captured_ns
    following = np.append(begin[1:], np.int64(end_ns)) if len(begin) else begin
    until = begin + hold_ns(answers)
    for span in signals:
        if span.signal == Signal.FROZEN:
            inside = slice(*np.searchsorted(begin, [span.from_ns, span.to_ns]).tolist())
            until[inside] = np.maximum(until[inside], span.to_ns)
    until = np.minimum(until, _next_dark(begin, signals, end_ns))
    begin, until = begin.clip(start_ns, end_ns), np.minimum(until, following).clip(start_ns, end_ns)
    rows = np.flatnonzero(until > begin)
    return VerdictSpans(begin[rows], until[rows], rows)


def total_s(spans: Iterable[SignalSpan]) -> float:
    """Together."""
    return sum(span.to_ns - span.from_ns for span in spans) / 1e9


def _is_signal(mark: Mapping[str, Any]) -> bool:
    return mark.get("mark") == "signal" and isinstance(mark.get("signal"), str) and is_time(mark.get("monotonic_ns"))


def _is_near(times: Times, others: Times) -> NDArray[np.bool_]:
    """Whether one of `others`, sorted, is within a second."""
    if not len(others):
        return np.zeros(len(times), bool)
    after = np.searchsorted(others, times)
    sides = (others[(after - 1).clip(0)], others[after.clip(max=len(others) - 1)])
    return np.asarray(np.minimum(np.abs(times - sides[0]), np.abs(times - sides[1])) <= NEAR_NS)


def _next_dark(times: Times, signals: list[SignalSpan], end_ns: int) -> Times:
    """For each of `times`, since when there was no picture any more: the time itself inside such a span."""
    dark = [span for span in signals if not span.has_picture]
    begins = np.array([*(span.from_ns for span in dark), end_ns], np.int64)
    ends = np.array([*(span.to_ns for span in dark), end_ns], np.int64)
    place = np.searchsorted(ends, times, "right").clip(max=len(dark))
    return np.asarray(np.maximum(begins[place], times), np.int64)


def _merged(times: Times, states: NDArray[Any], start_ns: int, end_ns: int) -> list[SignalSpan]:
    changes = np.flatnonzero(np.append(True, states[1:] != states[:-1]))[: len(states)]
    spans: list[SignalSpan] = []
    since, state = start_ns, UNKNOWN
    for change in changes:
        at = min(max(int(times[change]), start_ns), end_ns)
        if at > since:
            _append(spans, SignalSpan(since, at, state))
        since, state = at, str(states[change])
    if end_ns > since:
        _append(spans, SignalSpan(since, end_ns, state))
    return spans


def _append(spans: list[SignalSpan], span: SignalSpan) -> None:
    if spans and spans[-1].signal == span.signal:
        span = SignalSpan(spans.pop().from_ns, span.to_ns, span.signal)
    spans.append(span)
