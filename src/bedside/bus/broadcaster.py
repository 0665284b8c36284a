"""Serves one source's frames to everyone: pictures in the ring, announcements over a websocket."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, web

from bedside import __version__, clock, wire
from bedside.bus import gate
from bedside.bus.announcement import Announcement
from bedside.bus.encoder import Encoder
from bedside.bus.outlet import Outlet
from bedside.bus.publisher import Publisher, Runs
from bedside.bus.ring import RingReader, RingWriter
from bedside.bus.setup import SetsUp, SetupRoutes
from bedside.bus.wish import read_wish
from bedside.errors import BusError, SourceError, WireError
from bedside.messages import Frame, Status

logger = logging.getLogger(__name__)

PULSE_S = 0.5
"""A status is sent so often even when nothing changes: it is the broadcaster's heartbeat."""
STALE_AFTER_MS = 2000.0
"""/health is red when the newest frame is older."""
GOODBYE_S = 1.0
SEND_BUFFER_BYTES = 256 * 1024
"""The kernel's buffer for each subscriber: about two pictures; what waits in a longer one is old."""


class Broadcaster:
    """Runs `capture` in a thread and hands on what it delivers; `setup` says what of it, from a page.

    Raises SettingsError when pictures would be open to a network without a token.
    """

    def __init__(
        self,
        capture: Runs,
        *,
        host: str,
        port: int,
        ring_name: str,
        slots: int = 8,
        token: str = "",
        stuck_after_s: float = 5.0,
        setup: SetsUp | None = None,
    ) -> None:
        gate.refuse_open_host(host, token)
        self._capture, self._setup = capture, setup
        self._host, self._port, self._token = host, port, token
        self._ring_name, self._slots = ring_name, slots
        self._stuck_after_s = stuck_after_s
        self._outlets: dict[Outlet, web.WebSocketResponse] = {}
        self._stuck = 0
        self._ring: RingWriter
        self._encoder: Encoder
        self._publisher: Publisher

    async def run(self, stop: asyncio.Event, ready: Callable[[int], None] | None = None) -> None:
        """Serve until `stop` is set; `ready` is called with the port once subscribers may come.

        Raises BusError when the port or the ring cannot be had, and what the capture raises.
        """
        with _bind(self._host, self._port) as listener:
            self._ring = RingWriter(self._ring_name, self._slots)
            self._encoder = Encoder(RingReader(self._ring_name))
            self._publisher = Publisher(self._capture, self._ring, self._announce, self._tell)
            runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
            try:
                await runner.setup()
                await web.SockSite(runner, listener).start()
                if ready is not None:
                    ready(listener.getsockname()[1])
                pulse = asyncio.create_task(self._pulse(), name="pulse")
                try:
                    await self._publisher.run(stop)
                finally:
                    pulse.cancel()
            finally:
                await runner.cleanup()
                self._encoder.close()
                self._ring.close()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._check])
        app.add_routes(
            [
                web.get("/frames", self._frames),
                web.get("/health", self._health),
                web.get("/control", self._offer),
                web.post("/control", self._control),
            ]
        )
        if self._setup is not None:
            app.add_routes(SetupRoutes(self._setup).routes())
        app.on_shutdown.append(self._send_away)
        return app

    @web.middleware
    async def _check(self, request: web.Request, handler: Any) -> web.StreamResponse:
        refused = None if request.path == "/health" else gate.refusal(request.headers, request.query, self._token)
        if refused is not None:
            return _sentence(*refused)
        response: web.StreamResponse = await handler(request)
        return response

    async def _frames(self, request: web.Request) -> web.StreamResponse:
        try:
            wish = read_wish(request.query)
        except WireError as error:
            return _sentence(400, str(error))
        subscriber = web.WebSocketResponse(compress=False, max_msg_size=4096, timeout=1.0)
        if not subscriber.can_prepare(request).ok:
            return _sentence(400, "/frames speaks websocket; open ws://... with a websocket client")
        await subscriber.prepare(request)
        assert request.transport is not None
        kernel = request.transport.get_extra_info("socket")
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        outlet = Outlet(subscriber, wish, self._encoder, self._stuck_after_s)
        await subscriber.send_json(wire.hello_header(self._hello()))
        outlet.tell(self._publisher.status)
        self._outlets[outlet] = subscriber
        try:
            await _serve(outlet, subscriber, request.transport)
        finally:
            del self._outlets[outlet]
            self._stuck += outlet.is_stuck
        return subscriber

    async def _offer(self, _: web.Request) -> web.Response:
        state = await asyncio.to_thread(self._capture.state)
        return web.json_response({"commands": self._capture.commands, "state": state})

    async def _control(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
            command = body["command"]
        except (ValueError, LookupError, TypeError, RecursionError):
            command = None
        if not isinstance(command, str):
            return _sentence(400, 'the body is not understood; expected JSON such as {"command": "freeze"}')
        try:
            await asyncio.to_thread(self._capture.control, command)
        except SourceError as error:
            return _sentence(409, str(error))
        return web.json_response({"command": command})

    async def _health(self, request: web.Request) -> web.Response:
        status, newest = self._publisher.status, self._publisher.newest
        age_ms = None if newest is None else round(clock.age_ms(newest.captured_ns), 1)
        is_well = status.signal.has_picture and age_ms is not None and age_ms <= STALE_AFTER_MS
        report = {
            "status": "ok" if is_well else "error",
            "signal": str(status.signal),
            "message": status.message,
            "warning": status.warning,
            "frame": {"seq": newest.seq if newest else 0, "age_ms": age_ms, "fps": status.fps},
            "subscribers": [outlet.account() for outlet in self._outlets],
            "dropped_subscribers": self._stuck,
            "encodes": self._encoder.encodes,
            "ring": {"name": self._ring.name, "slots": self._ring.slots, "bytes": self._ring.total_bytes},
            "version": __version__,
        }
        return web.json_response(report, status=200 if is_well else 503)

    def _hello(self) -> wire.Hello:
        server = f"bedside {__version__}"
        return wire.Hello(wire.VERSION, server, self._ring.name, self._ring.ring_id, clock.monotonic_ns())

    def _announce(self, frame: Frame, lost_at_source: int) -> None:
        announcement = Announcement(frame, lost_at_source)
        for outlet in self._outlets:
            outlet.offer(announcement)

    def _tell(self, status: Status) -> None:
        for outlet in self._outlets:
            outlet.tell(status)

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            self._publisher.pulse()

    async def _send_away(self, app: web.Application) -> None:
        """Close every socket, so that no handler outlives the ring; one that does not read is not waited for."""
        byes = [s.close(code=WSCloseCode.GOING_AWAY, message=b"the broadcaster stops") for s in self._outlets.values()]
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await asyncio.gather(*byes, return_exceptions=True)


async def _serve(outlet: Outlet, subscriber: web.WebSocketResponse, transport: asyncio.Transport) -> None:
    """Send to one subscriber until either side ends it; what it says is not listened to."""
    sender = asyncio.create_task(outlet.run(), name="outlet")
    # However the sending ended: a connection on which nothing comes any more is of no use to anybody.
    sender.add_done_callback(lambda done: None if done.cancelled() else transport.abort())
    try:
        async for _ in subscriber:
            pass
    finally:
        sender.cancel()
        await asyncio.wait({sender})
    if not sender.cancelled():
        sender.result()


def _sentence(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


def _bind(host: str, port: int) -> socket.socket:
    """Listen before anything else is touched, so that a second broadcaster on the port leaves the first alone."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BusError(
                f"port {port} on {host} is in use; stop the program that has it, or set [source] port to a free one"
            ) from error
        raise BusError(
            f"[source] host {host!r}, port {port}: {error.strerror}; set one that this machine has"
        ) from error
