"""The broadcaster against real sockets: who gets what, who is refused, and what nobody can break."""

import asyncio
import json
import os
import socket
from typing import Any

import aiohttp
import numpy as np
import pytest
from tests.bus.conftest import Broadcast, FakeCapture, Live, Until, paint

from bedside import wire
from bedside.bus import jpeg
from bedside.bus.broadcaster import Broadcaster
from bedside.bus.layout import ring_path
from bedside.bus.ring import RingReader, RingWriter
from bedside.errors import BusError, SettingsError
from bedside.messages import Frame, Signal


async def health(live: Live) -> dict[str, Any]:
    """The broadcaster's own account of itself."""
    async with aiohttp.ClientSession() as session, session.get(f"{live.http}/health") as response:
        report: dict[str, Any] = await response.json()
        assert response.status == (200 if report["status"] == "ok" else 503)
        return report


async def next_frame(ws: aiohttp.ClientWebSocketResponse) -> tuple[Frame, dict[str, Any]]:
    """The next frame that arrives, and its header."""
    while True:
        message = await ws.receive(timeout=5)
        picture = None
        if message.type is aiohttp.WSMsgType.BINARY:
            header, picture = wire.unpack(message.data)
        else:
            assert message.type is aiohttp.WSMsgType.TEXT, message
            header = wire.parse(message.data)
        if header["type"] == "frame":
            return wire.read_frame(header, picture), header


async def test_a_subscriber_gets_hello_status_and_frames(broadcast: Broadcast) -> None:
    """In this order; the hello names the ring, in which the frame's own pixels lie."""
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        hello = wire.read_hello(await ws.receive_json())
        reader = RingReader(hello.ring)
        assert (hello.ring, hello.ring_id) == (live.ring_name, reader.ring_id)
        assert (await ws.receive_json())["type"] == "status"
        frame, _ = await next_frame(ws)
        assert np.array_equal(reader.copy(frame), paint(frame.seq, 64, 48))
        assert frame.published_ns >= frame.captured_ns


async def test_a_remote_subscriber_gets_the_picture_with_the_frame(broadcast: Broadcast) -> None:
    """encoding=jpeg: one binary message, whose JPEG shows this very frame in the width that was asked for."""
    async with broadcast() as live, aiohttp.ClientSession() as session:
        ws = await session.ws_connect(f"{live.ws}?encoding=jpeg&width=32&quality=95")
        frame, _ = await next_frame(ws)
        assert frame.jpeg is not None
        pixels = jpeg.decode(frame.jpeg)
        assert pixels.shape == (24, 32, 3) and (frame.width, frame.height) == (64, 48)
        assert np.abs(pixels.astype(int) - paint(frame.seq, 32, 24)).max() < 6
        await ws.close()


async def test_one_jpeg_serves_all_who_asked_the_same(broadcast: Broadcast, capture: FakeCapture) -> None:
    """Four subscribers of one size cost one encode a frame, those of another size one more, those of the ring none."""
    async with broadcast() as live, aiohttp.ClientSession() as session:
        asked = ["?encoding=jpeg&width=32"] * 4 + ["?encoding=jpeg"] + [""] * 2
        sockets = [await session.ws_connect(live.ws + query) for query in asked]
        before = (await health(live))["encodes"], capture.seq
        for _ in range(20):
            await asyncio.gather(*(next_frame(ws) for ws in sockets))
        after = (await health(live))["encodes"], capture.seq
        assert 10 <= after[0] - before[0] <= 2 * (after[1] - before[1] + 2)
        for ws in sockets:
            await ws.close()


def never_reads(port: int) -> socket.socket:
    """A subscriber that asks for large pictures and takes none."""
    stuck = socket.create_connection(("127.0.0.1", port))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.sendall(
        b"GET /frames?encoding=jpeg&quality=100 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    return stuck


def deliver_noise(capture: FakeCapture) -> None:
    """Pictures of 1280 x 720 that do not shrink."""
    capture.width, capture.height, capture.fps = 1280, 720, 20
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3)).astype(np.uint8)
    capture.painter = lambda seq: noise


