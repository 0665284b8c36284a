"""The broadcaster's side of one subscriber: what waits for it, and the task that sends it."""

import asyncio
import json
import logging
from typing import Any

from aiohttp import web

from bedside import clock, wire
from bedside.bus.announcement import Announcement
from bedside.bus.encoder import Encoder
from bedside.bus.mailbox import Mailbox
from bedside.bus.wish import Wish
from bedside.errors import Overwritten
from bedside.messages import Status
from bedside.thinner import Thinner

logger = logging.getLogger(__name__)


class Outlet:
    """Sends one subscriber the newest status and the newest frames, as fast as it reads and no faster."""

    def __init__(self, socket: web.WebSocketResponse, wish: Wish, encoder: Encoder, stuck_after_s: float) -> None:
        self.sent = 0
        """Frames handed to the network."""
        self.is_stuck = False
        """Whether it was given up because it did not read."""
        self._socket = socket
        self._wish = wish
        self._thinner = Thinner(wish.max_fps)
        self._encoder = encoder
        self._stuck_after_s = stuck_after_s
        self._frames: Mailbox[tuple[Announcement, int]] = Mailbox(wish.backlog)
        self._status: Status | None = None
        self._wake = asyncio.Event()
        self._overwritten = 0
        self._thinned = 0

    def offer(self, announcement: Announcement) -> None:
        """Leave a frame for it; never waits."""
        if not self._thinner.takes(announcement.frame.captured_ns):
            self._thinned += 1
            return
        self._frames.put((announcement, self._thinned))
        self._wake.set()

    def tell(self, status: Status) -> None:
        """Leave a status for it, in place of one that still waits."""
        self._status = status
        self._wake.set()

    def account(self) -> dict[str, Any]:
        """What /health says of this subscriber."""
        wish = self._wish
        drops = self._frames.drops + self._overwritten
        return {"encoding": wish.encoding, "width": wish.width, "sent": self.sent, "drops": drops}

    async def run(self) -> None:
        """Send until the subscriber leaves, or does not read for `stuck_after_s`."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._send_all()
        except ConnectionError:
            return  # it has left; the reading side notices too and ends the connection
        except TimeoutError:
            self.is_stuck = True
            logger.warning("a subscriber did not read for %s s and is dropped: %s", self._stuck_after_s, self.account())

    async def _send_all(self) -> None:
        while True:
            if self._status is not None:
                status, self._status = self._status, None
                await self._send(json.dumps(wire.status_header(status, clock.monotonic_ns())))
            waiting = self._frames.take_now()
            if waiting is None:
                return
            await self._send_frame(*waiting)

    async def _send_frame(self, announcement: Announcement, thinned: int) -> None:
        if self._wish.encoding == "shm":
            await self._send(announcement.text(thinned))
        else:
            try:
                picture = await self._encoder.encode(announcement.frame, self._wish.width, self._wish.quality)
            except Overwritten:
                self._overwritten += 1
                return
            await self._send(wire.pack(announcement.header(thinned), picture))
        self.sent += 1

    async def _send(self, message: str | bytes) -> None:
        async with asyncio.timeout(self._stuck_after_s):
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
