"""One link's way through the router: take the newest frame, ask, keep the pixels, deliver."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol

from bedside import clock
from bedside.engine.staging import Borrow
from bedside.errors import BusError, Closed, Overwritten, Unreachable
from bedside.messages import Frame, Pixels, Result
from bedside.router.intake import Intake

LEAD_S = 0.1
"""So long before an answer is expected the next frame is laid ready: three frames of 30 fps, one of them comes."""


class Asked(Protocol):
    """What a lane asks; engine.link.EngineLink is one."""

    @property
    def name(self) -> str: ...
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
    """Asks one link with the newest frame whenever it is free and the engine's turn.

    Where `lays_ready`, the newest frame is laid ready for the next question towards the end of an answer, again with
    each frame that comes. With several lanes at one intake a frame is for the one that is free first, and nothing is.
    """

    def __init__(self, link: Asked, intake: Intake, borrow: Borrow, *, lays_ready: bool = True) -> None:
        self._link = link
        self._intake = intake
        self._borrow = borrow
        self._lays_ready = lays_ready and intake.when.is_always  # a frame would be old after the rest
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix=f"keep-{link.name}")  # its answer waits for it
        self._prepared: Frame | None = None
        self._free_ns = 0

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._until_free()
            try:
                frame = await self._newest()
            except Closed:
                return
            if not self._intake.claim(frame, self._link.expected_s):
                continue  # the signal was lost after this frame, or another lane was asked; the next one will do
            try:
                await self._ask(frame)
            except (Overwritten, Unreachable):
                self._intake.give_back()  # the newest frame, when the engine is there

    async def _until_free(self) -> None:
        """Until the engine is well and its rate allows; that wait is nothing that Bedside added."""
        if not self._link.is_well:
            self._prepared = None
            await self._link.until_well()
            self._free_ns = clock.monotonic_ns()
        due_ns = self._intake.due_ns(self._link.expected_s)
        if due_ns:
            await asyncio.sleep(max(0.0, (due_ns - clock.monotonic_ns()) / clock.NS_PER_S))
            self._free_ns = max(self._free_ns, due_ns)

    async def _newest(self) -> Frame:
        prepared, self._prepared = self._prepared, None
        return prepared or await self._intake.mailbox.take()

    async def _ask(self, frame: Frame) -> None:
        """Ask, and meanwhile copy the picture and lay the next one ready."""
        keeping: list[asyncio.Task[Pixels | None]] = []
        preparing = asyncio.create_task(self._prepare()) if self._lays_ready else None
        try:
            result = await self._link.answer(
                frame, self._borrow, lambda: keeping.append(self._keep(frame)), self._free_ns
            )
        except BaseException:
            for task in keeping:
                task.cancel()
            raise
        finally:
            if preparing is not None:
                preparing.cancel()
        self._free_ns = result.timing.answered_ns
        pixels = await (keeping[0] if keeping else self._keep(frame))
        if self._prepared is None:
            self._intake.deliver(result, pixels)
        else:  # the next question leaves first: the model would wait for what the pages do with this answer
            asyncio.get_running_loop().call_soon(self._intake.deliver, result, pixels)

    async def _prepare(self) -> None:
        await asyncio.sleep(self._link.expected_s - LEAD_S)
        with suppress(Closed):
            while True:
                newer = await self._intake.mailbox.take()
                if self._prepared is not None:
                    self._intake.supersede()
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