async def test_a_stuck_subscriber_does_not_hold_up_the_end(
    broadcast: Broadcast, capture: FakeCapture, until: Until
) -> None:
    """A broadcaster stops long before it would drop a subscriber that does not read."""
    deliver_noise(capture)
    async with broadcast(stuck_after_s=60) as live:
        with never_reads(live.port):

            async def is_stuck() -> bool:
                subscribers = (await health(live))["subscribers"]
                return bool(subscribers) and subscribers[0]["drops"] > 3

            await until(is_stuck)
            live.stop.set()
            await asyncio.wait({live.task}, timeout=10)
            assert live.task.done()


async def test_a_subscriber_that_never_reads_is_dropped_and_nobody_waits(
    broadcast: Broadcast, capture: FakeCapture, until: Until
) -> None:
    """Its socket fills, its frames are dropped and counted, then it is dropped itself; the other misses nothing."""
    deliver_noise(capture)
    async with broadcast(stuck_after_s=0.5) as live, aiohttp.ClientSession() as session:
        stuck = never_reads(live.port)
        async with session.ws_connect(f"{live.ws}?backlog=8") as ws:
            first, _ = await next_frame(ws)
            seqs = [first.seq]

            async def dropped() -> bool:
                seqs.append((await next_frame(ws))[0].seq)
                return len(seqs) % 10 == 0 and bool((await health(live))["dropped_subscribers"])

            await until(dropped)
            assert seqs == list(range(first.seq, seqs[-1] + 1))
            assert [account["encoding"] for account in (await health(live))["subscribers"]] == ["shm"]
        stuck.close()


