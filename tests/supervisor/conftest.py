"""Small processes that behave, die, hang or resist, and a supervisor at work on them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bedside.supervisor.backoff import Backoff
from bedside.supervisor.plan import Process
from bedside.supervisor.supervisor import Supervisor

BEATS = """
import os, signal, subprocess, sys, time
fd = int(os.environ["BEDSIDE_HEARTBEAT_FD"])
def beat():
    os.write(fd, b".")
def live():
    while True:
        beat()
        time.sleep(0.1)
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Process]:
    """Makes a process of a few lines of Python, which may call beat() and live()."""

    def make(name: str, lines: str, **options: Any) -> Process:
        path = tmp_path / f"{name}.py"
        path.write_text(BEATS + lines, encoding="utf-8")
        return Process(name, (sys.executable, "-S", str(path)), **{"ping_s": 1.0, "start_s": 10.0, **options})

    return make


@pytest.fixture
def running() -> Callable[..., AbstractAsyncContextManager[Supervisor]]:
    """Runs a supervisor on a plan, and stops it at the end."""

    @asynccontextmanager
    async def run(
        *plan: Process, grace_s: float = 3.0, backoff: Callable[[], Backoff] = Backoff
    ) -> AsyncIterator[Supervisor]:
        supervisor = Supervisor(plan, grace_s=grace_s, backoff=backoff)
        task = asyncio.create_task(supervisor.run())
        try:
            yield supervisor
        finally:
            supervisor.stop()
            await task

    return run


@pytest.fixture
def until() -> Callable[..., Any]:
    """Waits until something is true."""

    async def wait(true: Callable[[], object], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - what is waited for sends no event
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process exists and is no zombie."""

    def ask(pid: int) -> bool:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    return ask
