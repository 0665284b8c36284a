"""Counts and medians of one engine."""

import pytest

from bedside import clock
from bedside.engine.tally import Tally


def test_rates_and_medians() -> None:
    """Thirty answers a second for five seconds are 30 fps; a second of silence lowers it; medians ignore an outlier."""
    tally = Tally()
    for number in range(150):
        tally.count(number * clock.NS_PER_S // 30, 40.0 if number % 10 else 900.0, 1.0)
    end = 149 * clock.NS_PER_S // 30
    assert tally.fps(end) == pytest.approx(30, rel=0.02)
    assert tally.fps(end + clock.NS_PER_S) == pytest.approx(20, rel=0.05)
    assert tally.fps(end + 60 * clock.NS_PER_S) == 0
    assert (tally.answers, tally.model_ms, tally.added_ms, tally.answered_ns) == (150, 40.0, 1.0, end)
