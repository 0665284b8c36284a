"""What `fps` and `max_fps` leave out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.clock import NS_PER_S
from bedside.thinner import Thinner


def taken(fps: float, times_s: list[float]) -> list[int]:
    """Which of the pictures captured at these times go on."""
    thinner = Thinner(fps)
    return [number for number, at_s in enumerate(times_s) if thinner.takes(round(at_s * NS_PER_S))]


@pytest.mark.parametrize("start_s", [0.0, 0.01, 86_400.0])
def test_the_first_picture_goes_on_and_not_the_one_after_it(start_s: float) -> None:
    """Of 60 pictures a second every second one makes 30, from the very first on."""
    assert taken(30, [start_s + n / 60 for n in range(6)]) == [0, 2, 4]


def test_a_device_that_is_uneven_keeps_its_pictures() -> None:
    """30 a second that come a few milliseconds early or late are no more than 30."""
    times_s = [10 + n / 30 + (0.004 if n % 2 else -0.004) for n in range(60)]
    assert taken(30, times_s) == list(range(60))


def test_a_gap_is_not_made_up_for() -> None:
    """After a second without pictures they go on at the same pace, without a burst."""
    assert taken(10, [5.0, 6.0, 6.02, 6.04, 6.1]) == [0, 1, 4]


def test_none_is_left_out_unless_asked() -> None:
    """0 is every picture, whatever their times."""
    assert taken(0, [3.0, 3.0, 2.0]) == [0, 1, 2]


@given(st.floats(0.5, 60), st.lists(st.floats(0.001, 0.5), max_size=200))
def test_never_more_than_asked_for(fps: float, gaps_s: list[float]) -> None:
    """Over any stretch there is one picture a period, and one for the edges."""
    times_s = [sum(gaps_s[:n]) for n in range(len(gaps_s) + 1)]
    kept = [times_s[n] for n in taken(fps, times_s)]
    assert len(kept) - 1 <= (kept[-1] - kept[0]) * fps + 0.26
