"""`python -m bench.decisions [NAME ...] [--rounds N]`: the comparisons that docs/decisions quotes, ways in turn.

Each measurement is one function; what it compares takes turns in one process, so that its proportions mean something
on a machine that has other work too. `websockets` is compared where it is installed.
"""

import argparse
import asyncio
import contextlib
import importlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from aiohttp import web

from bedside.bus import jpeg
from bedside.bus.ring import RingReader, RingWriter
from bedside.engine.connection import Connection
from bedside.engine.protocol import JSON_LENGTH, Question, binary_request
from bedside.messages import Frame, Pixels, Signal
from bedside.source.pixel_format import Layout, converter
from bedside.source.signal import SignalJudge
from bedside.source.synthetic_screen import Screen
from bench import machine, rig

Ways = Mapping[str, Callable[[], object]]
AsyncWays = Mapping[str, Callable[[], Awaitable[object]]]
Times = dict[str, list[float]]
"""Milliseconds of each round, by way."""

WIDTH, HEIGHT = 1920, 1080
JPEG_BYTES = 147_000
"""A 1080p ultrasound picture of quality 85."""
RUNNER = Path(__file__).parents[1] / "src" / "bedside_engine"


def in_turn(ways: Ways, rounds: int) -> Times:
    """Every way once a round; the first round, which warms up, does not count."""
    times: Times = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, work in ways.items():
            start_s = time.perf_counter()
            work()
            times[name].append((time.perf_counter() - start_s) * 1000)
    return {name: each[1:] for name, each in times.items()}


async def in_turn_async(ways: AsyncWays, rounds: int) -> Times:
    """The same on an event loop."""
    times: Times = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, work in ways.items():
            start_s = time.perf_counter()
            await work()
            times[name].append((time.perf_counter() - start_s) * 1000)
    return {name: each[1:] for name, each in times.items()}


def screen() -> Pixels:
    """One picture of a scanner's screen, uint8 [1080, 1920, 3]."""
    return Screen(WIDTH, HEIGHT).draw(1, 1, 0.0, frozen=False)


def web_library(rounds: int) -> Times:
    """Decision 1: a picture to an echo server and back over a loopback websocket, both ends in one process."""
    data = os.urandom(JPEG_BYTES)

    async def measure() -> Times:
        async with contextlib.AsyncExitStack() as stack:
            echoes = {"aiohttp": await stack.enter_async_context(aiohttp_echo())}
            with contextlib.suppress(ImportError):
                echoes["websockets"] = await stack.enter_async_context(websockets_echo())
            return await in_turn_async({name: partial(echo, data) for name, echo in echoes.items()}, rounds)

    return asyncio.run(measure())


Echo = Callable[[bytes], Awaitable[object]]


