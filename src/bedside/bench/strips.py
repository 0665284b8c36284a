"""Distributions above each other on one axis, as SVG: how often each time came, with its percentiles."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.bench.distributions import Distribution, Line, Plot
from bedside.report.svg import (
    DIM,
    FIRST,
    GOOD,
    GROUND,
    INK,
    NEAR,
    NONE,
    RULE,
    SECOND,
    THIRD,
    drawing,
    figure,
    svg_of,
)

WIDTH_IN = 4.2
LINE_IN, HEAD_IN, AXIS_IN, BAR_IN = 0.42, 0.2, 0.4, 0.62
SIDE = 0.025
"""Left and right of the axis, in shares of the width."""
COLUMNS = {"p50": 0.64, "p95": 0.76, "p99": 0.88, "max": 1.0}
"""Where each number ends, in shares of the axis."""
NAMES = {"p50": "p50", "p95": "p95", "p99": "p99", "max": "largest"}
"""Of each column, what of a distribution stands in it."""
TOP, BASE = 0.42, 0.96
"""Where a distribution stands in its line, from above."""
STEPS = 110
SAMPLES = 500
SMOOTH = 0.009
"""Standard deviation of what each sample is smeared with, in shares of the axis."""
WIDE = 25.0
"""An axis becomes logarithmic where the middle values lie so many times apart."""
MOST_LETTERS, LARGE_LETTERS = 36, 28
"""Of a label: so many fit in small letters, and so many in large ones."""
LARGE, SMALL = 9.0, 7.4
LEAST_ROOM = 0.01
"""Left and right of what is drawn, of its value: what hardly varies shall look so."""
ACROSS = 62
"""So many letters stand below the whole of a bar."""
OWN = {"#b5562f": "--fourth", "#3b8d99": "--fifth"}
"""What is drawn with beside the colours of reports, and the page's name for it."""
HUES = (NONE, NEAR, FIRST, GOOD, SECOND, THIRD, *OWN)
"""Of stages, in order."""
Numbers = NDArray[np.float64]


def strips(plot: Plot, name: str) -> str:
    """The plot as `<svg>`; `name` keeps its ids apart. Stages of one way stand below a bar of their p50s."""
    bar_in = BAR_IN if plot.is_way else 0.0
    height_in = bar_in + HEAD_IN + LINE_IN * len(plot.lines) + AXIS_IN
    with drawing():
        fig = figure(height_in)
        fig.set_layout_engine("none")
        fig.set_figwidth(WIDTH_IN)
        body = (SIDE, AXIS_IN / height_in, 1 - 2 * SIDE, LINE_IN * len(plot.lines) / height_in)
        axes = fig.add_axes(body)
        if plot.is_way:
            _bar(fig.add_axes((SIDE, 1 - bar_in / height_in, 1 - 2 * SIDE, bar_in / height_in)), plot.lines)
        _axis(axes, plot)
        size = LARGE if max(len(line.label) for line in plot.lines) <= LARGE_LETTERS else SMALL
        for place, line in enumerate(plot.lines):
            _line(axes, place, line, HUES[place % len(HUES)] if plot.is_way else FIRST, size)
        return _inked(svg_of(fig, name))


def beside(rows: Sequence[tuple[str, float, float]], name: str) -> str:
    """Stages as `<svg>`: each with what it takes, what is needed at least, both in ms, and how many times that is."""
    height_in = HEAD_IN + LINE_IN * len(rows) + AXIS_IN
    with drawing():
        fig = figure(height_in)
        fig.set_layout_engine("none")
        fig.set_figwidth(WIDTH_IN)
        axes = fig.add_axes((SIDE, AXIS_IN / height_in, 1 - 2 * SIDE, LINE_IN * len(rows) / height_in))
        _frame(axes, len(rows), "ms", {"ms": 0.64, "least": 0.82, "times": 1.0})
        for place, (stage, ours_ms, least_ms) in enumerate(rows):
            axes.barh(place + 0.62, ours_ms, 0.26, color=FIRST, alpha=0.75)
            axes.barh(place + 0.88, least_ms, 0.16, color=GOOD)
            times = f"{ours_ms / least_ms:.1f} ×" if least_ms > 0 else ""
            _texts(axes, place, stage, {0.64: said(ours_ms), 0.82: said(least_ms), 1.0: times})
        axes.set_xlim(0, max(1e-6, *(max(ours_ms, least_ms) for _, ours_ms, least_ms in rows)) * 1.02)
        return svg_of(fig, name)


