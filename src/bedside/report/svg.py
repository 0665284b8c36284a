"""Plots as SVG that becomes a part of a page: texts stay texts, and its colours are those of the page."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

INK, DIM, RULE, GROUND = "#101418", "#5a6672", "#d5dbe1", "#fefefe"
COLOURS = {
    INK: "--ink", DIM: "--dim", RULE: "--rule", GROUND: "--ground",
    "#1b7f5d": "--good", "#7d92ee": "--near", "#b3bdc7": "--poor", "#8d99a6": "--none",
    "#33518e": "--first", "#a05c9a": "--second", "#8a6d3b": "--third",
}  # fmt: skip
"""What is drawn with, and the page's name for it: so that a dark page and a printed one are both legible."""
GOOD, NEAR, POOR, NONE, FIRST, SECOND, THIRD = list(COLOURS)[4:]
LEVELS: Mapping[str, str] = {"good": GOOD, "near": NEAR, "poor": POOR, "none": NONE, "": NONE}
WIDTH_IN = 7.4
SHORTEST = 24
RULES: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bedside",
    "font.size": 8.5,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": DIM,
    "axes.labelcolor": DIM,
    "axes.facecolor": "none",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.use_mathtext": False,
    "xtick.color": DIM,
    "ytick.color": DIM,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "figure.facecolor": "none",
}


@contextmanager
def drawing() -> Iterator[None]:
    """Figures that are made inside look as the page does."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a moment, and only a report needs it

    with warnings.catch_warnings(), mpl.rc_context(RULES):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # it measures; the browser draws
        yield


def figure(height_in: float) -> Any:
    """An empty figure as wide as the page."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    return Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def svg_of(fig: Any, name: str) -> str:
    """The figure as an `<svg>` element to stand in HTML; `name` keeps its ids apart from other figures'.

    All texts in it are escaped by matplotlib.
    """
    file = io.StringIO()
    fig.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r'(?<=<svg )[^>]*?(viewBox="[^"]*")[^>]*', r'class="plot" role="img" \1', text, count=1)
    text = re.sub(r'\bid="([\w-]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'\b(?:xlink:)?href="#', f'href="#{name}-', text).replace("url(#", f"url(#{name}-")
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL)  # it is for all elements
    text = text.replace("font-family: 'DejaVu Sans', sans-serif; ", "")
    for colour, variable in COLOURS.items():
        text = text.replace(colour, f"var({variable})")
    return text.strip()


def short(label: str) -> str:
    """A label that leaves room for what it stands beside, without what a page cannot print."""
    text = "".join(sign if sign.isprintable() else " " for sign in label)
    return text if len(text) <= SHORTEST else text[: SHORTEST - 1] + "…"


def clock_text(seconds: float) -> str:
    """`4:07`, or `1:04:07`."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def time_axis(axes: Any, duration_s: float) -> None:
    """Minutes and seconds below a plot."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator  # noqa: PLC0415

    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
    step = next((step for step in steps if duration_s / step <= 10), max(1.0, duration_s / 10))
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: clock_text(value)))
    axes.set_xlim(0, max(duration_s, 1e-3))
    axes.set_xlabel("minutes:seconds since the start")
