"""A capture without a device, a broadcaster that runs it, and ring names that nobody else uses."""

import asyncio
import itertools
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from bedside import clock
from bedside.bus.broadcaster import Broadcaster
from bedside.bus.layout import ring_path
from bedside.errors import SourceError
from bedside.messages import Frame, Pixels, Signal, Status

NUMBERS = itertools.count(1)


def paint(seq: int, width: int, height: int) -> Pixels:
    """A picture whose every pixel says its number."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = (seq % 251, seq // 251 % 251, 100)
    return pixels


class FakeCapture:
    """Delivers painted pictures at `fps` until it is stopped, and does what the test says in between."""

    commands = ("freeze",)

    def __init__(self, fps: float = 50.0, width: int = 64, height: int = 48) -> None:
        self.fps, self.width, self.height = fps, width, height
        self.signal = Signal.LIVE
        self.skip = 0
        self.is_silent = False
        self.error: Exception | None = None
        self.asked: list[str] = []
        self.painter: Callable[[int], Pixels] = lambda seq: paint(seq, self.width, self.height)
        self.seq = 0

    def run(
        self, publish: Callable[[Frame, Pixels], None], report: Callable[[Status], None], stop: threading.Event
    ) -> None:
        """Deliver one picture after the other."""
        said = None
        while not stop.wait(1 / self.fps):
            if self.error is not None:
                raise self.error
            if said is not self.signal:
                said = self.signal
                report(Status(said, source="fake:", fps=self.fps))
            if not self.is_silent:
                self.seq, self.skip = self.seq + 1 + self.skip, 0
                now, wall = clock.monotonic_ns(), clock.wall_ns()
                frame = Frame(self.seq, now, wall, self.width, self.height, self.signal)
                publish(frame, self.painter(self.seq))

    def control(self, command: str) -> None:
        """Accept freeze, refuse the rest."""
        if command != "freeze":
            raise SourceError(f"a fake source cannot {command!r}; expected freeze")
        self.asked.append(command)

    def state(self) -> dict[str, object]:
        """What was asked of it."""
        return {"asked": self.asked}


@dataclass
class Live:
    """A broadcaster that runs, and how to reach it."""

    port: int
    ring_name: str
    capture: FakeCapture
    stop: asyncio.Event
    task: "asyncio.Task[None]" = field(repr=False)

    @property
    def ws(self) -> str:
        """Address of its websocket."""
        return f"ws://127.0.0.1:{self.port}/frames"

    @property
    def http(self) -> str:
        """Address of its HTTP side."""
        return f"http://127.0.0.1:{self.port}"


Broadcast = Callable[..., AbstractAsyncContextManager[Live]]
Until = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]


@pytest.fixture
def ring_name() -> Iterator[str]:
    """A name of this test's own; nothing of it is left afterwards."""
    name = f"bedside-test-{os.getpid()}-{next(NUMBERS)}"
    yield name
    ring_path(name).unlink(missing_ok=True)
    assert not list(ring_path(name).parent.glob(f".{name}.*"))


@pytest.fixture
def capture() -> FakeCapture:
    """A capture of small pictures, 50 a second."""
    return FakeCapture()


@pytest.fixture
def broadcast(ring_name: str, capture: FakeCapture) -> Broadcast:
    """Runs a broadcaster inside `async with broadcast(port=..., token=...) as live:`."""

    @asynccontextmanager
    async def run(port: int = 0, **options: Any) -> AsyncIterator[Live]:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        ready: asyncio.Future[int] = loop.create_future()
        broadcaster = Broadcaster(capture, host="127.0.0.1", port=port, ring_name=ring_name, **options)
        task = asyncio.create_task(broadcaster.run(stop, ready.set_result))
        try:
            waits: set[asyncio.Future[Any]] = {task, ready}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                await task
            yield Live(ready.result(), ring_name, capture, stop, task)
        finally:
            stop.set()
            await asyncio.wait({task})
        task.result()

    return run


@pytest.fixture
def until() -> Until:
    """Waits until a condition holds, and fails when it does not within ten seconds."""

    async def wait(condition: Callable[[], Awaitable[bool] | bool]) -> None:
        async with asyncio.timeout(10):
            while True:
                held = condition()
                if held is True or (not isinstance(held, bool) and await held):
                    return
                await asyncio.sleep(0.01)

    return wait
