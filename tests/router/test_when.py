"""Whose turn it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.messages import Frame, Result, Signal, Timing
from bedside.router.when import Turn, When


def frames(*signals: Signal, first: int = 1) -> list[Frame]:
    """Frames with these signals."""
    return [Frame(first + n, 1000 * (first + n), 0, 4, 2, signal) for n, signal in enumerate(signals)]


def result_of(frame: Frame, error: str = "") -> Result:
    """An answer to a frame."""
    return Result("e", frame.seq, Timing(frame.captured_ns, 0, 0, 0, 0, 1.0), error=error)


def asked(turn: Turn, *stream: Frame) -> list[int]:
    """Frames that a quick engine is asked about."""
    return [frame.seq for frame in stream if turn.see(frame) and turn.claim(frame)]


LIVE, FROZEN, GONE = Signal.LIVE, Signal.FROZEN, Signal.NO_SIGNAL


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ((FROZEN, FROZEN), [1]),
        ((LIVE, FROZEN, FROZEN, LIVE, LIVE, FROZEN, FROZEN), [2, 6]),
        ((LIVE, LIVE), []),
        ((FROZEN, GONE, FROZEN), [1, 3]),
        ((GONE, LIVE, GONE), []),
    ],
)
def test_once_each_time_the_picture_freezes(stream: tuple[Signal, ...], expected: list[int]) -> None:
    """With the first frozen frame after one that was not."""
    assert asked(Turn(When(is_on_freeze=True)), *frames(*stream)) == expected


@given(st.lists(st.sampled_from([LIVE, FROZEN]), max_size=40))
def test_as_often_as_it_froze(stream: list[Signal]) -> None:
    """In any stream: one question for each run of frozen frames, at its beginning."""
    begins = [n + 1 for n, signal in enumerate(stream) if signal is FROZEN and (n == 0 or stream[n - 1] is LIVE)]
    assert asked(Turn(When(is_on_freeze=True)), *frames(*stream)) == begins


def test_another_source_that_is_frozen_is_another_freeze() -> None:
    """Its numbers start again."""
    turn = Turn(When(is_on_freeze=True))
    assert asked(turn, *frames(FROZEN, FROZEN, first=10)) == [10]
    assert asked(turn, *frames(FROZEN, FROZEN, first=1)) == [1]


def test_a_picture_that_was_lost_and_is_back_is_another_freeze() -> None:
    """While the cable is out no frames come: it may show anything when it is back, and the old answer is of no use."""
    turn = Turn(When(is_on_freeze=True))
    first, second = frames(FROZEN, FROZEN)
    assert asked(turn, first) == [1]
    turn.answered(result_of(first))
    assert turn.holds
    turn.heard(GONE)
    assert (turn.holds, turn.waits) == (False, "waits for a frozen picture")
    assert asked(turn, second) == [2]
    turn.answered(result_of(first))
    assert not turn.holds


def test_a_frozen_frame_is_no_turn_once_the_scanner_is_live() -> None:
    """The frame waited while the engine was busy; the scanner moves now."""
    turn = Turn(When(is_on_freeze=True))
    frozen, live = frames(FROZEN, LIVE)
    assert turn.see(frozen)
    turn.see(live)
    assert not turn.claim(frozen)


def test_the_answer_to_a_frozen_picture_holds_until_it_moves() -> None:
    """Not one to the freeze before, and not a failure."""
    turn = Turn(When(is_on_freeze=True))
    first, live, second, still = frames(FROZEN, LIVE, FROZEN, FROZEN)
    assert turn.waits == "waits for a frozen picture"
    for frame in (first, live, second):
        if turn.see(frame):
            turn.claim(frame)
    turn.answered(result_of(first))
    assert (turn.waits, turn.holds) == ("", False)
    turn.answered(result_of(second, error="no"))
    assert not turn.holds
    turn.answered(result_of(second))
    turn.see(still)
    assert turn.holds
    turn.see(frames(LIVE, first=5)[0])
    assert not turn.holds


def test_what_was_given_back_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interval begins with a question that was really asked."""
    now = [10**9]
    monkeypatch.setattr("bedside.clock.monotonic_ns", lambda: now[0])
    turn: Any = Turn(When(every_s=5))
    one, two = frames(LIVE, LIVE)
    turn.see(one)
    assert turn.claim(one)
    turn.give_back()
    assert turn.claim(two)
    assert not turn.claim(two)
    now[0] = turn.due_ns
    assert turn.claim(two)
