"""Real model servers, each in its own environment, started by the tests that ask them and stopped with them."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside import clock
from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.client import Client
from bedside.errors import Unreachable
from bedside.messages import EngineState

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
START_S = 90
BRIGHT = np.full((48, 64, 3), 20, np.uint8)
"""A picture whose right third is bright."""
BRIGHT[:, 43:] = 250

Clients = Callable[..., Client]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in sockets]


@contextmanager
def running(
    command: list[Any], ready: str, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process group of its own, from the time that its URL `ready` answers until the end of it all."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=os.environ | (env or {}),
            start_new_session=True,
        )
    try:
        _await(process, ready, log)
        yield process
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)


def _await(process: "subprocess.Popen[bytes]", ready: str, log: Path) -> None:
    until_ns = clock.monotonic_ns() + START_S * clock.NS_PER_S
    while clock.monotonic_ns() < until_ns:
        try:
            with urllib.request.urlopen(ready, timeout=5):
                return
        except (OSError, urllib.error.HTTPError):
            if process.poll() is not None:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    pytest.fail(f"{process.args!r} is not ready at {ready}; its log ends with\n{log.read_text()[-3000:]}")


@pytest.fixture
async def client() -> AsyncIterator[Clients]:
    """Clients of a model, with the adapter of deploy/ where `is_raw`."""
    made: list[Client] = []

    def client(url: str, model: str = "brightest", is_raw: bool = True, **more: Any) -> Client:
        adapter = DEPLOY / "adapter.py" if is_raw else None
        made.append(Client(model, Address(url, adapter=adapter, **more)))
        return made[-1]

    yield client
    for one in made:
        await one.close()


async def until_ready(client: Client) -> None:
    """Wait until it is READY."""
    async with asyncio.timeout(START_S):
        while True:
            with contextlib.suppress(Unreachable):
                if (await client.readiness()).state is EngineState.READY:
                    return
            await asyncio.sleep(0.1)


async def answers_small_and_large(asking: Client) -> None:
    """It answers about BRIGHT, and about a full HD picture whose left third is bright."""
    await until_ready(asking)
    is_brightest((await asking.infer(Ask(1, BRIGHT))).fields)
    large = np.zeros((1080, 1920, 3), np.uint8)
    large[:, :640] = 255
    fields = (await asking.infer(Ask(2, large))).fields
    assert fields["verdict"]["label"] == "brightest: left"
    assert fields["mask"].shape == (1080, 1920)


async def says_that_it_has_no_such_model(asking: Client) -> None:
    """`asking` is for the model "other"."""
    readiness = await asking.readiness()
    assert readiness.state is EngineState.FAILED
    assert "has no model 'other'" in readiness.error


async def lists_its_tensors(asking: Client) -> None:
    """`asking` has no adapter."""
    readiness = await asking.readiness()
    assert readiness.state is EngineState.FAILED
    assert "(inputs: image UINT8 [-1, -1, 3]; outputs: scores FP32 [3], mask UINT8 [-1, -1])" in readiness.error


def is_brightest(fields: Mapping[str, Any]) -> None:
    """It must be the answer about BRIGHT."""
    assert fields["verdict"]["label"] == "brightest: right"
    assert fields["verdict"]["score"] == pytest.approx(250 / 255, abs=1e-3)
    assert (fields["mask"] == (BRIGHT[..., 0] > 127)).all()
