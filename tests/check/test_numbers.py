"""The row of the table, and when it is not to be believed."""

from collections.abc import Sequence

import pytest

from bedside.check.numbers import Pair, Row, Times


def row(*rounds: Sequence[tuple[float, float, float | None]]) -> Row:
    """Rounds of (framework, model, native)."""
    return Row(tuple(tuple(Pair(*one) for one in each) for each in rounds))


def test_times_are_mean_deviation_and_percentiles() -> None:
    """As a table has them."""
    times = Times.of([1.0, 2.0, 3.0, 10.0])
    assert (times.mean, times.p50) == (4.0, 2.5)
    assert times.sd == pytest.approx(4.082, abs=0.001)
    assert times.p99 == pytest.approx(9.79)
    assert Times.of([5.0]).text == "5.00 ± 0.00"


def test_the_difference_is_taken_frame_by_frame() -> None:
    """A model whose time varies much has a small deviation of the difference all the same."""
    found = row([(12.0, 11.0, 10.0), (52.0, 50.5, 50.0), (102.0, 101.0, 100.0)]).times
    assert (found["difference"].mean, found["difference"].sd) == (2.0, 0.0)
    assert found["native"].sd > 40
    assert found["added"].p50 == 1.0


def test_without_a_bare_loop_there_is_no_difference() -> None:
    """A server elsewhere has the framework's times alone."""
    found = row([(12.0, 11.0, None), (13.0, 11.0, None)])
    assert set(found.times) == {"framework", "added"}
    assert found.doubt == ""


def test_a_quiet_machine_raises_no_doubt() -> None:
    """The model alone takes about the same in each round."""
    steady = [(12.0, 10.5, 10.0)] * 3
    assert row(steady, [(12.0, 10.5, 10.4)] * 3).doubt == ""


def test_a_busy_machine_is_said_in_words() -> None:
    """The model alone took half as long again in another round, which the difference drowns in."""
    doubt = row([(12.0, 10.5, 10.0)] * 3, [(16.0, 15.0, 15.0)] * 3).doubt
    assert "10.00 ms in one round and 15.00 ms in another" in doubt


def test_a_difference_that_is_larger_than_the_noise_stands() -> None:
    """Where the framework costs far more than the rounds differ by, the noise does not matter."""
    assert row([(62.0, 10.5, 10.0)] * 3, [(66.0, 15.0, 15.0)] * 3).doubt == ""