@contextlib.asynccontextmanager
async def aiohttp_echo() -> AsyncIterator[Echo]:
    """Sends bytes through aiohttp's websocket and waits until they are back."""

    async def handler(request: web.Request) -> web.StreamResponse:
        server = web.WebSocketResponse(compress=False, max_msg_size=0)
        await server.prepare(request)
        async for message in server:
            await server.send_bytes(message.data)
        return server

    app = web.Application()
    app.add_routes([web.get("/", handler)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as client:

            async def echo(data: bytes) -> object:
                await client.send_bytes(data)
                return await client.receive_bytes()

            yield echo
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def websockets_echo() -> AsyncIterator[Echo]:
    """The same through `websockets`. Raises ImportError where it is not installed."""
    servers: Any = importlib.import_module("websockets.asyncio.server")
    clients: Any = importlib.import_module("websockets.asyncio.client")

    async def handler(server: Any) -> None:
        async for message in server:
            await server.send(message)

    async with servers.serve(handler, "127.0.0.1", 0, compression=None, max_size=None) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with clients.connect(f"ws://127.0.0.1:{port}", compression=None, max_size=None) as client:

            async def echo(data: bytes) -> object:
                await client.send(data)
                return await client.recv()

            yield echo


def conversion(rounds: int) -> Times:
    """Decision 2: what a device delivers to RGB, 1920x1080."""
    random = np.random.default_rng(1)
    ways: dict[str, Callable[[], object]] = {}
    sizes = {"YUYV": 2.0, "UYVY": 2.0, "NV12": 1.5, "YU12": 1.5, "RGB3": 3.0}
    strides = {"YUYV": WIDTH * 2, "UYVY": WIDTH * 2, "RGB3": WIDTH * 3}
    for code, bytes_a_pixel in sizes.items():
        data = memoryview(random.integers(16, 236, int(WIDTH * HEIGHT * bytes_a_pixel)).astype(np.uint8).tobytes())
        for color_range, matrix in (("limited", "601"), ("limited", "709"), ("full", "601")):
            if code == "RGB3" and matrix == "709":
                continue
            convert = converter(Layout(code, WIDTH, HEIGHT, strides.get(code, WIDTH), color_range, matrix))
            ways[f"{code} {matrix} {color_range}"] = partial(convert, data)
    picture = memoryview(jpeg.encode(screen(), quality=95))
    decode = converter(Layout("MJPG", WIDTH, HEIGHT, 0, "full", "601"))
    ways[f"MJPG, {len(picture) // 1000} kB"] = lambda: decode(picture)
    return in_turn(ways, rounds)


def judge(rounds: int) -> Times:
    """Decision 3: judging one moving picture."""
    times: Times = {}
    for width, height in ((1280, 720), (WIDTH, HEIGHT)):
        drawn, judges = Screen(width, height), SignalJudge()
        pictures = [drawn.draw(n, n, n / 30, frozen=False) for n in range(8)]
        numbers = iter(range(rounds + 1))

        def work(pictures: list[Pixels] = pictures, judges: SignalJudge = judges, numbers: Any = numbers) -> object:
            number = next(numbers)
            return judges.judge(pictures[number % 8], number * 33_333_333)

        times |= in_turn({f"{width}x{height}": work}, rounds)
    return times


def ring(rounds: int) -> Times:
    """Decision 4: the ways to hand on one picture of 1920x1080."""
    pixels, own = screen(), np.empty((HEIGHT, WIDTH, 3), np.uint8)
    writer = RingWriter(f"bedside-bench-{os.getpid()}")
    try:
        reader = RingReader(writer.name)
        frame = writer.write(Frame(1, 1, 1, WIDTH, HEIGHT, Signal.LIVE), pixels)

        def write() -> None:
            nonlocal frame
            frame = writer.write(Frame(writer.last_seq + 1, 1, 1, WIDTH, HEIGHT, Signal.LIVE), pixels)

        def borrow(into: Pixels | None) -> None:
            with reader.borrow(frame) as view:
                if into is not None:
                    np.copyto(into, view)

        for _ in range(writer.slots):  # the first write into a slot also pays for its memory
            write()
        ways: Ways = {
            "a bare copy from one array to another": lambda: np.copyto(own, pixels),
            "write into the ring": write,
            "borrow from the ring and copy into an own buffer": lambda: borrow(own),
            "copy out of the ring into a new array": lambda: reader.copy(frame),
            "borrow from the ring without a copy": lambda: borrow(None),
            "JPEG of quality 85: encode and decode": lambda: jpeg.decode(jpeg.encode(pixels)),
        }
        return in_turn(ways, rounds) | {"raw over a loopback websocket, there and back": raw(pixels, rounds)}
    finally:
        writer.close()


def raw(pixels: Pixels, rounds: int) -> list[float]:
    """A whole picture over a websocket to an echo server and back."""

    async def measure() -> Times:
        async with aiohttp_echo() as echo:
            return await in_turn_async({"raw": lambda: echo(pixels.tobytes())}, rounds)

    return asyncio.run(measure())["raw"]


def engine_connection(rounds: int) -> Times:
    """Decision 6: one request of 2 x 2 pixels to an engine that does nothing, in a process of its own."""
    parts, length = binary_request(Question(1, {"frame": np.zeros((2, 2, 3), np.uint8)}))
    body = b"".join(parts)
    headers = {JSON_LENGTH: str(length), "Content-Type": "application/octet-stream"}
    path = "/v2/models/empty/infer"
    port = rig.free_port()
    url = f"http://127.0.0.1:{port}"
    model = Path(__file__).parent / "engines" / "empty"
    command = [sys.executable, str(RUNNER), "--path", str(model), "--name", "empty", "--port", str(port)]

    async def measure(plain: socket.socket) -> Times:
        link = Connection(url)
        async with aiohttp.ClientSession() as session:

            async def blocking() -> object:
                return exchange(plain, path, body, headers)

            async def general() -> object:
                async with session.post(url + path, data=body, headers=headers) as response:
                    return await response.read()

            ways: AsyncWays = {
                "a blocking socket": blocking,
                "asyncio streams (engine/connection.py)": lambda: link.request("POST", path, [body], headers),
                "aiohttp": general,
            }
            times = await in_turn_async(ways, rounds)
        await link.close()
        return times

    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        rig.until(lambda: rig.get_json(f"{url}/v2/health/ready").get("state") == "READY", "the empty engine")
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return asyncio.run(measure(plain))
    finally:
        rig.stop(process)


def exchange(plain: socket.socket, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """One HTTP request and its whole response over a blocking socket."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    plain.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    data = b""
    while b"\r\n\r\n" not in data:
        data += plain.recv(65536)
    head, _, answer = data.partition(b"\r\n\r\n")
    (length,) = (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    while len(answer) < length:
        answer += plain.recv(65536)
    return answer


MEASUREMENTS: dict[str, Callable[[int], Times]] = {
    "web_library": web_library,
    "conversion": conversion,
    "judge": judge,
    "ring": ring,
    "engine_connection": engine_connection,
}


def main() -> None:
    """Measure what was asked for, everything by default, and print medians and 99th percentiles."""
    parser = argparse.ArgumentParser(prog="python -m bench.decisions", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in MEASUREMENTS]:
        parser.error(f"unknown {', '.join(unknown)}; expected some of {', '.join(MEASUREMENTS)}")
    print(f"on {machine.name()}, {arguments.rounds} rounds")
    for name in arguments.names or MEASUREMENTS:
        print(f"\n{name}: {(MEASUREMENTS[name].__doc__ or '').splitlines()[0]}")
        for way, times in MEASUREMENTS[name](arguments.rounds).items():
            print(f"  {way:50} p50 {statistics.median(times):7.3f} ms   p99 {np.percentile(times, 99):7.3f} ms")


if __name__ == "__main__":
    main()
