"""Frames without a broadcaster, and links that do what a test says."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from bedside import clock
from bedside.engine.staging import Borrow
from bedside.errors import Overwritten
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Result, Signal, Status, Timing


class Pictures:
    """Frames whose pixels all have the frame's number as their value, until they are overwritten."""

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.newest = 0

    def next(self, signal: Signal = Signal.LIVE) -> Frame:
        """The next frame."""
        self.newest += 1
        now = clock.monotonic_ns()
        return Frame(self.newest, now, clock.wall_ns(), 4, 2, signal, now)

    @contextmanager
    def borrow(self, frame: Frame) -> Iterator[Pixels]:
        """Its pixels."""
        if frame.seq in self.gone:
            raise Overwritten(f"frame {frame.seq} is gone")
        yield np.full((frame.height, frame.width, 3), frame.seq, np.uint8)


class FakeLink:
    """A link whose answers come when the test lets them, and which can fail in any way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[int] = []
        self.corrected: list[int] = []
        self.go = asyncio.Semaphore(0)
        self.well = asyncio.Event()
        self.well.set()
        self.fault: BaseException | None = None
        self.runs = 0
        self.prepared: list[int] = []
        self.seen: list[Frame | Status] = []
        self.expected = 0.0

    @property
    def status(self) -> EngineStatus:
        """READY or DEAD."""
        return EngineStatus(self.name, EngineState.READY if self.is_well else EngineState.DEAD)

    @property
    def is_warm(self) -> bool:
        """From the start."""
        return True

    @property
    def is_free(self) -> bool:
        """It does not say."""
        return self.is_well

    def see(self, event: Frame | Status, borrow: Borrow) -> None:
        """Note what came."""
        self.seen.append(event)

    def explain(self, reason: str) -> None:
        """Nothing to keep."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def run(self) -> None:
        """Look after nothing."""
        self.runs += 1
        await asyncio.Event().wait()

    @property
    def is_well(self) -> bool:
        """Well when the test says so."""
        return self.well.is_set()

    @property
    def expected_s(self) -> float:
        """As the test says."""
        return self.expected

    async def prepare(self, frame: Frame, borrow: Borrow) -> None:
        """Note what was laid ready."""
        self.prepared.append(frame.seq)

    async def until_well(self) -> None:
        """Well when the test says so."""
        await self.well.wait()

    async def answer(
        self, frame: Frame, borrow: Borrow, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Result:
        """Note the frame, wait for the test, answer."""
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        with borrow(frame):
            self.asked.append(frame.seq)
        if left is not None:
            left()
        await self.go.acquire()
        return Result(self.name, frame.seq, Timing(frame.captured_ns, frame.published_ns, 0, 0, 0, 0.0, free_ns))

    async def answer_again(self, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Result:
        """Answer with what came."""
        self.corrected.append(frame.seq)
        answer = {**corrections, "value": int(pixels.max())}
        return Result(self.name, frame.seq, Timing(frame.captured_ns, frame.published_ns, 0, 0, 0, 0.0), answer)


@pytest.fixture
def pictures() -> Pictures:
    """A source of frames."""
    return Pictures()


@pytest.fixture
def fake() -> type[FakeLink]:
    """Makes links."""
    return FakeLink
