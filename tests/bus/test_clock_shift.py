"""Ages stay true when the broadcaster runs on another machine, whose clock began at another time."""

import pytest

from bedside import clock
from bedside.bus.clock_shift import ClockShift
from bedside.messages import Frame, Signal

MS = clock.NS_PER_MS


@pytest.mark.parametrize("apart_ns", [3600 * clock.NS_PER_S, -3600 * clock.NS_PER_S])
def test_a_frame_of_another_machine_gets_its_true_age(apart_ns: int) -> None:
    """A frame captured 20 ms ago on a machine that started an hour earlier or later is 20 ms old here, not an hour."""
    shift = ClockShift()
    now = clock.monotonic_ns()
    for delay in (7, 1, 30):
        shift.hear(now - apart_ns - delay * MS)
    frame = shift.apply(Frame(1, now - apart_ns - 20 * MS, 0, 4, 3, Signal.LIVE, now - apart_ns))
    assert 15 <= clock.age_ms(frame.captured_ns, now) <= 20
    assert frame.published_ns - frame.captured_ns == 20 * MS


def test_the_same_clock_is_left_alone() -> None:
    """On one machine a message's small delay is not taken for another clock."""
    shift = ClockShift()
    shift.hear(clock.monotonic_ns() - 3 * MS)
    frame = Frame(1, 123, 0, 4, 3, Signal.LIVE)
    assert shift.apply(frame) is frame


def test_a_drifting_clock_is_followed() -> None:
    """Only the last messages count: an old difference that was smaller is forgotten."""
    shift = ClockShift()
    hour = 3600 * clock.NS_PER_S
    shift.hear(clock.monotonic_ns() - hour)
    for _ in range(20):
        shift.hear(clock.monotonic_ns() - hour - 80 * MS)
    now = clock.monotonic_ns()
    moved = shift.apply(Frame(1, now - hour - 80 * MS, 0, 4, 3, Signal.LIVE))
    assert abs(clock.age_ms(moved.captured_ns, now)) < 5


def test_no_frame_comes_from_the_future() -> None:
    """Where the first message was slow and the frame fast, the frame is new, not unborn."""
    shift = ClockShift()
    hour = 3600 * clock.NS_PER_S
    shift.hear(clock.monotonic_ns() - hour - 80 * MS)
    frame = shift.apply(Frame(1, clock.monotonic_ns() - hour, 0, 4, 3, Signal.LIVE))
    assert 0 <= clock.age_ms(frame.captured_ns) < 80
