"""Villains under the real supervisor, runner and link: each is ended and comes back, and its neighbour notices nothing.

Every villain is bounded in itself and runs within limits, so that a failing test cannot hurt the machine.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.conftest import free_port

from bedside import clock
from bedside.cli.ends import explain_ends
from bedside.cli.engines import engines_of
from bedside.cli.machine import Report
from bedside.engine.replicas import Replicas
from bedside.errors import Unreachable
from bedside.messages import EngineStatus, Frame, Result, Signal
from bedside.settings import load
from bedside.supervisor.plan import plan
from bedside.supervisor.supervisor import Supervisor

VILLAINS = Path(__file__).parents[1] / "villains"
MEMORY = r"used 0\.[5-8]\d* GB of memory; its limit is 0\.5 GB \(memory_gb\)"

COMES_BACK = {
    "exits_in_predict": "ended with exit status 7",
    "killed_in_predict": "was killed by SIGKILL",
    "segfaults": "was killed by SIGSEGV",
    "never_returns": "ended with exit status 1; it said last: ",
    "holds_the_gil": "ended with exit status 1; it said last: ",
    "closes_every_file": "ended with exit status 1; it said last: ",
    "leaves_an_alarm": "ended with exit status 1; it said last: RuntimeError: predict took too long",
    "leaves_children": "ended with exit status 5",
    "forks_without_end": r"had \d+ processes; its limit is 40 \(processes\)",
    "allocates_in_steps": MEMORY,
    "leaks_memory": MEMORY,
    "fills_shared_memory": MEMORY,
}
"""What the supervisor says of its end."""


@dataclass
class Bench:
    """A villain and a healthy neighbour."""

    supervisor: Supervisor
    villain: Replicas
    neighbour: Replicas
    reports: list[EngineStatus]
    seq: int = 0

    async def ask(self, engine: Replicas) -> Result:
        """The answer to the next frame, once the engine is well."""
        async with asyncio.timeout(60):
            while True:
                self.seq += 1
                now = clock.monotonic_ns()
                with suppress(Unreachable):
                    return await engine.answer(Frame(self.seq, now, clock.wall_ns(), 6, 4, Signal.LIVE, now), lend)
                await asyncio.sleep(0.02)

    @property
    def ends(self) -> list[int]:
        """How often each has ended, the villain first."""
        return [status.ends for status in self.supervisor.statuses]


@contextmanager
def lend(_: Frame) -> Any:
    """Pixels."""
    yield np.full((4, 6, 3), 7, np.uint8)


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[str], Any]:
    """Runs a villain by name, and beside it an engine that works."""

    @asynccontextmanager
    async def run(name: str) -> AsyncIterator[Bench]:
        ports = free_port(), free_port()
        config = tmp_path / "bedside.toml"
        config.write_text(
            f'[[engine]]\nname = "e"\npath = "{VILLAINS / name}.py"\nport = {ports[0]}\nmemory_gb = 0.5\n'
            "processes = 40\ndeadline_s = 1.0\nstart_deadline_s = 4.0\n"
            f'[[engine]]\nname = "n"\npath = "{VILLAINS / "leaves_threads"}.py"\nport = {ports[1]}\n'
            "memory_gb = 1.0\ndeadline_s = 60.0\n"
        )
        settings = load(config, {})
        processes = [process for process in plan(settings, config) if process.name.startswith("engine")]
        supervisor = Supervisor(processes, Report(tmp_path / "supervisor.json"), grace_s=1.0)
        reports: list[EngineStatus] = []
        villain, neighbour = engines_of(settings, reports.append)
        tasks = [asyncio.create_task(task) for task in (supervisor.run(), villain.run(), neighbour.run())]
        tasks.append(asyncio.create_task(explain_ends(tmp_path / "supervisor.json", [villain, neighbour])))
        try:
            yield Bench(supervisor, villain, neighbour, reports)
        finally:
            supervisor.stop()
            await tasks[0]
            for task in tasks[1:]:
                task.cancel()
            await asyncio.wait(tasks)
            await villain.close()
            await neighbour.close()

    return run


@pytest.mark.parametrize("name", COMES_BACK)
async def test_a_villain_is_ended_and_comes_back(name: str, bench: Any, until: Any, alive: Any) -> None:
    """Why it ended reaches the page; it answers or fails again; all that it started is gone; its neighbour goes on."""
    async with bench(name) as at:
        assert (await at.ask(at.neighbour)).answer == {"text": "works"}
        while not at.ends[0]:
            asking = asyncio.create_task(at.ask(at.villain))
            while not asking.done():
                assert (await at.ask(at.neighbour)).answer == {"text": "works"}
                await asyncio.sleep(0.01)
            await asking
            await asyncio.sleep(0.2)
        said = at.supervisor.statuses[0].message
        assert re.match(COMES_BACK[name], said)
        await until(lambda: any(said in report.message for report in at.reports))
        await until(lambda: at.villain.status.restarts)
        await at.ask(at.villain)
        assert (await at.ask(at.neighbour)).answer == {"text": "works"}
        assert (at.ends[1], at.neighbour.status.restarts, at.neighbour.status.errors) == (0, 0, 0)
        pids = [status.pid for status in at.supervisor.statuses]
    assert not any(alive(pid) for pid in pids)
    assert survivors() == []


async def test_twenty_gigabytes_are_an_error_of_that_frame(bench: Any) -> None:
    """Touched or not: the model gets a MemoryError, says so for each frame, and need not be started again."""
    async with bench("allocates_at_once") as at:
        for _ in range(3):
            assert (await at.ask(at.villain)).error.startswith("predict raised ")
            assert "Unable to allocate 20.0 GiB" in (await at.ask(at.villain)).error
        assert at.ends == [0, 0]


async def test_who_ignores_the_request_to_end_is_ended(bench: Any, alive: Any) -> None:
    """A model that has taken the signals for itself, and one with threads that never end, are gone after the grace."""
    async with bench("handles_signals") as at:
        await at.ask(at.villain)
        await at.ask(at.neighbour)
        pids = [status.pid for status in at.supervisor.statuses]
        assert all(alive(pid) for pid in pids)
    assert not any(alive(pid) for pid in pids)


def survivors() -> list[str]:
    """Processes of villains that are still there."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            is_ours = f"PPid:\t{os.getpid()}\n" in (entry / "status").read_text()
            if "sleep 61.25" in line or (str(VILLAINS) in line and is_ours):
                found.append(line)
    return found
