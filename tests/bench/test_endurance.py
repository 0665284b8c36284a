"""What an endurance run says of what it saw."""

import itertools
from dataclasses import replace

import pytest
from bench.endurance.faults import KINDS, Fault, in_turn
from bench.endurance.losses import explained
from bench.endurance.report import Run, markdown
from bench.endurance.samples import Sample, Surroundings, flatness

from bedside.session.rows import Row, RowKind

S = 1_000_000_000
FAULT = Fault("kill -9, recorder", 100 * S, 100 * S, 103 * S)


def loss(at_s: float, where: str, count: int = 1) -> Row:
    """A row of frames.csv."""
    return Row(RowKind.LOSS, 1, count, round(at_s * S), 0, "live", where=where)


def test_each_loss_is_beside_the_fault_that_cost_it() -> None:
    """From shortly before a fault until shortly after all was back; another place or time is a line of its own."""
    rows = [loss(99, "killed", 20), loss(104, "killed"), loss(104, "source"), loss(150, "source"), loss(90, "bus")]
    found = explained(rows, [FAULT])
    assert [(one.where, one.count, one.rows, one.fault) for one in found] == [
        ("killed", 21, 2, FAULT.kind),
        ("source", 1, 1, FAULT.kind),
        ("source", 1, 1, ""),
        ("bus", 1, 1, ""),
    ]


def test_a_fault_that_is_never_over_explains_what_follows_for_a_minute() -> None:
    """And no longer."""
    lasting = replace(FAULT, back_ns=0)
    assert [one.fault for one in explained([loss(150, "bus"), loss(190, "bus")], [lasting])] == [FAULT.kind, ""]
    assert lasting.back_s is None


def test_every_kind_comes_in_turn_in_an_order_of_the_seed() -> None:
    """Each once before any comes again; the same seed gives the same order."""
    first = list(itertools.islice(in_turn(1), 2 * len(KINDS)))
    assert set(first[: len(KINDS)]) == set(first[len(KINDS) :]) == set(KINDS)
    assert first == list(itertools.islice(in_turn(1), 2 * len(KINDS)))
    assert first != list(itertools.islice(in_turn(2), 2 * len(KINDS)))


def lives(grows_mb: float) -> list[Sample]:
    """A recorder that lives ten minutes and holds so much more in each, then another one; a sample a minute."""
    one = [Sample(60.0 * n, "recorder", 1, 0, 100 + grows_mb * n, 20, 9) for n in range(10)]
    return [*one, *(Sample(600 + 60.0 * n, "recorder", 2, 0, 130, 20, 9) for n in range(10))]


def test_what_grows_within_a_life_and_between_lives_is_seen() -> None:
    """The slope an hour of the lives that were long enough, and the first life's middle beside the last one's."""
    memory, files, threads = flatness(lives(2.0))
    assert memory.per_hour is not None
    assert round(memory.per_hour) == 60  # the middle of 120 and 0
    assert (memory.first, memory.last) == (110.0, 130.0)
    assert files.per_hour == pytest.approx(0, abs=1e-6)
    assert (files.first, files.last) == (20.0, 20.0)
    assert threads.largest == 9


def test_the_page_says_what_did_not_come_back_and_what_is_unexplained() -> None:
    """Both by name; a run without either says "none"."""
    seen = [Surroundings(0, 50, 2, 0, 1, 10, 5.0), Surroundings(60, 50, 2, 0, 2, 900, 5.0)]
    losses = explained([loss(90, "source")], [])
    run = Run(1, 1, "2026-01-01", 0, [replace(FAULT, back_ns=0)], lives(0), seen, flatness(lives(0)), losses, 9, [], [])
    text = markdown(run)
    assert "| not back within a minute | kill -9, recorder |" in text
    assert "| 1.5 | 1 | 1 | source | **none** |" in text
    assert "| left behind after the end | none |" in text
    assert "| kill -9, recorder | 1 | never | never | 0 |" in text
    assert "| recorder | memory, MB | 100 | 130 | 130 | +0.0 |" in text.replace("-0.0", "+0.0")
