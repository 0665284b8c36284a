"""What each way to an engine adds to a frame: in this process, a process, a container, another machine."""

import asyncio
import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bedside import clock
from bedside.engine import container, docker
from bedside.engine.address import Address
from bedside.engine.drawing import draw
from bedside.engine.environment import command
from bedside.engine.link import EngineLink
from bedside.engine.picture import Wanted
from bedside.engine.staging import Stage
from bedside.errors import BuildFailed
from bedside.messages import Frame, Pixels, Signal
from bedside_engine.check import check
from bench import rig
from bench.engines.empty.engine import predict
from bench.numbers import Spread, spread

SIZES = {"224x288": (288, 224), "720p": (1280, 720), "1080p": (1920, 1080)}
FPS = 30
WARM = 10
START_S = 300
"""The container's image may have to be built first."""


@dataclass(frozen=True)
class Picture:
    """One picture of 1920x1080 that is handed out as frame after frame, as noisy as ultrasound."""

    pixels: Pixels

    @contextmanager
    def borrow(self, frame: Frame) -> Iterator[Pixels]:
        """Its pixels, whichever frame."""
        yield self.pixels

    def frame(self, seq: int) -> Frame:
        """The next frame, captured now."""
        now_ns = clock.monotonic_ns()
        return Frame(seq, now_ns, clock.wall_ns(), 1920, 1080, Signal.LIVE, now_ns)


def speckle() -> Picture:
    """A fan of smoothed noise on black."""
    noise = np.random.default_rng(7).integers(0, 255, (135, 240), np.uint8)
    grey = np.kron(noise, np.ones((8, 8), np.uint8))
    grey[:, :300] = grey[:, -300:] = 0
    return Picture(np.ascontiguousarray(np.stack([grey] * 3, axis=2)))


def in_this_process(picture: Picture, size: tuple[int, int], seconds: float) -> Spread:
    """The least there is: pixels staged as for an engine, the model called, its answer checked."""
    stage, times = Stage("bench", is_shared=False), []
    look = Wanted(size=size).look(1920, 1080)
    for _ in range(int(seconds * FPS)):
        started = time.perf_counter()
        check(predict(stage.fill(look.shape, lambda target: draw(picture.pixels, target, look)).pixels))
        times.append((time.perf_counter() - started) * 1e3)
        time.sleep(1 / FPS)
    stage.close()
    return spread(times[WARM:])


async def through_a_link(address: Address, picture: Picture, size: tuple[int, int], seconds: float) -> Spread:
    """Times that a link measures itself, the model's own time taken away."""
    link = EngineLink("empty", address, wanted=Wanted(size=size), report=lambda status: None)
    looking = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(START_S):
            await link.until_well()
        times = []
        for seq in range(1, int(seconds * FPS)):
            result = await link.answer(picture.frame(seq), picture.borrow)
            if result.error:
                raise RuntimeError(result.error)
            times.append(result.timing.added_ms)
            await asyncio.sleep(1 / FPS)
        return spread(times[WARM:])
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await link.close()


def ways(seconds: float) -> Iterator[tuple[str, str, Spread]]:
    """(way, size, times in ms) of every way that this machine has, all sizes of one way in turn."""
    picture = speckle()
    for size, pixels in SIZES.items():
        yield "same process", size, in_this_process(picture, pixels, seconds)
    with process_here() as url:
        for size, pixels in SIZES.items():
            yield "process, shared memory", size, asyncio.run(through_a_link(Address(url), picture, pixels, seconds))
    if has_docker():
        with a_container() as url:
            for size, pixels in SIZES.items():
                yield (
                    "container, shared memory",
                    size,
                    asyncio.run(through_a_link(Address(url), picture, pixels, seconds)),
                )
    with process_elsewhere() as url:
        for encoding in ("raw", "jpeg"):
            for size, pixels in SIZES.items():
                address = Address(url, encoding=encoding)
                yield (
                    f"over the network, {encoding}",
                    size,
                    asyncio.run(through_a_link(address, picture, pixels, seconds)),
                )


@contextmanager
def process_here() -> Iterator[str]:
    """The empty engine as `bedside engine` starts it; yields its address."""
    with settings() as config:
        port = rig.free_port()
        with running_engine(config, {"port": port}):
            yield f"http://127.0.0.1:{port}"


def has_docker() -> bool:
    """Whether a Docker engine answers on this machine."""
    try:
        return docker.ask("info").returncode == 0
    except BuildFailed:
        return False


@contextmanager
def a_container() -> Iterator[str]:
    """The empty engine in a container, which is built first."""
    with settings() as config:
        port = rig.free_port()
        with running_engine(config, {"port": port, "dockerfile": "Dockerfile"}):
            yield container.address(port)


@contextmanager
def process_elsewhere() -> Iterator[str]:
    """The empty engine on this machine's address in its network, so that nothing takes it for a neighbour."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; the system chooses the address that it would come from
        host = probe.getsockname()[0]
    port = rig.free_port()
    start = command(rig.ENGINES / "empty", "", "empty", port, host=host)
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(start.argv, env=dict(start.env), cwd=start.cwd, stdout=log, stderr=log) as process,
    ):
        try:
            yield f"http://{host}:{port}"
        finally:
            process.kill()


@contextmanager
def settings() -> Iterator[Path]:
    """A folder for a bedside.toml."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as folder:
        yield Path(folder) / "bedside.toml"


@contextmanager
def running_engine(config: Path, keys: dict[str, Any]) -> Iterator[None]:
    """`bedside engine empty` with these keys in its table."""
    table = {"name": "empty", "path": str(rig.ENGINES / "empty"), **keys}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
    config.write_text(f"[[engine]]\n{lines}\n", encoding="utf-8")
    with config.with_name("log").open("wb") as log:
        process = rig.start("engine empty", config, log)
    try:
        yield
    finally:
        rig.stop(process)


def replicas(seconds: float) -> dict[int, float]:
    """Answers a second of a model that waits 0.2 s, by how many processes of it run."""
    rates = {}
    for count in (1, 2):
        with rig.bedside("up", ["sleeps_200ms"], concurrency=count) as up:
            before = rig.answering(up, "sleeps_200ms")["answers"]
            started = time.monotonic()
            time.sleep(seconds)
            after = up.health()["engines"]["sleeps_200ms"]["answers"]
            rates[count] = (after - before) / (time.monotonic() - started)
    return rates
