"""A session's timeline as a page draws it: signal, gaps, verdicts and marks, in seconds since the start."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from bedside.review.answered import Answered, is_time
from bedside.review.by_frame import ByFrame
from bedside.review.spans import SignalSpan, signal_spans, verdict_spans
from bedside.review.summary import end_of
from bedside.session.recorded import Recorded

LEFT_OUT = ("monotonic_ns", "wall_ns", "answers")


def timeline(recorded: Recorded, by_replay: Mapping[str, ByFrame]) -> dict[str, Any]:
    """All of it; `by_replay` has the scan's own results under an empty name. Raises SessionError."""
    scan = by_replay[""].answered if "" in by_replay else {}
    start_ns, end_ns = recorded.start_ns, end_of(recorded, scan)
    signals = signal_spans(recorded.frames, scan.values(), recorded.marks, start_ns, end_ns)
    return {
        "duration_s": recorded.time_s(end_ns),
        "signal": [
            {"from_s": recorded.time_s(span.from_ns), "to_s": recorded.time_s(span.to_ns), "signal": span.signal}
            for span in signals
        ],
        "gaps": gaps(recorded),
        "verdicts": [
            {"engine": engine, "replay": replay, "spans": verdicts(recorded, one, signals, end_ns)}
            for replay, results in by_replay.items()
            for engine, one in results.answered.items()
        ],
        "marks": marks(recorded),
    }


def gaps(recorded: Recorded) -> list[dict[str, Any]]:
    """Frames that were wanted in the video and are not there: from the last one before to the next that came."""
    table, found = recorded.frames, []
    for row in recorded.frames.losses:
        before = int(np.searchsorted(table.captured_ns, row.captured_ns)) - 1
        from_ns = int(table.captured_ns[before]) if before >= 0 else row.captured_ns
        found.append(
            {
                "from_s": recorded.time_s(from_ns),
                "to_s": recorded.time_s(row.captured_ns),
                "count": row.count,
                "where": row.where,
            }
        )
    return found


def verdicts(recorded: Recorded, one: Answered, signals: list[SignalSpan], end_ns: int) -> list[dict[str, Any]]:
    """Since when until when an engine said the same. `label` is null where it answered without a verdict, and where it
    failed, which `failed` says."""
    spans = verdict_spans(one, signals, recorded.start_ns, end_ns)
    if not len(spans.row):
        return []
    said = np.stack([one.label[spans.row], one.level[spans.row], one.is_error[spans.row]])
    is_new = np.append(True, (said[:, 1:] != said[:, :-1]).any(0) | (spans.from_ns[1:] != spans.to_ns[:-1]))
    firsts = np.flatnonzero(is_new)
    lasts = np.append(firsts[1:], len(spans.row)) - 1
    rows = zip(spans.from_ns[firsts].tolist(), spans.to_ns[lasts].tolist(), said[:, firsts].T.tolist(), strict=True)
    return [
        {
            "from_s": recorded.time_s(from_ns),
            "to_s": recorded.time_s(to_ns),
            "label": one.labels[label] or None,
            "level": one.levels[level] or None,
            **({"failed": True} if is_error else {}),
        }
        for from_ns, to_ns, (label, level, is_error) in rows
    ]


def marks(recorded: Recorded) -> list[dict[str, Any]]:
    """What people did and saw, by time; with the row of the frame that it is about, where the video has it."""
    found = []
    for mark in recorded.marks:
        if not is_time(at_ns := mark.get("monotonic_ns")) or not isinstance(mark.get("mark"), str):
            continue
        shown = {"at_s": recorded.time_s(at_ns)} | {key: _finite(mark[key]) for key in mark if key not in LEFT_OUT}
        seq, captured_ns = mark.get("seq"), mark.get("captured_ns")
        if is_time(seq) and is_time(captured_ns):
            shown["frame"] = recorded.frames.index_of(int(seq), int(captured_ns))
        found.append(shown)
    return sorted(found, key=lambda mark: float(mark["at_s"]))


def _finite(value: Any) -> Any:
    """The same with None for each number that JSON does not know and Python reads nevertheless."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
