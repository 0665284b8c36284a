"""What is kept of the engines that a pipeline asks."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from bedside.engine.tally import Handed
from bedside.messages import EngineState, EngineStatus, Frame, Result, Signal, Status, Timing
from bedside.router.desk import Call, Desk, Reply


class Slow:
    """An engine that answers when it is told to."""

    name = "slow"
    is_well = True

    def __init__(self) -> None:
        self.handed = Handed()
        self.status = EngineStatus("slow", EngineState.READY)
        self.answers = asyncio.Event()

    async def run(self) -> None: ...

    def see(self, event: Frame | Status, borrow: Any) -> None: ...

    async def answer(
        self, frame: Frame, borrow: Any, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Result:
        await self.answers.wait()
        return Result("slow", frame.seq, Timing(frame.captured_ns, 0, 0, 0, 0, 1.0), {"text": str(frame.seq)})


def frame_of(seq: int) -> Frame:
    """Captured long before now."""
    return Frame(seq, 1000 * seq, 0, 4, 2, Signal.LIVE)


async def test_the_last_answer_is_none_of_before_the_signal_was_lost() -> None:
    """What is there now may be another patient; also an answer that comes only then counts no more."""
    engine = Slow()
    desk = Desk([engine], lambda _: nullcontext(np.zeros((2, 4, 3), np.uint8)), {})

    async def ask(frame: Frame) -> "asyncio.Future[Reply]":
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        desk.see(frame)
        desk.ask(Call("slow", frame, desk._borrow, reply.set_result))
        await asyncio.sleep(0)
        return reply

    engine.answers.set()
    await (await ask(frame_of(1)))
    part = desk.last("slow", frame_of(2))
    assert part is not None
    assert part.get("text") == "1"
    engine.answers.clear()
    late = await ask(frame_of(2))
    desk.see(Status(Signal.NO_SIGNAL))
    assert desk.last("slow", frame_of(3)) is None
    engine.answers.set()
    await late
    assert desk.last("slow", frame_of(3)) is None
