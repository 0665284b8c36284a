"""The subscriber: frames for ever, whatever happens to the broadcaster, and the truth about what is missing."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from tests.bus.conftest import Broadcast, FakeCapture, Until, paint

from bedside import clock, wire
from bedside.bus import jpeg
from bedside.bus.ring import RingWriter
from bedside.bus.subscriber import Subscriber
from bedside.errors import Overwritten
from bedside.messages import Frame, Loss, Signal, Status

Events = AsyncIterator[Frame | Status | Loss]


async def next_frame(events: Events) -> Frame:
    """The next frame, whatever comes before it."""
    async with asyncio.timeout(10):
        async for event in events:
            if isinstance(event, Frame):
                return event
    raise AssertionError("the subscriber ended")


async def next_status(events: Events, signal: Signal) -> Status:
    """The next status with this signal."""
    async with asyncio.timeout(10):
        async for event in events:
            if isinstance(event, Status) and event.signal is signal:
                return event
    raise AssertionError("the subscriber ended")


@asynccontextmanager
async def following(subscriber: Subscriber) -> AsyncIterator[Events]:
    """Its events, and its end afterwards."""
    async with aclosing(aiter(subscriber)) as events:  # type: ignore[type-var]
        yield events
    await subscriber.close()


@pytest.mark.parametrize(("encoding", "tolerance"), [("shm", 0), ("jpeg", 6)])
async def test_frames_come_with_their_own_pixels(broadcast: Broadcast, encoding: str, tolerance: int) -> None:
    """Copied or borrowed, from the ring exactly, from a JPEG nearly."""
    async with broadcast() as live:
        subscriber = Subscriber(live.ws, encoding=encoding, quality=95)
        async with following(subscriber) as events:
            for _ in range(5):
                frame = await next_frame(events)
                expected = paint(frame.seq, 64, 48).astype(int)
                assert np.abs(subscriber.copy(frame).astype(int) - expected).max() <= tolerance
                with subscriber.borrow(frame) as view:
                    assert np.abs(view.astype(int) - expected).max() <= tolerance


async def test_a_slow_consumer_gets_the_newest_frame_and_the_count(broadcast: Broadcast, until: Until) -> None:
    """After a long thought the next frame is fresh, and the frames in between come as Loss."""
    async with broadcast() as live:
        subscriber = Subscriber(live.ws)
        async with following(subscriber) as events:
            before = await next_frame(events)
            await until(lambda: subscriber.drops >= 10)
            lost = 0
            async for event in events:
                if isinstance(event, Loss):
                    lost += event.count
                if isinstance(event, Frame):
                    break
            assert isinstance(event, Frame)
            assert event.seq - before.seq - 1 == lost >= 10


async def test_max_fps_is_no_loss(broadcast: Broadcast) -> None:
    """What was left out because the subscriber asked for less is not reported as lost."""
    async with broadcast() as live, following(Subscriber(live.ws, max_fps=10)) as events:
        seqs, losses = [], 0
        async for event in events:
            if isinstance(event, Frame):
                seqs.append(event.seq)
            losses += event.count if isinstance(event, Loss) else 0
            if len(seqs) == 6:
                break
        assert seqs[-1] - seqs[0] > 2 * 5
        assert losses == 0


async def test_a_loss_of_the_source_says_so(broadcast: Broadcast, capture: FakeCapture) -> None:
    """Numbers that the source never delivered come as a Loss at the source."""
    async with broadcast() as live, following(Subscriber(live.ws)) as events:
        await next_frame(events)
        capture.skip = 7
        async with asyncio.timeout(10):
            async for event in events:
                if isinstance(event, Loss) and event.where == "source":
                    assert event.count == 7
                    break


async def test_a_broadcaster_that_is_not_there_is_said_once(broadcast: Broadcast) -> None:
    """OFFLINE comes once, however often it is tried; when the broadcaster starts, frames come by themselves."""
    async with broadcast() as first:
        port = first.port
    async with following(Subscriber(f"ws://127.0.0.1:{port}/frames")) as events:
        offline = await next_status(events, Signal.OFFLINE)
        assert f"127.0.0.1:{port} cannot be reached" in offline.message
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.8):
                await anext(events)


async def test_a_restarted_broadcaster_is_found_again(broadcast: Broadcast, ring_name: str) -> None:
    """Stopped: OFFLINE. Started again on its port: frames again, with the pixels of the new ring."""
    async with broadcast() as live:
        port = live.port
        subscriber = Subscriber(live.ws)
        events = aiter(subscriber)
        await next_frame(events)
    await next_status(events, Signal.OFFLINE)
    async with broadcast(port=port):
        frame = await next_frame(events)
        assert np.array_equal(subscriber.copy(frame), paint(frame.seq, 64, 48))
        await subscriber.close()


BROADCASTER = Path(__file__).with_name("conftest.py")
PROCESS = """
import asyncio, importlib.util, sys
spec = importlib.util.spec_from_file_location("fake", sys.argv[1])
fake = importlib.util.module_from_spec(spec)
sys.modules["fake"] = fake
spec.loader.exec_module(fake)
broadcaster = fake.Broadcaster(fake.FakeCapture(), host="127.0.0.1", port=int(sys.argv[2]), ring_name=sys.argv[3])
asyncio.run(broadcaster.run(asyncio.Event(), lambda port: print(port, flush=True)))
"""


async def test_a_killed_broadcaster_comes_back_with_numbers_that_go_on(ring_name: str) -> None:
    """kill -9: OFFLINE once; the next process takes the ring over, and no number is given twice."""

    async def start(port: int) -> tuple[asyncio.subprocess.Process, int]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROCESS, str(BROADCASTER), str(port), ring_name, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        return process, int(await process.stdout.readline())

    process, port = await start(0)
    try:
        subscriber = Subscriber(f"ws://127.0.0.1:{port}/frames")
        async with following(subscriber) as events:
            last = await next_frame(events)
            while last.seq < 5:
                last = await next_frame(events)
            process.kill()
            await process.wait()
            offline = await next_status(events, Signal.OFFLINE)
            assert offline.message
            process, _ = await start(port)
            frame = await next_frame(events)
            assert frame.seq > last.seq
            assert subscriber.copy(frame).shape == (48, 64, 3)
    finally:
        process.kill()
        await process.wait()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def other_server(handler: Handler) -> AsyncIterator[str]:
    """Something else that answers on /frames; its websocket address."""
    app = web.Application()
    app.router.add_get("/frames", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/frames"
    finally:
        await runner.cleanup()


def speaks(*messages: str | bytes) -> Handler:
    """A server that says these messages and then nothing more."""

    async def handler(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(timeout=0.1)
        await ws.prepare(request)
        for message in messages:
            await (ws.send_str(message) if isinstance(message, str) else ws.send_bytes(message))
        async for _ in ws:
            pass
        return ws

    return handler


HELLO: dict[str, Any] = wire.hello_header(wire.Hello(1, "bedside 0.1.0", "bedside-test-none", 1, 0))


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (json.dumps({**HELLO, "version": 2, "server": "bedside 9.0"}), "install the same Bedside on both sides"),
        (json.dumps(HELLO), "encoding=jpeg"),
        ("}{", "not JSON"),
        (b"\x00\x00\x00\x09rubbish", "header of 9 bytes"),
        (json.dumps({"type": "frame", "seq": "one"}), "field 'seq'"),
    ],
)
async def test_what_cannot_be_understood_is_an_error_with_a_sentence(message: str | bytes, sentence: str) -> None:
    """Another version, a ring that is not on this machine, and garbage: Status ERROR says what to do."""
    async with other_server(speaks(message)) as url, following(Subscriber(url)) as events:
        assert sentence in (await next_status(events, Signal.ERROR)).message


async def test_the_ring_of_another_machine_is_not_taken_for_ours(ring_name: str) -> None:
    """A ring of the same name on this machine, with another id, is refused: its pictures are of another scanner."""
    ours = RingWriter(ring_name)
    hello = json.dumps({**HELLO, "ring": ring_name, "ring_id": ours.ring_id + 1})
    async with other_server(speaks(hello)) as url, following(Subscriber(url)) as events:
        status = await next_status(events, Signal.ERROR)
    assert "is not that of the broadcaster" in status.message and "encoding=jpeg" in status.message
    ours.close()


async def test_a_broadcaster_that_hangs_is_offline() -> None:
    """One that says nothing for two seconds, though its socket is open, counts as gone."""
    async with other_server(speaks()) as url, following(Subscriber(url, encoding="jpeg")) as events:
        assert "may hang" in (await next_status(events, Signal.OFFLINE)).message


async def test_a_refusal_is_told_in_the_broadcasters_words(broadcast: Broadcast) -> None:
    """A missing token and a bad wish arrive as Status ERROR with the sentence that the broadcaster says."""
    async with broadcast(token="secret") as live:
        async with following(Subscriber(live.ws)) as events:
            assert "token is missing" in (await next_status(events, Signal.ERROR)).message
        async with following(Subscriber(live.ws, token="secret", quality=500)) as events:
            assert "quality is '500'" in (await next_status(events, Signal.ERROR)).message
        async with following(Subscriber(live.ws, token="secret")) as events:
            await next_frame(events)


async def test_what_is_no_broadcaster_is_said() -> None:
    """Another program on the port: the sentence doubts the address."""

    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>")

    async with other_server(page) as url, following(Subscriber(url)) as events:
        assert "no broadcaster" in (await next_status(events, Signal.ERROR)).message


async def test_ages_are_true_across_machines() -> None:
    """Frames of a machine whose clock is an hour ahead get the age that they have."""
    ahead = 3600 * clock.NS_PER_S

    async def handler(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(timeout=0.1)
        await ws.prepare(request)
        await ws.send_json({**HELLO, "monotonic_ns": clock.monotonic_ns() + ahead})
        frame = Frame(1, clock.monotonic_ns() + ahead, 1, 4, 3, Signal.LIVE)
        await ws.send_bytes(wire.pack(wire.frame_header(frame), b"jpeg"))
        async for _ in ws:
            pass
        return ws

    async with other_server(handler) as url, following(Subscriber(url, encoding="jpeg")) as events:
        frame = await next_frame(events)
        assert 0 <= clock.age_ms(frame.captured_ns) < 5000


async def test_no_ring_yet_is_overwritten() -> None:
    """Asking for pixels before anything was received is refused like a frame that is gone."""
    subscriber = Subscriber("ws://127.0.0.1:1/frames")
    frame = Frame(1, 1, 1, 4, 3, Signal.LIVE)
    with pytest.raises(Overwritten):
        subscriber.copy(frame)
    with pytest.raises(Overwritten), subscriber.borrow(frame):
        pass


@pytest.mark.parametrize("data", [b"", b"no jpeg", jpeg.encode(paint(1, 64, 48))[:-100]], ids=["empty", "other", "cut"])
def test_a_damaged_jpeg_is_a_frame_that_is_gone(data: bytes) -> None:
    """Whoever asks for its pixels takes the newest frame instead, as with one that has left the ring."""
    subscriber = Subscriber("ws://127.0.0.1:1/frames", encoding="jpeg")
    frame = Frame(7, 1, 1, 64, 48, Signal.LIVE, jpeg=data)
    with pytest.raises(Overwritten, match="frame 7 cannot be had"):
        subscriber.copy(frame)
    with pytest.raises(Overwritten, match="frame 7 cannot be had"), subscriber.borrow(frame):
        pass


async def test_close_ends_the_iteration(broadcast: Broadcast) -> None:
    """A task that iterates comes to its end when another closes the subscriber."""
    async with broadcast() as live:
        subscriber = Subscriber(live.ws)

        begun = asyncio.Event()

        async def iterate() -> None:
            async for _ in subscriber:
                begun.set()

        iterating = asyncio.create_task(iterate())
        await begun.wait()
        await subscriber.close()
        await asyncio.wait_for(iterating, 5)
