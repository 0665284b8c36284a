"""How much one machine carries, with a recording all the while: where it breaks, and what gives way first."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from bench import rig
from bench.figure import Figure
from bench.kept import Row
from bench.scale import Cell, measured, recorded

VIEWERS = (1, 2, 4, 8, 16, 32, 50)
WIDTHS_PX = (480, 960, 1920)
COUNTS = (1, 2, 3, 4)
ENGINES = ("busy_40ms", "sleeps_200ms")
SIZES = ("640x480", "1280x720", "1920x1080", "2560x1440", "3840x2160")
RATES = (10, 30, 60)
HELD = 0.95
"""A page, a recording or an engine that gets less than this of what it got at first gives way."""
COLUMNS: dict[str, tuple[str, Callable[[Cell], str]]] = {
    "source_fps": ("pictures a second from the source", lambda cell: f"{cell.source_fps:.1f}"),
    "page_fps": ("at the slowest page", lambda cell: f"{cell.page_fps:.1f}"),
    "age_p95_ms": ("their age, p95 ms", lambda cell: f"{cell.age_p95_ms:.0f}"),
    "recorded_fps": ("recorded a second", lambda cell: f"{cell.recorded_fps:.1f}"),
    "lost": ("lost by the recording", lambda cell: str(cell.lost)),
    "answers_per_s": ("answers a second of the slowest engine", lambda cell: f"{cell.answers_per_s:.1f}"),
    "added_p50_ms": ("added, p50 ms", lambda cell: f"{cell.added_p50_ms:.1f}"),
    "cores": ("cores", lambda cell: f"{cell.cores:.2f}"),
    "client_cores": ("cores of the viewers", lambda cell: f"{cell.client_cores:.2f}"),
    "memory_mb": ("memory, MB", lambda cell: f"{cell.memory_mb:.0f}"),
}
Cells = dict[str, Cell]


def scale_viewers(seconds: float) -> list[Figure]:
    """1 to 50 pages at three widths, 1080p30, beside a model that never rests."""
    cells: Cells = {}
    for width in WIDTHS_PX:
        with recorded(["busy_40ms"]) as system:
            for count in VIEWERS:
                cells[f"{count} at {width} px"] = measured([system], count, seconds / 2, width)
    return [_figure("pages, by their number and width", cells, ("page_fps", "lost"), rate=30)]


def scale_engines(seconds: float) -> list[Figure]:
    """1 to 4 models at once that compute for 40 ms each, and that wait for 200 ms each."""
    cells: Cells = {}
    for engine in ENGINES:
        for count in COUNTS:
            with _twins(engine, count) as engines, recorded(engines) as system:
                cells[f"{count} of {engine}"] = measured([system], 1, seconds)
    return [_figure("engines, by their number", cells, ("page_fps", "lost"), rate=30)]


def scale_sources(seconds: float) -> list[Figure]:
    """1 to 4 whole systems side by side, each with a scanner, a recording, a page and an empty model."""
    cells: Cells = {}
    for count in COUNTS:
        with ExitStack() as stack:
            systems = [stack.enter_context(recorded(["empty"])) for _ in range(count)]
            cells[f"{count} at 1080p30"] = measured(systems, 1, seconds)
    return [_figure("scanners, by their number", cells, ("source_fps", "page_fps", "lost"), rate=30)]


def scale_sizes(seconds: float) -> list[Figure]:
    """VGA to 4K at 10 to 60 pictures a second, with one page and an empty model."""
    cells: Cells = {}
    for size in SIZES:
        for rate in RATES:
            with recorded(["empty"], f"synthetic:?size={size}&fps={rate}") as system:
                cells[f"{size} at {rate}"] = measured([system], 1, seconds / 2)
    return [_figure("pictures, by their size and rate", cells, ("source_fps", "page_fps", "lost"), rate=0)]


@contextmanager
def _twins(engine: str, count: int) -> Iterator[list[str]]:
    """The same model under several names."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as folder:
        paths = [Path(folder) / f"{engine}-{number}" for number in range(1, count + 1)]
        for path in paths:
            path.symlink_to(rig.ENGINES / engine)
        yield [str(path) for path in paths]


def _figure(name: str, cells: Cells, watched: Sequence[str], rate: float) -> Figure:
    breaks = [f"{_said(key)} first at {first}" for key in watched if (first := gives_way(cells, key, rate))]
    held = [_said(key) for key in watched if not gives_way(cells, key, rate)]
    value = "; ".join([*breaks, *([f"never: {', '.join(held)}"] if held else [])])
    rows = {label: asdict(cell) for label, cell in cells.items()}
    return Figure(f"scale: {name}", value, "the recording loses nothing before pages give way", {"scale": rows})


def gives_way(cells: Cells, key: str, rate: float) -> str:
    """The first cell where frames were lost, or fewer pictures came than `rate`, or than its own label asks for (0)."""
    for label, cell in cells.items():
        asked = rate or float(label.rsplit(" ", 1)[1])
        value = getattr(cell, key)
        if value > 0 if key == "lost" else value < HELD * asked:
            return label
    return ""


def _said(key: str) -> str:
    return {"page_fps": "pages get fewer pictures", "lost": "the recording loses frames"}.get(
        key, "the source delivers fewer pictures"
    )


def scale_table(figures: Iterable[Row], suite: str) -> str:
    """One suite's cells as Markdown; empty where they were not measured."""
    found = next((row["detail"]["scale"] for row in figures if row.get("suite") == suite), None)
    if found is None:
        return ""
    cells = {label: Cell(**values) for label, values in found.items()}
    lines = [f"| | {' | '.join(head for head, _ in COLUMNS.values())} |", "| --- |" + " --- |" * len(COLUMNS)]
    lines += [
        f"| {label} | {' | '.join(text(cell) for _, text in COLUMNS.values())} |" for label, cell in cells.items()
    ]
    return "\n".join(lines)
