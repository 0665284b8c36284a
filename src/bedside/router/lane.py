"""One engine's way through the router: take the newest frame, ask, keep the pixels, publish."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from bedside import clock
from bedside.bus.mailbox import Mailbox
from bedside.engine.staging import Borrow
from bedside.errors import BusError, Closed, Overwritten, Unreachable
from bedside.messages import Frame, Pixels, Result
from bedside.threads import background_pool

LEAD_S = 0.1
"""So long before an answer is expected the next frame is laid ready: three frames of 30 fps, one of them comes."""
Publish = Callable[[Result, Pixels | None], None]


class Link(Protocol):
    """What a lane asks; engine.link.EngineLink is one."""

    name: str

    @property
    def is_well(self) -> bool: ...
    @property
    def expected_s(self) -> float: ...
    def until_well(self) -> Awaitable[None]: ...
    def prepare(self, frame: Frame, borrow: Borrow) -> Awaitable[None]: ...
    def answer(
        self, frame: Frame, borrow: Borrow, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Awaitable[Result]: ...


class Lane:
    """Asks one engine with the newest frame whenever it is free, and not before `every_s` seconds have passed.

    Towards the end of an answer the newest frame is laid ready for the next one, again with each frame that comes.
    """

    def __init__(
        self, link: Link, borrow: Borrow, publish: Publish, is_wanted: Callable[[], bool], every_s: float = 0.0
    ) -> None:
        self._every_s = every_s
        self.mailbox: Mailbox[Frame] = Mailbox()
        self._link = link
        self._borrow = borrow
        self._publish = publish
        self._is_wanted = is_wanted
        self._keeper = background_pool(1, f"keep-{link.name}")
        self._prepared: Frame | None = None
        self._superseded = 0
        self._asked_ns = 0
        self._free_ns = 0

    @property
    def passed_over(self) -> int:
        """Frames that a newer one replaced before the engine was free."""
        return self.mailbox.drops + self._superseded

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._until_free()
            try:
                frame = await self._newest()
            except Closed:
                return
            if not self._is_wanted():
                continue  # the signal was lost after this frame; the next one comes with the signal
            self._asked_ns = clock.monotonic_ns()
            try:
                await self._ask(frame)
            except (Overwritten, Unreachable):
                continue  # the newest frame, when the engine is there

    async def _until_free(self) -> None:
        """Until the engine is well and its rate allows; that wait is nothing that Bedside added."""
        if not self._link.is_well:
            self._prepared = None
            await self._link.until_well()
            self._free_ns = clock.monotonic_ns()
        if self._every_s > 0:
            due_ns = self._asked_ns + int(clock.NS_PER_S * self._every_s)
            await asyncio.sleep(max(0.0, (due_ns - clock.monotonic_ns()) / clock.NS_PER_S))
            self._free_ns = max(self._free_ns, due_ns)

    async def _newest(self) -> Frame:
        prepared, self._prepared = self._prepared, None
        return prepared or await self.mailbox.take()

    async def _ask(self, frame: Frame) -> None:
        """Ask, and meanwhile copy the picture and lay the next one ready."""
        keeping: list[asyncio.Task[Pixels | None]] = []
        preparing = asyncio.create_task(self._prepare())
        try:
            result = await self._link.answer(
                frame, self._borrow, lambda: keeping.append(self._keep(frame)), self._free_ns
            )
        except BaseException:
            for task in keeping:
                task.cancel()
            raise
        finally:
            preparing.cancel()
        self._free_ns = result.timing.answered_ns
        pixels = await (keeping[0] if keeping else self._keep(frame))
        self._publish(result, pixels)

    async def _prepare(self) -> None:
        if self._every_s > 0:
            return  # the engine will rest before it is asked again, and the frame would be old
        await asyncio.sleep(self._link.expected_s - LEAD_S)
        with suppress(Closed):
            while True:
                newer = await self.mailbox.take()
                self._superseded += self._prepared is not None
                self._prepared = newer
                await self._link.prepare(self._prepared, self._borrow)

    def _keep(self, frame: Frame) -> "asyncio.Task[Pixels | None]":
        return asyncio.create_task(self._copied(frame))

    async def _copied(self, frame: Frame) -> Pixels | None:
        return await asyncio.get_running_loop().run_in_executor(self._keeper, self._copy, frame)

    def _copy(self, frame: Frame) -> Pixels | None:
        """The frame's own pixels, or None when the ring has moved on."""
        try:
            with self._borrow(frame) as pixels:
                return pixels.copy()
        except BusError:
            return None
