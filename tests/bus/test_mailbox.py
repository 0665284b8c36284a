"""The mailbox: newest wins, nobody waits to put, everything pushed out is counted."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.bus.mailbox import Mailbox
from bedside.errors import Closed


async def test_the_newest_item_is_taken() -> None:
    """Of three items put into a mailbox of one, the last is taken and two are counted as drops."""
    mailbox: Mailbox[int] = Mailbox()
    for item in (1, 2, 3):
        mailbox.put(item)
    assert (await mailbox.take(), mailbox.drops, len(mailbox)) == (3, 2, 0)


async def test_take_waits_for_an_item() -> None:
    """A taker that comes first gets the item that is put later."""
    mailbox: Mailbox[str] = Mailbox()
    taker = asyncio.create_task(mailbox.take())
    await asyncio.sleep(0)
    assert not taker.done()
    mailbox.put("frame")
    assert await taker == "frame"


async def test_a_cancelled_taker_loses_nothing() -> None:
    """An item put after a taker was cancelled waits for the next taker."""
    mailbox: Mailbox[int] = Mailbox()
    taker = asyncio.create_task(mailbox.take())
    await asyncio.sleep(0)
    taker.cancel()
    mailbox.put(7)
    assert await mailbox.take() == 7


async def test_closing_ends_the_taker_after_the_last_item() -> None:
    """What waited before close() can still be taken; then take() raises Closed, for one who waits already too."""
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    mailbox.close()
    mailbox.put(2)
    assert await mailbox.take() == 1
    with pytest.raises(Closed):
        await mailbox.take()
    waiting: Mailbox[int] = Mailbox()
    taker = asyncio.create_task(waiting.take())
    await asyncio.sleep(0)
    waiting.close()
    with pytest.raises(Closed):
        await taker


def test_a_mailbox_without_room_is_refused() -> None:
    """A bound below one is a mistake of the programmer and says so."""
    with pytest.raises(ValueError, match="expected 1 or more"):
        Mailbox(0)


@given(st.lists(st.one_of(st.integers(), st.none()), max_size=60), st.integers(1, 5))
def test_every_item_is_taken_or_counted(steps: list[int | None], bound: int) -> None:
    """Whatever the order of puts (numbers) and takes (None): taken are the newest, in order; the rest are drops."""
    mailbox: Mailbox[int] = Mailbox(bound)
    model: list[int] = []
    put = taken = 0
    for step in steps:
        if step is None:
            item = mailbox.take_now()
            assert item == (model.pop(0) if model else None)
            taken += item is not None
        else:
            mailbox.put(step)
            put += 1
            model = [*model, step][-bound:]
    assert put == taken + mailbox.drops + len(mailbox)
