"""What a slow consumer gets: alarms first, then what was lost, then the newest frame."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.bus.inbox import Inbox
from bedside.errors import Closed
from bedside.messages import Frame, Loss, Signal, Status
from bedside.wire import Tally


def frame(seq: int) -> Frame:
    """A frame with this number."""
    return Frame(seq, seq, seq, 4, 3, Signal.LIVE)


async def drained(inbox: Inbox) -> list[Frame | Status | Loss]:
    """Everything that waits."""
    inbox.close()
    events: list[Frame | Status | Loss] = []
    try:
        while True:
            events.append(await inbox.take())
    except Closed:
        return events


async def test_the_newest_frame_wins_and_the_rest_is_said() -> None:
    """Three frames for a slow consumer: the last one, and before it one Loss of two in the mailbox."""
    inbox = Inbox(1)
    for seq in (1, 2, 3):
        inbox.put_frame(frame(seq), Tally())
    assert await drained(inbox) == [Loss(1, 2, "mailbox"), frame(3)]
    assert inbox.drops == 2


async def test_a_gap_is_split_by_its_cause() -> None:
    """Of nine missing numbers, four were never captured, two left out on demand, and three lost on the bus."""
    inbox = Inbox(2)
    inbox.put_frame(frame(10), Tally(lost_at_source=5, thinned=1))
    inbox.put_frame(frame(20), Tally(lost_at_source=9, thinned=3))
    assert await drained(inbox) == [Loss(11, 4, "source"), Loss(15, 3, "bus"), frame(10), frame(20)]


async def test_what_was_missed_between_two_connections_is_a_loss() -> None:
    """After a reconnection the numbers in between count as lost on the bus, though counts began anew."""
    inbox = Inbox(2)
    inbox.put_frame(frame(10), Tally(lost_at_source=5, thinned=7))
    inbox.reconnected()
    inbox.put_frame(frame(14), Tally(lost_at_source=0, thinned=0))
    assert Loss(11, 3, "bus") in await drained(inbox)


async def test_numbers_that_start_anew_are_no_loss() -> None:
    """A broadcaster that was stopped and started begins at 1 again."""
    inbox = Inbox(2)
    inbox.put_frame(frame(1000), Tally())
    inbox.reconnected()
    inbox.put_frame(frame(1), Tally())
    assert await drained(inbox) == [frame(1000), frame(1)]


async def test_frames_from_before_offline_are_not_news() -> None:
    """When the broadcaster is lost, a frame that still waits is no picture of now any more: it is said to be lost."""
    inbox = Inbox(1)
    inbox.put_frame(frame(1), Tally())
    inbox.put_status(Status(Signal.OFFLINE))
    assert await drained(inbox) == [Status(Signal.OFFLINE), Loss(1, 1, "mailbox")]
    assert inbox.drops == 1


async def test_statuses_overtake_frames_and_repeat_once() -> None:
    """The newest of several statuses with the same signal is delivered, before the frames."""
    inbox = Inbox(1)
    inbox.put_frame(frame(1), Tally())
    inbox.put_status(Status(Signal.LIVE, fps=1.0))
    inbox.put_status(Status(Signal.LIVE, fps=2.0))
    inbox.put_status(Status(Signal.FROZEN))
    assert await drained(inbox) == [Status(Signal.LIVE, fps=2.0), Status(Signal.FROZEN), frame(1)]


async def test_closing_ends_a_waiting_consumer() -> None:
    """A consumer that waits when the subscriber is closed gets Closed."""
    inbox = Inbox(1)
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    inbox.close()
    with pytest.raises(Closed):
        await waiting


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=200), st.integers(1, 3))
async def test_every_number_is_delivered_or_accounted_for(steps: list[tuple[int, int, bool]], bound: int) -> None:
    """Whatever is lost on the way, whenever the consumer takes: delivered + lost = numbers; all is bounded."""
    inbox = Inbox(bound)
    events: list[Frame | Status | Loss] = []
    seq = source = 0
    inbox.put_frame(frame(1), Tally())
    seq = 1
    for at_source, on_bus, takes in steps:
        source += at_source
        seq += 1 + at_source + on_bus
        inbox.put_frame(frame(seq), Tally(lost_at_source=source))
        if takes:
            events.append(await inbox.take())
    events += await drained(inbox)
    delivered = [event.seq for event in events if isinstance(event, Frame)]
    losses = [event for event in events if isinstance(event, Loss)]
    assert delivered == sorted(set(delivered)) and delivered[-1] == seq
    assert len(delivered) + sum(loss.count for loss in losses) == seq
    assert len(losses) <= 64 + sum(takes for _, _, takes in steps)