async def test_a_subscriber_that_cannot_be_served_is_let_go(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When sending to it fails for a reason that nobody thought of, its connection ends; it is not left in silence."""

    def fails(*_: object) -> bytes:
        raise ValueError("out of luck")

    monkeypatch.setattr("bedside.bus.jpeg.encode", fails)
    async with broadcast() as live, aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{live.ws}?encoding=jpeg") as ws, asyncio.timeout(10):
            async for _ in ws:
                pass
        async with session.ws_connect(live.ws) as ws:
            await next_frame(ws)


async def test_max_fps_is_kept_and_no_loss(broadcast: Broadcast) -> None:
    """A subscriber that asked for 10 of 50 frames a second gets them; the rest is counted as thinned, not dropped."""
    async with broadcast() as live, aiohttp.ClientSession() as session:
        ws = await session.ws_connect(f"{live.ws}?max_fps=10")
        first, before = await next_frame(ws)
        frames = [await next_frame(ws) for _ in range(10)]
        last, header = frames[-1]
        assert last.captured_ns - first.captured_ns > 0.87e9  # ten periods, less what jitter is forgiven
        thinned = header["thinned"] - before["thinned"]
        assert 0 < thinned <= last.seq - first.seq - 10
        assert (await health(live))["subscribers"][0]["drops"] < thinned
        await ws.close()


async def test_losses_of_the_source_travel_with_the_frame(broadcast: Broadcast, capture: FakeCapture) -> None:
    """Numbers that the source left out are told apart from what the bus lost."""
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        _, before = await next_frame(ws)
        capture.skip = 5
        header = before
        while header["lost_at_source"] == before["lost_at_source"]:
            _, header = await next_frame(ws)
        assert header["lost_at_source"] - before["lost_at_source"] == 5


async def test_a_change_of_signal_is_told_at_once_and_repeated(broadcast: Broadcast, capture: FakeCapture) -> None:
    """The status comes on the change, and twice a second without one, with no frame in between."""
    capture.is_silent = True
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        capture.signal = Signal.UNPLUGGED
        signals: list[str] = []
        while signals.count("unplugged") < 3:
            header = await ws.receive_json(timeout=2)
            signals.append(header.get("signal", header["type"]))
        assert set(signals) <= {"hello", "stalled", "live", "unplugged"}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("encoding=png", "encoding is 'png'; expected shm or jpeg"),
        ("width=-1", "width is '-1'; expected a whole number from 0 to 16384"),
        ("quality=500", "quality is '500'"),
        ("max_fps=fast", "max_fps is 'fast'"),
    ],
)
async def test_a_bad_wish_is_400_with_one_sentence(broadcast: Broadcast, query: str, sentence: str) -> None:
    """Before the websocket begins, as JSON."""
    async with broadcast() as live, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(f"{live.ws}?{query}")
        assert caught.value.status == 400
        async with session.get(f"{live.http}/frames?{query}") as response:
            assert response.status == 400 and (await response.json())["error"].startswith(sentence)


async def test_garbage_from_a_client_harms_nobody(broadcast: Broadcast, until: Until) -> None:
    """Text, bytes, a message too long, broken frames and broken HTTP: others go on, and the talkative one is let go."""
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as good:
        async with session.ws_connect(live.ws) as talkative:
            await talkative.send_str("}{")
            await talkative.send_bytes(os.urandom(1000))
            await next_frame(talkative)
            await talkative.send_str("x" * 100_000)
            while (message := await talkative.receive(timeout=5)).type in (
                aiohttp.WSMsgType.TEXT,
                aiohttp.WSMsgType.PING,
            ):
                pass
            assert message.type is aiohttp.WSMsgType.CLOSE and message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        for rubbish in (b"\x00" * 5000, b"GET /frames HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"\xff\xfe\xfd"):
            with socket.create_connection(("127.0.0.1", live.port)) as raw:
                raw.sendall(rubbish)
        await next_frame(good)

        async def one_left() -> bool:
            return len((await health(live))["subscribers"]) == 1

        await until(one_left)
        await next_frame(good)


async def test_pages_from_elsewhere_are_refused(broadcast: Broadcast) -> None:
    """A websocket can be opened by any page in a browser of this machine: its Origin gives it away."""
    async with broadcast() as live, aiohttp.ClientSession() as session:
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(live.ws, headers=headers)
            assert caught.value.status == 403
        ws = await session.ws_connect(live.ws, headers={"Origin": f"http://127.0.0.1:{live.port + 1}"})
        await ws.close()


async def test_a_token_is_needed_where_one_is_set(broadcast: Broadcast) -> None:
    """Frames and control are refused without it; /health tells no picture and stays open."""
    async with broadcast(token="secret") as live, aiohttp.ClientSession() as session:
        for query in ("", "?token=guess"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(live.ws + query)
            assert caught.value.status == 401
        async with session.post(f"{live.http}/control", json={"command": "freeze"}) as response:
            assert response.status == 401
        ws = await session.ws_connect(f"{live.ws}?token=secret")
        await next_frame(ws)
        await ws.close()
        assert (await health(live))["status"] == "ok"


def test_a_network_without_a_token_is_refused() -> None:
    """Nothing is bound, and the sentence names both settings."""
    with pytest.raises(SettingsError, match="token"):
        Broadcaster(FakeCapture(), host="0.0.0.0", port=0, ring_name="bedside-test-open")


async def test_control_reaches_the_source(broadcast: Broadcast, capture: FakeCapture) -> None:
    """What it can do it does; what it cannot is 409 and what cannot be understood 400, each with a sentence."""
    async with broadcast() as live, aiohttp.ClientSession() as session:
        async with session.post(f"{live.http}/control", json={"command": "freeze"}) as response:
            assert response.status == 200 and capture.asked == ["freeze"]
        async with session.post(f"{live.http}/control", json={"command": "dance"}) as response:
            assert response.status == 409 and "cannot 'dance'" in (await response.json())["error"]
        for body in (b"", b"[", b"[]", b'"freeze"', b'{"command": 3}', b"\xff", b"[" * 100_000):
            async with session.post(f"{live.http}/control", data=body) as response:
                assert response.status == 400 and "expected JSON" in (await response.json())["error"]
        headers = {"Content-Type": "application/json; charset=none"}
        async with session.post(f"{live.http}/control", data=b"{}", headers=headers) as response:
            assert response.status == 400


async def test_what_the_source_can_do_and_tells_of_itself_can_be_asked(broadcast: Broadcast) -> None:
    """GET /control has its commands and its state; with a token, for who has it alone."""
    async with broadcast(token="secret") as live, aiohttp.ClientSession() as session:
        async with session.get(f"{live.http}/control") as response:
            assert response.status == 401
        async with session.post(f"{live.http}/control?token=secret", json={"command": "freeze"}) as response:
            assert response.status == 200
        async with session.get(f"{live.http}/control?token=secret") as response:
            assert await response.json() == {"commands": ["freeze"], "state": {"asked": ["freeze"]}}


async def test_health_says_what_subscribers_get(broadcast: Broadcast, capture: FakeCapture, until: Until) -> None:
    """Green with fresh frames, red when the signal is gone or the newest frame is old."""
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        await next_frame(ws)
        report = await health(live)
        assert (report["status"], report["signal"], report["frame"]["fps"]) == ("ok", "live", 50.0)
        assert report["frame"]["seq"] > 0 and report["frame"]["age_ms"] < 2000
        assert report["ring"]["name"] == live.ring_name and report["ring"]["slots"] == 8
        assert report["ring"]["bytes"] == ring_path(live.ring_name).stat().st_size
        assert report["subscribers"][0]["encoding"] == "shm" and report["subscribers"][0]["sent"] > 0
        capture.signal = Signal.NO_SIGNAL

        async def red() -> bool:
            report = await health(live)
            return (report["status"], report["signal"]) == ("error", "no_signal")

        await until(red)


async def test_a_port_in_use_is_one_sentence(broadcast: Broadcast, ring_name: str) -> None:
    """The second broadcaster says which port and what to do, and leaves the ring of the first alone."""
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        second = Broadcaster(FakeCapture(), host="127.0.0.1", port=live.port, ring_name=ring_name)
        with pytest.raises(BusError, match=f"port {live.port} on 127.0.0.1 is in use; stop .* port"):
            await second.run(asyncio.Event())
        await next_frame(ws)


async def test_a_host_of_another_machine_is_one_sentence() -> None:
    """An address that this machine does not have cannot be listened on."""
    broadcaster = Broadcaster(FakeCapture(), host="192.0.2.1", port=0, ring_name="bedside-test-host", token="t")
    with pytest.raises(BusError, match=r"host '192\.0\.2\.1'"):
        await broadcaster.run(asyncio.Event())


async def test_stopping_leaves_nothing(broadcast: Broadcast) -> None:
    """Subscribers are told that it goes away, the ring is unlinked, and the port is free again."""
    async with aiohttp.ClientSession() as session:
        async with broadcast() as live:
            ws = await session.ws_connect(live.ws)
            await next_frame(ws)
            live.stop.set()
            while (message := await ws.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert message.data == aiohttp.WSCloseCode.GOING_AWAY
            await asyncio.wait({live.task})
        assert not ring_path(live.ring_name).exists()
        with socket.create_server(("127.0.0.1", live.port)):
            pass


async def test_a_capture_that_breaks_ends_the_broadcaster(broadcast: Broadcast, capture: FakeCapture) -> None:
    """An error that nobody foresaw comes out of run(), so that whoever supervises starts it again; the ring is gone."""
    with pytest.raises(ZeroDivisionError):
        async with broadcast() as live:
            capture.error = ZeroDivisionError("a bug")
            await asyncio.wait({live.task}, timeout=10)
    assert not ring_path(live.ring_name).exists()


async def test_a_capture_that_hangs_is_not_called_live(
    broadcast: Broadcast, capture: FakeCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the capture's thread says nothing any more, its last word "live" is not repeated: the status is stalled."""
    monkeypatch.setattr("bedside.bus.publisher.SILENT_AFTER_S", 0.3)
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        await next_frame(ws)
        capture.is_silent = True
        header: dict[str, Any] = {}
        while header.get("signal") != "stalled" or "may hang" not in header["message"]:
            header = await ws.receive_json(timeout=5)
        capture.is_silent = False
        while header.get("signal") != "live" or header["type"] != "status":
            header = await ws.receive_json(timeout=5)


async def test_numbers_continue_after_a_crash(broadcast: Broadcast, ring_name: str) -> None:
    """A capture that counts from 1 again is renumbered after the last frame of the broadcaster that died."""
    dead = RingWriter(ring_name)
    dead.write(Frame(4711, 1, 1, 4, 3, Signal.LIVE), paint(1, 4, 3))
    del dead
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        frame, header = await next_frame(ws)
        assert frame.seq > 4711 and header["lost_at_source"] == 0


async def test_too_little_shared_memory_is_said_and_forgiven(
    broadcast: Broadcast, capture: FakeCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Subscribers hear ERROR with the sentence instead of frames, and frames again once there is room."""
    async with broadcast() as live, aiohttp.ClientSession() as session, session.ws_connect(live.ws) as ws:
        await next_frame(ws)

        def full(fd: int, offset: int, size: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.posix_fallocate", full)
            capture.width, capture.height = 640, 480
            header: dict[str, Any] = {}
            while header.get("signal") != "error":
                header = json.loads((await ws.receive(timeout=5)).data)
            assert "--shm-size" in header["message"]
        frame, header = await next_frame(ws)
        while frame.width != 640:
            frame, header = await next_frame(ws)