def said(value: float | None) -> str:
    """Three digits; nothing where it is not known."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 99.5 else f"{value:.1f}" if abs(value) >= 9.95 else f"{value:.2f}"


def printable(text: str, most: int = MOST_LETTERS) -> str:
    """What a plot can print, cut where it is longer."""
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _inked(svg: str) -> str:
    for colour, variable in OWN.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg


def _frame(axes: Any, lines: int, axis: str, columns: dict[str, float]) -> None:
    axes.set_ylim(lines, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(printable(axis), labelpad=2)
    for head, place in columns.items():
        axes.text(place, -0.12, head, transform=axes.get_yaxis_transform(), ha="right", color=DIM, size=8)


def _axis(axes: Any, plot: Plot) -> None:
    """From the smallest that is drawn to nearly the largest; logarithmic where lines lie far apart."""
    every = [one for line in plot.lines for one in line.rounds]
    heads = {
        head: place for head, place in COLUMNS.items() if any(getattr(one, NAMES[head]) is not None for one in every)
    }
    _frame(axes, len(plot.lines), plot.axis, heads)
    low, high = min(one.least for one in every), max(one.most for one in every)
    middles = [one.p50 for one in every]
    if not plot.is_way and low > 0 and max(middles) > WIDE * min(middles):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, place: "")
        axes.set_xlim(low / 1.1, high * 1.25)
        return
    low = min(0.0, low) if low < 0.4 * high else low
    room = max((high - low) * 0.06, abs(high) * LEAST_ROOM, 1e-3)
    axes.set_xlim(low - (room if low else 0.0), high + room)
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")


def _line(axes: Any, place: int, line: Line, colour: str, size: float) -> None:
    for one in line.rounds:
        _drawn(axes, place, one, colour, len(line.rounds))
    numbers = {
        COLUMNS[head]: said(_middle([getattr(one, name) for one in line.rounds])) for head, name in NAMES.items()
    }
    _texts(axes, place, line.label, numbers, size)


def _texts(axes: Any, place: int, label: str, numbers: dict[float, str], size: float = LARGE) -> None:
    across = axes.get_yaxis_transform()
    axes.text(0, place + 0.32, printable(label), transform=across, color=INK, size=size)
    for right, text in numbers.items():
        axes.text(right, place + 0.32, text, transform=across, ha="right", color=INK, size=9)


def _drawn(axes: Any, place: int, one: Distribution, colour: str, rounds: int) -> None:
    base, top = place + BASE, place + TOP
    left, right = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if left <= tick <= right]
    axes.vlines(ticks, top, base, color=RULE, linewidth=0.5, zorder=0)
    end = min(one.largest if one.largest is not None else one.most, right)
    axes.plot([max(left, one.least), end], [base, base], color=colour, linewidth=0.8, solid_capstyle="butt")
    if one.largest is not None and one.largest > right:
        axes.plot([right], [base], ">", color=colour, markersize=3.5, clip_on=False)
    if one.samples:
        axes.plot(one.samples, [base - 0.13] * len(one.samples), "o", color=colour, alpha=0.6, markersize=4.5, mew=0)
    elif len(one.quantiles):
        grid, height = _density(one.quantiles, axes)
        edge = base - height * (base - top)
        axes.fill_between(grid, edge, base, facecolor=(colour, 0.32 / rounds), edgecolor=colour, linewidth=0.8)
    elif one.p99 is not None:
        axes.plot([one.p50, one.p99], [base - 0.11] * 2, color=colour, alpha=0.35, linewidth=6, solid_capstyle="butt")
    tails = ((one.p95, 0.32, 1.1), (one.p99, 0.32, 1.1)) if rounds == 1 else ()
    for value, share, width in ((one.p50, 0.62, 1.7), *tails):
        if value is not None and not one.samples:
            axes.plot([value] * 2, [base, base - share * (base - top)], color=INK, linewidth=width)


def _density(quantiles: Sequence[float], axes: Any) -> tuple[Numbers, Numbers]:
    """Places on the axis, and how often a sample lies near each, at most 1."""
    is_log = axes.get_xscale() == "log"
    left, right = (math.log(end) if is_log else end for end in axes.get_xlim())
    samples = np.interp((np.arange(SAMPLES) + 0.5) / SAMPLES, np.linspace(0, 1, len(quantiles)), quantiles)
    samples = np.log(np.maximum(samples, 1e-9)) if is_log else samples
    grid = np.linspace(
        max(left, samples[0] - (right - left) / 50), min(right, samples[-1] + (right - left) / 50), STEPS
    )
    far = (grid[:, None] - samples) / (SMOOTH * (right - left))
    height = np.exp(-0.5 * far**2).sum(axis=1)
    return np.exp(grid) if is_log else grid, height / max(float(height.max()), 1e-9)


def _bar(axes: Any, lines: Sequence[Line]) -> None:
    """The p50s of a way, one after the other, with their sum."""
    middles = [max(0.0, line.rounds[0].p50) for line in lines]
    whole, left = max(sum(middles), 1e-6), 0.0
    for place, (line, middle) in enumerate(zip(lines, middles, strict=True)):
        axes.barh(0.56, middle, 0.36, left=left, color=HUES[place % len(HUES)], edgecolor=GROUND, linewidth=0.8)
        if len(line.label) <= ACROSS * middle / whole:
            text = printable(line.label)
            axes.text(left + middle / 2, 0.87, text, ha="center", va="center", color=DIM, size=8)
        left += middle
    axes.text(whole, 0.2, f"{said(sum(middles))} ms together, by their p50", ha="right", va="center", color=INK, size=9)
    axes.set_xlim(0, whole)
    axes.set_ylim(1.05, 0)
    axes.axis("off")


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
