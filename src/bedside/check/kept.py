"""Keeps processes alive for as long as a `with` block lasts, as `bedside up` does; and what they and others use."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bedside.supervisor.plan import Process
from bedside.supervisor.supervisor import Supervisor

LOOK_S = 0.4


@asynccontextmanager
async def kept(processes: Sequence[Process]) -> AsyncIterator[Supervisor]:
    """A supervisor of these processes; after the block nothing that they have started runs any more."""
    supervisor = Supervisor(processes)
    running = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
    finally:
        supervisor.stop()
        told: asyncio.CancelledError | None = None
        while not running.done():
            try:
                await asyncio.shield(running)
            except asyncio.CancelledError as error:  # first the processes end, and at once
                told = error
                supervisor.stop()
        if told is not None:
            raise told


def peak_mb(pid: int) -> float:
    """The most memory that a process and those that it has started have held, added up; 0 where that is not known."""
    peak = 0.0
    waiting = [pid] if pid else []
    while waiting:
        one = Path(f"/proc/{waiting.pop()}")
        try:
            lines = (one / "status").read_text(encoding="utf-8").splitlines()
            children = [(task / "children").read_text(encoding="ascii") for task in (one / "task").iterdir()]
        except OSError:
            continue  # gone meanwhile, or a system without /proc
        peak += sum(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:"))
        waiting += [int(number) for each in children for number in each.split()]
    return peak


async def busy_cores() -> float:
    """How many processor cores are busy just now, whoever keeps them so; 0 where that is not known."""
    before = _idle_ticks()
    await asyncio.sleep(LOOK_S)
    idle_s = (_idle_ticks() - before) / os.sysconf("SC_CLK_TCK")
    cores = os.cpu_count() or 1
    return max(0.0, cores - idle_s / LOOK_S) if before else 0.0


def _idle_ticks() -> int:
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    except OSError:
        return 0
    return int(words[4]) + int(words[5])  # idle, and idle while it waits for a disk
