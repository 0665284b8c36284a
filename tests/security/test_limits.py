"""What one client may take, and that the others are served meanwhile."""

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tests.hub.conftest import DEADLINE_S, Client, Hub, Scanner, StartHub, scanner, start_hub

from bedside.access.devices import Devices
from bedside.access.role import Role
from bedside.hub import access_desk, asked, door, live, server, sockets

__all__ = ["scanner", "start_hub"]
TOKEN = "a-long-secret"
WIDTH = 1280
HEAD = b"POST /api/session/end HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@asynccontextmanager
async def connected(hub: Hub, said: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A connection on which this was said, and nothing more."""
    reader, writer = await asyncio.open_connection(hub.url.host, hub.url.port)
    try:
        writer.write(said)
        yield reader
    finally:
        writer.close()


async def status(reader: asyncio.StreamReader) -> int:
    """Of the answer that comes."""
    async with asyncio.timeout(DEADLINE_S):
        return int((await reader.readline()).split()[1])


async def is_served(hub: Hub) -> bool:
    """Whether somebody else is answered."""
    async with aiohttp.ClientSession() as other, other.get(hub.url / "pair") as response:
        return response.status == 200


async def greedy(hub: Hub) -> Client:
    """A page that wants all pictures and reads nothing, over a link that keeps little."""
    page = Client(await hub.http.ws_connect(hub.url / "live" % {"view": "video"}))
    link = page.socket.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await page.say(type="want", live=WIDTH, answer=0)
    return page


def held_bytes() -> int:
    """What this process, which is the server here, keeps of what it could not send yet."""
    transports = [one for one in gc.get_objects() if issubclass(type(one), asyncio.Transport)]
    return sum(one.get_write_buffer_size() for one in transports)


def count(hub: Hub, line: str) -> float:
    """A counter as /metrics has it."""
    return next(
        float(one.rpartition(" ")[2]) for one in hub.feed.metrics.text().decode().splitlines() if one.startswith(line)
    )


async def test_a_body_that_is_too_large_is_refused(start_hub: StartHub) -> None:
    """More than 64 KiB is 413 in words, however it is sent."""
    hub = await start_hub()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    for data in (b" " * 70_000, pieces()):
        async with hub.http.post(hub.url / "api/feedback", data=data) as response:
            assert response.status == 413
            assert "error" in await response.json()


@pytest.mark.parametrize(
    "more", [b"X: " + b"x" * 9000, b"\r\n".join(b"X%d: x" % number for number in range(200))], ids=["long", "many"]
)
async def test_headers_that_are_too_large_are_refused(start_hub: StartHub, more: bytes) -> None:
    """A header of more than 8 KiB, and more than 128 of them, are 400; so is an address that long."""
    hub = await start_hub()
    async with connected(hub, HEAD + more + b"\r\n\r\n") as reader:
        assert await status(reader) == 400
    async with connected(hub, b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") as reader:
        assert await status(reader) == 400


async def test_a_message_of_a_page_that_is_too_large_ends_it(start_hub: StartHub) -> None:
    """A page that sends more than 4 KiB at once is closed; another page goes on."""
    hub = await start_hub()
    bad, good = await hub.page(), await hub.page()
    await bad.socket.send_str("x" * 5000)
    while (message := await bad.next())["type"] != "closed":
        pass
    assert message["code"] == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await good.say(type="ping", id=7)
    await good.until("pong", id=7)


@pytest.mark.parametrize(
    ("said", "more"),
    [(b"", b""), (b"GET /", b"x"), (HEAD, b"X: 1\r\n")],
    ids=["nothing", "half a line", "half a head"],
)
async def test_who_never_finishes_his_request_is_closed(
    start_hub: StartHub, monkeypatch: pytest.MonkeyPatch, said: bytes, more: bytes
) -> None:
    """Whoever says nothing, or trickles his request, is closed in time; others are served meanwhile."""
    monkeypatch.setattr(server, "IDLE_S", 0.5)
    hub = await start_hub()
    reader, writer = await asyncio.open_connection(hub.url.host, hub.url.port)

    async def trickle() -> None:
        writer.write(said)
        while more:
            writer.write(more)
            await asyncio.sleep(0.05)

    trickling = asyncio.create_task(trickle())
    try:
        assert await is_served(hub)
        async with asyncio.timeout(DEADLINE_S):
            with pytest.raises((ConnectionError, EOFError)):
                await reader.readexactly(1)
    finally:
        trickling.cancel()
        writer.close()


async def test_what_is_no_http_fills_no_log(start_hub: StartHub, caplog: pytest.LogCaptureFixture) -> None:
    """A hundred requests that make no sense are 400 each, and one line of the log in all, without what was sent."""
    caplog.set_level(logging.INFO)
    hub = await start_hub()
    for number in range(100):
        end = (b"GET /SENT HTTP/9.9", b"GET /SENT\xff HTTP/1.1", b"SENT / HTTP/1.1\r\nSENT")[number % 3]
        async with connected(hub, end + b"\r\n\r\n") as reader:
            assert await status(reader) == 400
    (record,) = [one for one in caplog.records if one.name.startswith(("aiohttp", "bedside.hub"))]
    assert "no HTTP" in record.getMessage() and "SENT" not in record.getMessage()
    assert record.exc_info is None and record.levelno < logging.WARNING


async def test_a_fault_of_the_server_is_in_its_log(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that fails is 500, with its traceback in the log."""

    async def fails(_: web.Request) -> web.Response:
        raise ZeroDivisionError

    app = web.Application()
    app.router.add_get("/", fails)
    async with server.listening(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).status == 500
    assert "ZeroDivisionError" in caplog.text


async def test_a_body_that_never_comes_is_not_waited_for(start_hub: StartHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose body stops half way is 408 in time; others are served meanwhile."""
    monkeypatch.setattr(asked, "BODY_S", 0.3)
    hub = await start_hub()
    half = b"POST /api/feedback HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"
    async with connected(hub, half) as reader:
        assert await is_served(hub)
        assert await status(reader) == 408


async def test_connections_from_one_address_leave_room_for_others(
    start_hub: StartHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one address only so many are taken: the next is told why and counted, and another address is served."""
    monkeypatch.setattr(door, "MOST_OF_ONE", 3)
    hub = await start_hub()
    held = [await asyncio.open_connection(hub.url.host, hub.url.port) for _ in range(3)]
    async with connected(hub, b"") as reader:
        assert await status(reader) == 503
        assert door.SENTENCE.encode() in await reader.read()
    assert count(hub, "bedside_connections_refused_total") == 1
    other = aiohttp.TCPConnector(local_addr=("127.0.0.9", 0))
    async with aiohttp.ClientSession(connector=other) as http, http.get(hub.url / "pair") as response:
        assert response.status == 200
    for _, writer in held:
        writer.close()


async def test_connections_in_all_have_a_bound(start_hub: StartHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """From whatever addresses they come, one too many is refused, and the pages that are open go on."""
    monkeypatch.setattr(door, "MOST", 3)
    hub = await start_hub()
    page = await hub.page()
    held = [
        await asyncio.open_connection(hub.url.host, hub.url.port, local_addr=(f"127.0.0.{number}", 0))
        for number in (2, 3)
    ]
    async with connected(hub, b"") as reader:
        assert await status(reader) == 503
    await page.say(type="ping", id=7)
    await page.until("pong", id=7)
    for _, writer in held:
        writer.close()


async def test_pages_have_a_bound(start_hub: StartHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A device's page that is one too many is told so and closed; another device's is not, until all are too many."""
    monkeypatch.setattr(sockets, "MOST_OF_ONE", 2)
    monkeypatch.setattr(sockets, "MOST_PAGES", 4)
    hub = await start_hub(token=TOKEN)
    secrets = [(await hub.pair(Devices(tmp_path / "access").invite(Role.VIEWER)))[1] for _ in range(2)]
    held = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def opened(**headers: str) -> str:
            held.append(await http.ws_connect(hub.url / "live", headers=headers))
            said = await Client(held[-1]).next()
            return str(said.get("message", said["type"]))

        first, second = (f"bedside={secret}" for secret in secrets)
        told = [await opened(Cookie=first) for _ in range(3)]
        assert told == ["hello", "hello", "This device has 2 pages open, and may have no more; close one."]
        assert [await opened(Cookie=second) for _ in range(2)] == ["hello", "hello"]
        assert "shows 4 pages" in await opened(Authorization=f"Bearer {TOKEN}")
    assert count(hub, 'bedside_pages_dropped_total{cause="too many"}') == 2


async def test_a_device_does_not_flood_the_access_log(
    start_hub: StartHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that opens and closes pages all the time is sent away after some, and another one is not."""
    monkeypatch.setattr(access_desk, "OPENINGS_OF_ONE", 3)
    hub = await start_hub(token=TOKEN)
    secrets = [(await hub.pair(Devices(tmp_path / "access").invite(Role.VIEWER)))[1] for _ in range(2)]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def opened(secret: str) -> str:
            async with http.ws_connect(hub.url / "live", headers={"Cookie": f"bedside={secret}"}) as socket:
                said = await Client(socket).next()
            return str(said.get("message", said["type"]))

        told = [await opened(secrets[0]) for _ in range(5)]
        assert told == ["hello"] * 3 + ["This device opens pages too often; wait a minute."] * 2
        assert await opened(secrets[1]) == "hello"


async def test_who_reads_nothing_costs_one_picture_and_nobody_else_a_frame(
    start_hub: StartHub, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three pages that take nothing, and say that they painted all: the server keeps no more than one picture of
    the stream for each, another page gets every frame meanwhile, and then they are dropped and counted."""
    monkeypatch.setattr(live, "STUCK_AFTER_S", 2.0)
    scanner.width, scanner.height = WIDTH, WIDTH * 3 // 4
    hub = await start_hub()
    good = await hub.page("video", live=WIDTH)
    stuck = [await greedy(hub) for _ in range(3)]
    largest = shown = most_held = 0
    async with asyncio.timeout(2 * DEADLINE_S):
        while count(hub, 'bedside_pages_dropped_total{cause="stuck"}') < len(stuck):
            seq = hub.shoot().seq
            picture = await good.until("picture", seq=seq)
            shown, largest = shown + 1, max(largest, len(picture["jpeg"]))
            most_held = max(most_held, held_bytes())
            for page in (good, *stuck):
                for one in range(max(1, seq - 3), seq + 1):
                    with suppress(ConnectionError):
                        await page.say(type="painted", stream="live", seq=one, age_ms=1)
    assert shown > 10
    assert 0 < most_held < 1.5 * largest * len(stuck)
