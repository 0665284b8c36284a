"""Engines in processes of their own, started again when they die, as the supervisor does it."""

import asyncio
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside import clock
from bedside.engine.address import Address
from bedside.engine.environment import command
from bedside.engine.link import EngineLink
from bedside.engine.staging import Borrow
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Signal

VILLAINS = Path(__file__).parents[1] / "villains"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Restarter:
    """Runs one engine, in a thread, and starts it again whenever it ends."""

    def __init__(self, path: Path, *, deadline_s: float = 10.0, start_deadline_s: float = 30.0) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.starts = 0
        self.path = path
        self.process: subprocess.Popen[bytes] | None = None
        self._deadlines = (deadline_s, start_deadline_s)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def log(self) -> str:
        """What the engines have printed."""
        return os.pread(self._log.fileno(), 1_000_000, 0).decode()

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()

    def _run(self) -> None:
        deadline_s, start_s = self._deadlines
        while not self._stop.is_set():
            start = command(self.path, "", "e", self.port, deadline_s=deadline_s, start_deadline_s=start_s)
            with subprocess.Popen(
                start.argv, env=dict(start.env), cwd=start.cwd, stdout=self._log, stderr=self._log
            ) as self.process:
                self.starts += 1
                while self.process.poll() is None and not self._stop.wait(0.02):
                    pass
                self.process.kill()

    def close(self) -> None:
        """End both."""
        self._stop.set()
        self._thread.join()
        self._log.close()


def staged() -> list[str]:
    """What links of this process hold in shared memory."""
    return [path.name for path in Path("/dev/shm").glob(f"bedside-stage-e-{os.getpid()}-*")]


@dataclass
class Linked:
    """A link that runs, and everything that it has reported."""

    link: EngineLink
    reports: list[EngineStatus]
    numbers: list[int] = field(default_factory=lambda: [0])
    staged: Callable[[], list[str]] = staged

    @property
    def states(self) -> list[str]:
        """The states in order, without repetition."""
        names = [str(report.state) for report in self.reports]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    async def until(self, state: EngineState, seconds: float = 20) -> EngineStatus:
        """Wait for a state."""
        await self.until_true(lambda: self.link.status.state is state, seconds)
        return self.link.status

    async def until_true(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Poll until something holds."""
        end = clock.monotonic_ns() + seconds * clock.NS_PER_S
        while not holds():
            assert clock.monotonic_ns() < end, f"did not happen within {seconds} s: {self.link.status}"
            await asyncio.sleep(0.01)

    async def ask(self, value: int = 7, size: tuple[int, int] = (6, 4), pixels: Pixels | None = None) -> Any:
        """Ask with the next frame, all its pixels of one value."""
        return await self.link.answer(*self.picture(value, size, pixels))

    def picture(self, value: int, size: tuple[int, int] = (6, 4), pixels: Pixels | None = None) -> tuple[Frame, Borrow]:
        """The next frame, all its pixels of one value, and what lends them."""
        self.numbers[0] += 1
        whole = np.full((size[1], size[0], 3), value, np.uint8) if pixels is None else pixels
        now = clock.monotonic_ns()
        frame = Frame(self.numbers[0], now, clock.wall_ns(), whole.shape[1], whole.shape[0], Signal.LIVE, now)

        @contextmanager
        def borrow(_: Frame) -> Iterator[Pixels]:
            yield whole

        return frame, borrow


@pytest.fixture
def serve() -> Iterator[Callable[..., Restarter]]:
    """Starts an engine by its villain's name, or of a path."""
    started: list[Restarter] = []

    def serve(engine: str | Path, **more: Any) -> Restarter:
        path = VILLAINS / f"{engine}.py" if isinstance(engine, str) else engine
        started.append(Restarter(path, **more))
        return started[-1]

    yield serve
    for restarter in started:
        restarter.close()


@pytest.fixture
async def link() -> AsyncIterator[Callable[..., Linked]]:
    """Links to a URL; whatever it staged is gone from shared memory afterwards."""
    made: list[tuple[Linked, asyncio.Task[None]]] = []

    def link(url: str, **more: Any) -> Linked:
        reports: list[EngineStatus] = []
        linked = Linked(EngineLink("e", Address(url), report=reports.append, **more), reports)
        made.append((linked, asyncio.create_task(linked.link.run())))
        return linked

    yield link
    for linked, task in made:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await linked.link.close()
    assert staged() == []
