"""Pixels on their way to one engine, without an engine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.client import Client, Refused
from bedside.engine.exchange import Exchange
from bedside.engine.picture import Wanted
from bedside.engine.protocol import Answer, Failure
from bedside.messages import Frame, Pixels, Signal


def frame_of(seq: int) -> Frame:
    """A small frame."""
    return Frame(seq, 1000 * seq, seq * 10**9, 8, 6, Signal.LIVE)


@contextmanager
def numbered(frame: Frame) -> Iterator[Pixels]:
    """Its pixels are all its number."""
    yield np.full((6, 8, 3), frame.seq, np.uint8)


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """One whose engine is not there."""
    exchange = Exchange("e", Address("http://127.0.0.1:1"), Wanted(), None, 0.0)
    yield exchange
    await exchange.close()


async def test_a_frame_that_comes_while_another_is_waited_for_does_not_get_into_its_pixels(exchange: Exchange) -> None:
    """The engine is free before the next frame is laid ready, and one more frame comes: each lies in its own buffer."""
    begun, go_on = threading.Event(), threading.Event()

    @contextmanager
    def borrow(frame: Frame) -> Iterator[Pixels]:
        begun.set()
        assert go_on.wait(10)
        yield np.full((6, 8, 3), frame.seq, np.uint8)

    preparing = asyncio.create_task(exchange.prepare(frame_of(1), borrow))
    await asyncio.to_thread(begun.wait, 10)
    preparing.cancel()  # as a lane does when the answer has come
    asking = asyncio.create_task(exchange.stage(frame_of(1), borrow))
    await asyncio.sleep(0)
    preparing = asyncio.create_task(exchange.prepare(frame_of(2), borrow))
    await asyncio.sleep(0)
    go_on.set()
    first = await asking
    await preparing
    second = await exchange.stage(frame_of(2), borrow)
    assert (first.ask.seq, first.ask.pixels.max()) == (1, 1)
    assert (second.ask.seq, second.ask.pixels.max()) == (2, 2)
    assert first.ask.region != second.ask.region


@pytest.mark.parametrize("is_first", [True, False])
async def test_pixels_that_a_failed_model_keeps_are_left_to_it(exchange: Exchange, is_first: bool) -> None:
    """Also when the engine had to be asked again, since it knew the memory no more."""
    exchange.begin(shares_memory=True)
    left = [] if is_first else [Refused("what region?")]

    class Engine(Client):
        async def register(self, region: str, size: int) -> None: ...
        async def unregister(self, region: str) -> None: ...
        async def infer(self, ask: Ask) -> Answer:
            raise left.pop() if left else Failure("it raised", keeps_frame=True)

    exchange.client = Engine("e", Address("http://127.0.0.1:1"))
    laid = await exchange.stage(frame_of(1), numbered)
    with pytest.raises(Failure):
        await exchange.send(laid, None)
    after = await exchange.stage(frame_of(2), numbered)
    assert after.ask.region != laid.ask.region
    assert laid.ask.pixels.max() == 1
