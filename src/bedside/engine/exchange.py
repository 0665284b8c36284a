"""One frame to the engine and its answer back: staging, shared memory, request.

There are two staging buffers. While the engine looks into one, the next frame is laid ready in the other, so that the
answer to the one frame and the request for the next are a few microseconds apart.
"""

import asyncio
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.client import Client, Refused
from bedside.engine.picture import Wanted
from bedside.engine.protocol import Answer, Failure
from bedside.engine.staging import Borrow, Stage, Staged
from bedside.errors import EngineDied, EngineError
from bedside.messages import Frame

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Ready:
    """A frame that is being laid ready, and in which buffer."""

    seq: int
    stage: Stage
    staged: "asyncio.Future[Staged]"


class Exchange:
    """Carries pixels to one engine: by shared memory where it is on this machine and can read it, else in the body."""

    def __init__(self, name: str, address: Address, wanted: Wanted) -> None:
        self.client = Client(name, address)
        self._name = name
        self._is_near = address.is_near
        self._stages = [Stage(name, size=wanted.size, color=wanted.color) for _ in range(2)]
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"stage-{name}")
        self._regions: dict[Stage, str] = {}
        """Which region of each buffer the engine knows."""
        self._ready: _Ready | None = None

    @property
    def is_shared(self) -> bool:
        """Whether pixels go by shared memory now."""
        return self._stages[0].is_shared

    def begin(self, shares_memory: bool) -> None:
        """A (new) process is there: it knows no region yet."""
        self._regions.clear()
        for stage in self._stages:
            stage.is_shared = self._is_near and shares_memory

    async def prepare(self, frame: Frame, borrow: Borrow) -> None:
        """Lay a frame ready in the buffer that the engine does not look into; `stage` of this frame then finds it."""
        stage = self._stages[1]
        self._ready = _Ready(frame.seq, stage, self._fill_in_thread(stage, frame, borrow))
        await asyncio.wait([self._ready.staged])

    async def stage(self, frame: Frame, borrow: Borrow) -> Staged:
        """The frame's pixels, laid ready. Raises Overwritten."""
        ready, self._ready = self._ready, None
        if ready is not None:
            await asyncio.wait([ready.staged])
            if ready.seq == frame.seq and ready.staged.exception() is None:
                self._stages.reverse()  # the engine looks into this buffer from now on
                return ready.staged.result()
        stage = self._stages[0]
        if stage.is_copy(frame):  # waking a thread and waiting for it would take as long as the copy
            return self._fill(stage, frame, borrow)
        return await self._fill_in_thread(stage, frame, borrow)

    def _fill_in_thread(self, stage: Stage, frame: Frame, borrow: Borrow) -> "asyncio.Future[Staged]":
        fill = functools.partial(self._fill, stage, frame, borrow)
        return asyncio.get_running_loop().run_in_executor(self._thread, fill)

    def _fill(self, stage: Stage, frame: Frame, borrow: Borrow) -> Staged:
        try:
            return stage.fill(frame, borrow)
        except EngineError as error:  # no shared memory left
            self._go_without(stage, error)
            return stage.fill(frame, borrow)

    def _go_without(self, stage: Stage, error: EngineError) -> None:
        LOG.warning("engine %s: %s; pixels go in the request instead, which is slower", self._name, error)
        stage.is_shared = False

    async def send(self, frame: Frame, staged: Staged, left: Callable[[], None] | None) -> Answer:
        """Ask; `left` is called once the request is on its way. Raises as Client.infer."""
        try:
            answer = await self._send(frame, staged, left)
        except Refused:
            if not staged.region:
                raise
            self._regions.clear()  # it may have been started again between two frames, and know no region
            answer = await self._send(frame, staged, None)
        except Failure as failure:
            self._leave(failure.keeps_frame)
            raise
        self._leave(answer.keeps_frame)
        return answer

    def _leave(self, is_kept: bool) -> None:
        """Never write again into memory that the model still looks into; the next frame gets a new one."""
        if is_kept:
            self._stages[0].close()

    async def _send(self, frame: Frame, staged: Staged, left: Callable[[], None] | None) -> Answer:
        ask = Ask(frame.seq, staged.pixels)
        if staged.region and await self._knows(staged):
            ask = replace(ask, region=staged.region, region_bytes=staged.region_bytes)
        if left is not None:
            asyncio.get_running_loop().call_soon(left)
        return await self.client.infer(ask)

    async def _knows(self, staged: Staged) -> bool:
        """Make the region known to the engine; False when it cannot use it, then pixels go in the body from now on."""
        stage = self._stages[0]
        if self._regions.get(stage) == staged.region:
            return True
        try:
            if stage in self._regions:
                await self.client.unregister(self._regions.pop(stage))
            await self.client.register(staged.region, staged.region_bytes)
        except Refused as error:
            for one in self._stages:
                self._go_without(one, error)
            return False
        self._regions[stage] = staged.region
        return True

    async def close(self) -> None:
        """Give the memory back, here and in the engine; the engine goes on without us."""
        try:
            for region in self._regions.values():
                await self.client.unregister(region)
        except EngineDied as error:
            LOG.debug("engine %s: %s", self._name, error)
        await self.client.close()
        self._thread.shutdown(wait=True)
        for stage in self._stages:
            stage.close()
