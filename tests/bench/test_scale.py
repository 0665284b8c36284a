"""What gives way first, and how it is said."""

from dataclasses import asdict, replace

from bench.kept import Row
from bench.scale import Cell, measured, recorded

from bench import scale_suites

GOOD = Cell(30.0, 20.0, 30.0, 30.0, 0, 24.0, 1.0, 1.0, 0.1, 300.0)


def test_the_first_that_gives_way_is_named() -> None:
    """A page that gets too few pictures, and a recording that loses one, each at its first cell; nothing else is."""
    cells = {"1 at 480 px": GOOD, "2 at 480 px": replace(GOOD, page_fps=20.0), "4 at 480 px": replace(GOOD, lost=3)}
    assert scale_suites.gives_way(cells, "page_fps", 30) == "2 at 480 px"
    assert scale_suites.gives_way(cells, "lost", 30) == "4 at 480 px"
    assert not scale_suites.gives_way(cells, "source_fps", 30)


def test_a_rate_is_asked_for_by_its_own_cell() -> None:
    """Ten a second are enough where ten were asked for."""
    cells = {"640x480 at 10": replace(GOOD, source_fps=10.0), "640x480 at 60": replace(GOOD, source_fps=31.0)}
    assert scale_suites.gives_way(cells, "source_fps", 0) == "640x480 at 60"


def test_each_cell_is_a_line() -> None:
    """With all of its numbers; nothing where the suite was not measured."""
    row: Row = {"suite": "scale_viewers", "detail": {"scale": {"1 at 480 px": asdict(GOOD)}}}
    lines = scale_suites.scale_table([row], "scale_viewers").splitlines()
    assert lines[-1] == "| 1 at 480 px | 30.0 | 30.0 | 20 | 30.0 | 0 | 24.0 | 1.0 | 1.00 | 0.10 | 300 |"
    assert not scale_suites.scale_table([row], "scale_engines")


def test_a_running_system_is_measured() -> None:
    """Two pages of a small system: pictures come, are recorded, and what it takes is known."""
    with recorded(["empty"], "synthetic:?size=640x480&fps=30") as system:
        cell = measured([system], 2, 2.0, 320)
    assert cell.page_fps > 1
    assert cell.recorded_fps > 1
    assert cell.answers_per_s > 1
    assert cell.cores > 0
    assert cell.memory_mb > 0
