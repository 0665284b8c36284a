"""A feed with pictures in memory, and a real server with real websocket clients."""

import asyncio
import json
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from yarl import URL

from bedside import clock
from bedside.errors import Overwritten
from bedside.hub.access_desk import AccessDesk
from bedside.hub.admin_app import add_admin
from bedside.hub.app import create_app
from bedside.hub.feed import Feed
from bedside.hub.health import Limits
from bedside.hub.running import Customs
from bedside.hub.server import listening
from bedside.hub.view import View
from bedside.hub.visit import Visit
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Result, Signal, Status, Timing
from bedside.session.desk import Desk, Who
from bedside.session.paths import Paths

VIEWS = {
    "explain": View("explain"),
    "verdict": View("verdict", picture="live", inset=False, overlay=False, explanation=False),
    "video": View("video", picture="live", inset=False, overlay=False, verdict=False, explanation=False),
    "monitor": View("monitor", explanation=False, controls=False, wide=True),
}
DEADLINE_S = 10.0
GRAIN_PX = 4


@dataclass
class Scanner:
    """A picture source in memory: a ring of some slots that lends its pixels."""

    slots: int = 4
    width: int = 320
    height: int = 240
    seq: int = 0
    ring: dict[int, Pixels] = field(default_factory=dict)

    @contextmanager
    def borrow(self, frame: Frame) -> Iterator[Pixels]:
        """The pixels, or Overwritten."""
        if frame.seq not in self.ring:
            raise Overwritten(f"frame {frame.seq} is gone")
        yield self.ring[frame.seq]

    def shoot(self, *, age_ms: float = 0.0, signal: Signal = Signal.LIVE) -> Frame:
        """One more frame: noise that differs from every other, in grains of 4 pixels that a JPEG's chroma keeps."""
        self.seq += 1
        shape = (-(-self.height // GRAIN_PX), -(-self.width // GRAIN_PX), 3)
        grains = np.random.default_rng(self.seq).integers(0, 256, shape, dtype=np.uint8)
        pixels = grains.repeat(GRAIN_PX, 0).repeat(GRAIN_PX, 1)[: self.height, : self.width].copy()
        self.ring[self.seq] = pixels
        self.ring.pop(self.seq - self.slots, None)
        captured_ns = clock.monotonic_ns() - int(age_ms * 1e6)
        return Frame(self.seq, captured_ns, clock.wall_ns(), self.width, self.height, signal, captured_ns + 100_000)


def result_of(frame: Frame, engine: str = "pcbm", *, error: str = "", **answer: Any) -> Result:
    """An engine's answer to a frame."""
    start_ns, now_ns = frame.captured_ns, clock.monotonic_ns()
    timing = Timing(start_ns, frame.published_ns, frame.published_ns, frame.published_ns, now_ns, 0.01)
    return Result(engine, frame.seq, timing, answer, error)


def live(message: str = "") -> Status:
    """A source that delivers."""
    return Status(Signal.LIVE, message, source="synthetic:", device="Synthetic, 320x240", fps=30.0)


def ready(engine: str = "pcbm", state: EngineState = EngineState.READY, message: str = "") -> EngineStatus:
    """An engine that waits for a frame."""
    return EngineStatus(engine, state, message, answers=3, model_ms=41.0, added_ms=1.3)


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns once `condition` holds; fails after the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


@dataclass
class Client:
    """A page's websocket as a test reads it."""

    socket: aiohttp.ClientWebSocketResponse

    async def say(self, **message: Any) -> None:
        """One message to the server."""
        await self.socket.send_str(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        """The next message; a picture's JPEG is under `jpeg`, a closing is of type `closed`."""
        async with asyncio.timeout(DEADLINE_S):  # a wait_for that gets its message right then loses a cancellation
            message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            return dict(json.loads(message.data))
        if message.type is aiohttp.WSMsgType.BINARY:
            (length,) = struct.unpack_from(">I", message.data)
            return {**json.loads(message.data[4 : 4 + length]), "jpeg": message.data[4 + length :]}
        return {"type": "closed", "code": self.socket.close_code}

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next message of this type with these fields."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                message = await self.next()
                if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                    return message
                assert message["type"] != "closed", f"closed with {message['code']} before a {kind} came"

    async def everything(self, seconds: float) -> list[dict[str, Any]]:
        """All messages that come within `seconds`."""
        found: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(seconds):
                while not found or found[-1]["type"] != "closed":
                    found.append(await self.next())
        except TimeoutError:
            pass
        return found


@dataclass
class Hub:
    """A running server and a client for it."""

    url: URL
    feed: Feed
    scanner: Scanner
    http: aiohttp.ClientSession
    visit: Visit
    stop: Callable[[], Awaitable[None]]
    access: Path
    """Folder of devices and access log."""

    async def page(self, view: str = "explain", **want: int) -> Client:
        """An open page that has said what it wants."""
        client = Client(await self.http.ws_connect(self.url / "live" % {"view": view}))
        assert (await client.next())["type"] == "hello"
        await client.say(type="want", live=want.get("live", 0), answer=want.get("answer", 0))
        await client.say(type="ping", id=0)
        await client.until("pong", id=0)
        return client

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """The status and the body of what a page asks."""
        response = await self.http.post(self.url / path, json=body)
        return response.status, await response.json()

    async def pair(self, code: str) -> tuple[dict[str, Any], str]:
        """A tablet that shows the code: the device, and the secret in its cookie."""
        async with aiohttp.ClientSession() as tablet:
            response = await tablet.post(self.url / "api/pair", json={"code": code})
            assert response.status == 201, await response.text()
            return await response.json(), response.cookies["bedside"].value

    async def get(self, path: str) -> dict[str, Any]:
        """What a page reads."""
        return dict(await (await self.http.get(self.url / path)).json())

    async def start_session(self, participant: str = "P1", arm: str = "explain", **more: Any) -> Paths:
        """A session with consent runs, and this server writes it; its files."""
        asked = {"participant": participant, "arm": arm, "consent": True, **more}
        status, body = await self.post("api/session/start", **asked)
        assert status == 201, body
        return Paths(self.visit.root / body["session"])

    def shoot(self) -> Frame:
        """One more frame into the feed."""
        frame = self.scanner.shoot()
        self.feed.put(frame)
        return frame

    def answer(self, frame: Frame, engine: str = "pcbm", *, error: str = "", **answer: Any) -> Result:
        """An answer with its pixels into the feed."""
        result = result_of(frame, engine, error=error, **answer)
        self.feed.put_result(result, self.scanner.ring[frame.seq].copy())
        return result


StartHub = Callable[..., Awaitable[Hub]]


@pytest.fixture
def scanner() -> Scanner:
    """A picture source in memory."""
    return Scanner()


@pytest.fixture
async def start_hub(scanner: Scanner, tmp_path: Path) -> AsyncIterator[StartHub]:
    """Starts servers on free ports; they end with the test."""
    async with AsyncExitStack() as stack:

        async def start(
            *,
            engines: tuple[str, ...] = ("pcbm", "bpd"),
            with_admin: bool = False,
            tls: ssl.SSLContext | None = None,
            **options: Any,
        ) -> Hub:
            feed = Feed(scanner.borrow, engines=engines)
            desk = options.pop("desk", None) or Desk(tmp_path / "sessions")
            visit = Visit(feed, desk, options.pop("customs", Customs(Who("P1", "explain"))))
            app = create_app(
                feed,
                views=VIEWS,
                default_view="explain",
                visit=visit,
                about={"source": {"url": "synthetic:"}},
                limits=options.pop("limits", Limits()),
                access=AccessDesk(tmp_path / "access", options.pop("signed_in_h", 0.0)),
                **options,
            )
            if with_admin:
                add_admin(app, feed, visit)
            token = options.get("token", "")
            server = await stack.enter_async_context(AsyncExitStack())
            port = await server.enter_async_context(listening(app, "127.0.0.1", 0, tls))
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
            url = URL(f"{'https' if tls else 'http'}://127.0.0.1:{port}")
            return Hub(url, feed, scanner, http, visit, server.aclose, tmp_path / "access")

        yield start


@pytest.fixture
async def hub(start_hub: StartHub) -> Hub:
    """A server without a token, with two engines."""
    return await start_hub()
