"""What is done to the system, and when all of it is back."""

import asyncio
import multiprocessing
import random
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from bench.endurance.world import World
from bench.watch import stall

BACK_WITHIN_S = 60.0
LOOK_S = 0.5
FRESH_MS = 1000.0
LASTS_S = 5.0
BALLAST_SHARE = 0.3
"""Of the memory that is free."""
Act = Callable[[World], None]


@dataclass(frozen=True)
class Fault:
    """Something that happened, and how it ended."""

    kind: str
    at_ns: int
    """Monotonic, when it was done."""
    over_ns: int
    """When it was over by itself, such as the cable put back; `at_ns` for what happens in a moment."""
    back_ns: int
    """When everything was seen at work again; 0 when it was not within BACK_WITHIN_S."""

    @property
    def back_s(self) -> float | None:
        """From when it was over until everything was back."""
        return (self.back_ns - self.over_ns) / 1e9 if self.back_ns else None


def _killed(role: str) -> Act:
    return lambda world: world.signal(role, signal.SIGKILL)


def _stopped(role: str) -> Act:
    """It stands still, with all its files and sockets open; nobody lets it go on."""
    return lambda world: world.signal(role, signal.SIGSTOP)


def _for_a_while(begin: str, end: str) -> Act:
    def act(world: World) -> None:
        world.command(begin)
        world.rest(LASTS_S)
        world.command(end)

    return act


def _unplugged(world: World) -> None:
    world.command("unplug")


def _sleeping_viewer(world: World) -> None:
    _apart(stall(world.up.url, LASTS_S))


def _crowd(world: World) -> None:
    """Thirty pages that come and are gone at once, without a word."""

    async def visit() -> None:
        address = world.up.url.replace("http", "ws", 1) + "/live?view=explain"
        async with aiohttp.ClientSession() as session:
            socket = await session.ws_connect(address, max_msg_size=0)
            await socket.send_json({"type": "want", "live": 960, "answer": 960})
            await socket.receive()
            if (transport := socket._response.connection and socket._response.connection.transport) is not None:
                transport.abort()

    async def all_of() -> None:
        await asyncio.gather(*(visit() for _ in range(30)), return_exceptions=True)

    _apart(all_of())


def _apart(work: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: the page in Chromium is driven by a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _ballast(world: World) -> None:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    free_kib = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    held = np.ones(int(free_kib * 1024 * BALLAST_SHARE), np.uint8)
    world.rest(LASTS_S)
    del held


def _busy(world: World) -> None:
    """As many programs as there are processors compute beside it."""
    hogs = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(2)]
    for hog in hogs:
        hog.start()
    world.rest(LASTS_S)
    for hog in hogs:
        hog.kill()
        hog.join()


def _spin() -> None:
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        pass


ROLES = ("engine picture_quality", "engine empty", "broadcaster", "recorder", "server")
KINDS: dict[str, Act] = {
    **{f"kill -9, {role}": _killed(role) for role in ROLES},
    **{f"stands still, {role}": _stopped(role) for role in ROLES},
    "no signal": _for_a_while("signal off", "signal on"),
    "frozen": _for_a_while("freeze", "unfreeze"),
    "box unplugged": _unplugged,
    "a viewer that sleeps": _sleeping_viewer,
    "thirty viewers that vanish": _crowd,
    "memory taken": _ballast,
    "processors taken": _busy,
}


def in_turn(seed: int) -> Iterator[str]:
    """Every kind once, in an order of the dice; then again in another one, for ever."""
    dice = random.Random(seed)
    while True:
        yield from dice.sample(list(KINDS), len(KINDS))


def do(world: World, kind: str) -> Fault:
    """Do it, and wait until all is back."""
    at_ns = time.monotonic_ns()
    KINDS[kind](world)
    over_ns = time.monotonic_ns()
    before = None
    while time.monotonic_ns() < over_ns + BACK_WITHIN_S * 1e9:
        now = _progress(world)
        if now is not None and before is not None and all(a > b for a, b in zip(now, before, strict=True)):
            return Fault(kind, at_ns, over_ns, time.monotonic_ns())
        before = now
        world.rest(LOOK_S)
    return Fault(kind, at_ns, over_ns, 0)


def _progress(world: World) -> list[int] | None:
    """Counts that grow while all parts work: frames, answers of each engine, recorded frames; None when one does not.

    Of a server or an engine that was started again they begin at 0, so two looks in a row must see them grow.
    """
    health = world.health()
    recorder, frame = health.get("recorder") or {}, health.get("frame") or {}
    is_fresh = frame.get("age_ms") is not None and frame["age_ms"] < FRESH_MS
    if health.get("status") != "ok" or health.get("signal") != "live" or not is_fresh:
        return None
    if recorder.get("state") != "recording":
        return None
    return [frame["seq"], recorder["frames"], *(row["answers"] for row in health["engines"].values())]
