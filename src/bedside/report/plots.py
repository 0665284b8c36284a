"""Three of a report's plots: shares of time, latencies, and frames and losses over time."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.report.lanes import OTHERS, lane_names
from bedside.report.svg import FIRST, INK, LEVELS, NONE, RULE, SECOND, THIRD, drawing, figure, short, svg_of, time_axis
from bedside.review.engine_numbers import EngineNumbers
from bedside.review.summary import Gathered, Summary
from bedside.session.frame_table import FrameTable

BAR_HEIGHT = 0.58
LATENCIES = (
    ("age_ms", "age of the answer", FIRST, "-"),
    ("model_ms", "model", SECOND, "--"),
    ("added_ms", "added", THIRD, ":"),
)
PERCENTS = (50, 90, 95, 99)
MOST_COLUMNS = 240


def shares(summary: Summary) -> str:
    """How long each label counted, and with which level."""
    numbers = summary.engines[summary.engine]
    names = lane_names(numbers)
    rows = [_level_s(numbers, name, names) for name in names]
    total = {level: share * numbers.answered_s for level, share in numbers.levels.items()}
    with drawing():
        fig = figure(0.95 + 0.27 * (len(rows) + 1))
        axes = fig.add_subplot()
        for place, row in enumerate([total, *rows]):
            left = 0.0
            for level, colour in LEVELS.items():
                share = 100 * row.get(level, 0.0) / numbers.answered_s
                edge = {"color": colour} if level else {"facecolor": "none", "edgecolor": NONE, "hatch": "////"}
                axes.barh(place, share, left=left, height=BAR_HEIGHT, linewidth=0.5, **edge)
                left += share
            axes.text(left + 0.8, place, f"{left:.1f} %", va="center", color=INK)
        axes.set_yticks(range(len(rows) + 1), ["all answers", *map(short, names)])
        axes.set_ylim(len(rows) + 0.5, -0.5)
        axes.set_xlim(0, 108)
        axes.set_xticks(range(0, 101, 20))
        axes.set_xlabel("% of the time with answers")
        return svg_of(fig, "shares")


def latency(known: Gathered, summary: Summary) -> str:
    """Which share of the answers was there after how many milliseconds."""
    answers = known.answers[summary.engine]
    with drawing():
        fig = figure(2.5)
        axes = fig.add_subplot()
        for column, name, colour, dash in LATENCIES:
            values = getattr(answers, column)[~answers.is_error]
            values = values[~np.isnan(values)]
            if len(values):
                percents = np.linspace(0, 100, 201)
                axes.plot(
                    np.percentile(values, percents).clip(0.1), percents, dash, color=colour, label=name, linewidth=1.6
                )
        for percent in PERCENTS:
            axes.axhline(percent, color=RULE, linewidth=0.5, zorder=0)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, place: "")
        axes.set_yticks([0, 50, 90, 99], ["0", "p50", "p90", "p99"])
        axes.set_ylim(0, 102)
        axes.set_xlabel("milliseconds")
        axes.set_ylabel("share of answers, %")
        axes.legend(loc="best")
        return svg_of(fig, "latency")


def pace(known: Gathered, summary: Summary, frames: FrameTable) -> str:
    """Frames in the video and answers a second, and the frames that were lost, over the session."""
    edges = _edges(summary.duration_s)
    widths = np.diff(edges)
    with drawing():
        fig = figure(2.6)
        upper, lower = fig.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        line = {"baseline": None, "linewidth": 1.3}
        counts = np.histogram((frames.captured_ns - known.start_ns) / 1e9, edges)[0] / widths
        upper.stairs(counts, edges, color=FIRST, label="frames in the video", **line)
        if summary.engine:
            answers = known.answers[summary.engine]
            times = (answers.captured_ns[~answers.is_error] - known.start_ns) / 1e9
            upper.stairs(np.histogram(times, edges)[0] / widths, edges, color=SECOND, ls="--", label="answers", **line)
        upper.set_ylim(0)
        upper.set_ylabel("a second")
        upper.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)
        lost_at = [(row.captured_ns - known.start_ns) / 1e9 for row in frames.losses]
        lost = np.histogram(lost_at, edges, weights=[row.count for row in frames.losses])[0]
        lower.bar(edges[:-1], lost, widths, align="edge", color=INK)
        lower.set_ylim(0, max(1.0, float(lost.max()) * 1.1) if len(lost) else 1.0)
        lower.yaxis.get_major_locator().set_params(integer=True, nbins=2)
        lower.set_ylabel("lost")
        time_axis(lower, summary.duration_s)
        return svg_of(fig, "pace")


def _edges(duration_s: float) -> NDArray[np.float64]:
    """Of the columns; what is left at the end belongs to the last one."""
    count = max(1, int(duration_s / column_s(duration_s) + 0.5))
    edges = np.asarray(np.arange(count + 1) * column_s(duration_s), np.float64)
    edges[-1] = max(duration_s, 1e-3)
    return edges


def column_s(duration_s: float) -> float:
    """So many seconds has a column of `pace`."""
    for width_s in (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0):
        if duration_s / width_s <= MOST_COLUMNS:
            return width_s
    return max(1.0, duration_s / MOST_COLUMNS)


def _level_s(numbers: EngineNumbers, name: str, names: list[str]) -> Mapping[str, float]:
    """Seconds by level of one label, or of all that have no lane of their own."""
    if name != OTHERS or name in numbers.planes:
        return numbers.planes[name].level_s
    found: dict[str, float] = {}
    for plane in (plane for label, plane in numbers.planes.items() if label not in names):
        for level, seconds in plane.level_s.items():
            found[level] = found.get(level, 0.0) + seconds
    return found
