"""What happened when, as a plot. Colours: no red, yellow or cyan; levels differ in height and lightness too."""

from typing import Any

import numpy as np

from bedside.messages import EngineState, Signal
from bedside.report.lanes import COLUMNS, FAILED, Bar, bars, lane_names
from bedside.report.svg import (
    DIM,
    FIRST,
    GROUND,
    INK,
    LEVELS,
    NONE,
    RULE,
    SECOND,
    drawing,
    figure,
    short,
    svg_of,
    time_axis,
)
from bedside.review.answered import is_time
from bedside.review.summary import Gathered, Summary
from bedside.session.frame_table import FrameTable

HEIGHTS = {"good": 0.86, "near": 0.58, "poor": 0.34, "none": 0.16, FAILED: 0.86}
MARKS = {
    "snapshot": ("snapshot", "^"),
    "best": ("best frame", "*"),
    "feedback": ("feedback", "o"),
    "intervention": ("corrected answer", "D"),
    "questionnaire": ("questionnaire", "s"),
}


def timeline(known: Gathered, summary: Summary, marks: list[dict[str, Any]], frames: FrameTable) -> str:
    """What happened when: one lane a label, and under them the signal, losses, engines that were gone, and people."""
    lanes = lane_names(summary.engines[summary.engine]) if summary.engine else []
    found, _ = bars(known, summary.engine, lanes) if summary.engine else ([], 0.0)
    if any(bar.lane == len(lanes) for bar in found):
        lanes = [*lanes, "no verdict"]
    below = ["signal", "losses", "engine", "people"]
    with drawing():
        fig = figure(0.75 + 0.27 * (len(lanes) + len(below)))
        axes = fig.add_subplot()
        rows = [*lanes, *below]
        for place in range(len(rows)):
            axes.axhline(place + 0.5, color=RULE, linewidth=0.5)
        _draw_bars(axes, found)
        _draw_signal(axes, known, rows.index("signal"))
        _draw_losses(axes, known, frames, rows.index("losses"))
        _draw_gone(axes, known, marks, rows.index("engine"))
        _draw_marks(axes, known, marks, rows.index("people"))
        axes.set_yticks(range(len(rows)), [short(name) for name in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        time_axis(axes, summary.duration_s)
        return svg_of(fig, "timeline")


def _draw_bars(axes: Any, found: list[Bar]) -> None:
    """One path a level, so that a long session stays a small file."""
    from matplotlib.patches import PathPatch  # noqa: PLC0415
    from matplotlib.path import Path  # noqa: PLC0415

    for level, height in HEIGHTS.items():
        boxes = [
            Path(np.array([(x, y) for x, y in _corners(bar, height)]), closed=True)
            for bar in found
            if bar.level == level
        ]
        if boxes:
            style = {"facecolor": LEVELS[level]} if level in LEVELS else {"facecolor": GROUND, "hatch": "xxxx"}
            axes.add_patch(PathPatch(Path.make_compound_path(*boxes), linewidth=0, edgecolor=NONE, **style))


def _corners(bar: Bar, height: float) -> list[tuple[float, float]]:
    low, high = bar.lane + 0.43, bar.lane + 0.43 - height
    return [(bar.from_s, low), (bar.from_s, high), (bar.to_s, high), (bar.to_s, low), (bar.from_s, low)]


def _draw_signal(axes: Any, known: Gathered, row: int) -> None:
    """A line where the picture moves, a thick bar where it is frozen, a hatched one without a picture."""
    for span in known.signals:
        begin, length = (span.from_ns - known.start_ns) / 1e9, (span.to_ns - span.from_ns) / 1e9
        if span.signal == Signal.LIVE:
            axes.plot([begin, begin + length], [row, row], color=DIM, linewidth=1.4, solid_capstyle="butt")
        elif span.signal == Signal.FROZEN:
            axes.barh(row, length, left=begin, height=0.5, color=FIRST)
        elif not span.has_picture:
            axes.barh(row, length, left=begin, height=0.5, facecolor="none", edgecolor=DIM, hatch="////", linewidth=0.5)


def _draw_losses(axes: Any, known: Gathered, frames: FrameTable, row: int) -> None:
    times = [(loss.captured_ns - known.start_ns) / 1e9 for loss in frames.losses]
    columns = np.unique(np.round(np.array(times) / max(1e-9, (known.end_ns - known.start_ns) / 1e9) * COLUMNS))
    at = columns / COLUMNS * (known.end_ns - known.start_ns) / 1e9
    axes.vlines(at, row - 0.3, row + 0.3, color=INK, linewidth=0.8)


def _draw_gone(axes: Any, known: Gathered, marks: list[dict[str, Any]], row: int) -> None:
    """From an engine's end until it is well again."""
    since: dict[str, float] = {}
    for mark in marks:
        engine, at_ns = mark.get("engine"), mark.get("monotonic_ns")
        if mark.get("mark") != "engine" or not isinstance(engine, str) or not is_time(at_ns):
            continue
        at_s = (at_ns - known.start_ns) / 1e9
        if mark.get("state") in (EngineState.FAILED, EngineState.DEAD):
            since.setdefault(engine, at_s)
        elif mark.get("state") in (EngineState.READY, EngineState.BUSY) and engine in since:
            axes.barh(row, at_s - since[engine], left=since.pop(engine), height=0.5, color=SECOND)
    for at_s in since.values():
        axes.barh(row, (known.end_ns - known.start_ns) / 1e9 - at_s, left=at_s, height=0.5, color=SECOND)


def _draw_marks(axes: Any, known: Gathered, marks: list[dict[str, Any]], row: int) -> None:
    for kind, (_, sign) in MARKS.items():
        times = [
            mark["monotonic_ns"] for mark in marks if mark.get("mark") == kind and is_time(mark.get("monotonic_ns"))
        ]
        inside = [(at - known.start_ns) / 1e9 for at in times if known.start_ns <= at <= known.end_ns]
        if inside:
            axes.plot(inside, [row] * len(inside), sign, color=INK, markersize=5, clip_on=False, markerfacecolor=GROUND)
