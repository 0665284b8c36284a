"""What the lanes of one engine share."""

from dataclasses import replace

import pytest

from bedside import clock
from bedside.engine.tally import Handed
from bedside.messages import Frame, Result, Signal, Status, Timing
from bedside.router.intake import Intake
from bedside.router.when import When


def frame_of(seq: int) -> Frame:
    """A live frame."""
    return Frame(seq, 1000 * seq, 0, 4, 2, Signal.LIVE)


def result_of(seq: int) -> Result:
    """Its answer."""
    return Result("e", seq, Timing(1000 * seq, 0, 0, 0, 0, 1.0))


def test_answers_leave_in_the_order_of_their_frames() -> None:
    """Each that is older than one which is out is dropped and counted; further answers to the same frame are not."""
    published: list[int] = []
    intake = Intake(lambda result, _: published.append(result.seq), When())
    for seq in (1, 3, 2, 3, 5, 4, 6):
        intake.deliver(result_of(seq), None)
    assert published == [1, 3, 3, 5, 6]
    assert intake.handed.late == 2


def test_numbers_that_start_again_are_not_late() -> None:
    """Another source counts from 1; the time of capture goes on."""
    published: list[int] = []
    intake = Intake(lambda result, _: published.append(result.seq), When())
    intake.deliver(result_of(900), None)
    intake.deliver(Result("e", 1, Timing(901_000, 0, 0, 0, 0, 1.0)), None)
    assert published == [900, 1]


def test_counts_are_told_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that answers nothing has its count kept up to date all the same; nothing is told without news."""
    now = [10 * clock.NS_PER_S]
    monkeypatch.setattr("bedside.clock.monotonic_ns", lambda: now[0])
    handed, told = Handed(), []
    intake = Intake(lambda result, _: None, When(), handed, lambda: told.append(handed.passed_over))
    for seq in range(1, 91):
        now[0] += clock.NS_PER_S // 30
        intake.offer(frame_of(seq))
    assert told[0] == 0 and 2 <= len(told) <= 4
    assert told[-1] >= 60
    before = len(told)
    now[0] += 5 * clock.NS_PER_S
    intake.deliver(result_of(91), None)
    intake.deliver(result_of(92), None)
    assert len(told) == before + 1


def test_a_lost_signal_is_told_at_once() -> None:
    """No frame comes any more that would tell that the answer to the frozen picture counts no longer."""
    handed, told = Handed(), []
    intake = Intake(lambda *_: None, When(is_on_freeze=True), handed, lambda: told.append(handed.holds))
    frozen = replace(frame_of(1), signal=Signal.FROZEN)
    intake.offer(frozen)
    assert intake.claim(frozen, 0.0)
    intake.deliver(result_of(1), None)
    intake.offer(Status(Signal.NO_SIGNAL))
    assert told[-2:] == [True, False]


def test_an_intake_knows_its_pace_from_the_start() -> None:
    """Before the first frame its status says that it waits, and how long it rests."""
    handed = Handed()
    Intake(lambda result, _: None, When(is_on_freeze=True), handed)
    assert handed.waits == "waits for a frozen picture"
    Intake(lambda result, _: None, When(every_s=2.5), handed)
    assert (handed.waits, handed.rest_s) == ("", 2.5)


def test_lanes_are_asked_spaced_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one was asked, the next waits for most of its even share of an answer's time; one lane never waits."""
    now = [10 * clock.NS_PER_S]
    monkeypatch.setattr("bedside.clock.monotonic_ns", lambda: now[0])
    for lanes, wait_ns in ((1, 0), (2, 400_000_000), (4, 200_000_000)):
        intake = Intake(lambda result, _: None, When(), lanes=lanes)
        assert intake.due_ns(1.0) == 0
        intake.offer(frame_of(1))
        assert intake.claim(frame_of(1), 1.0)
        assert intake.due_ns(1.0) == (now[0] + wait_ns if wait_ns else 0)
        assert intake.claim(frame_of(2), 1.0) == (lanes == 1)
        intake.give_back()
        assert intake.claim(frame_of(2), 1.0)
