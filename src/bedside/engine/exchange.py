"""One frame to the engine and its answer back: staging, shared memory, request.

There are two staging buffers. While the engine looks into one, the next frame is laid ready in the other, so that the
answer to the one frame and the request for the next are a few microseconds apart.
"""

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bedside import clock
from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.client import Client, Refused
from bedside.engine.drawing import draw
from bedside.engine.picture import FULL_HD, Look, Wanted
from bedside.engine.place import placed
from bedside.engine.protocol import Answer, Failure
from bedside.engine.staging import Borrow, Stage, Staged
from bedside.engine.window import Kept, Window
from bedside.errors import EngineDied, EngineError, Unreachable
from bedside.messages import Frame, Pixels, Scale

LOG = logging.getLogger(__name__)
Write = Callable[[Pixels], None]


@dataclass(frozen=True)
class Laid:
    """A question whose pixels are laid ready, and how the engine sees the picture."""

    ask: Ask
    look: Look


@dataclass(frozen=True)
class _Ready:
    """A frame that is being laid ready, and in which buffer."""

    seq: int
    scale: Scale | None
    laid: "asyncio.Task[Laid]"


class Exchange:
    """Carries pixels to one engine: by shared memory where it is on this machine and can read it, else in the body.

    Several exchanges with replicas of one engine share its window, which one of them feeds.
    """

    def __init__(
        self, name: str, address: Address, wanted: Wanted, window: Window | None, pixel_spacing_mm: float
    ) -> None:
        self.client = Client(name, address)
        self.window = window
        self._name = name
        self._is_near = address.is_near
        self._wanted = wanted
        self._pixel_spacing_mm = pixel_spacing_mm
        self._scale: Scale | None = None
        self._look: Look | None = None
        self._told: Mapping[str, Any] = {}
        self._stages = [Stage(name) for _ in range(2)]
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

    def set_scale(self, scale: Scale | None) -> None:
        """What a person measured on the picture's ruler, from the next question on; None is the setting's again."""
        self._scale = scale
        self._look = None

    def look(self, frame: Frame) -> Look:
        """What the engine sees of the frame. Raises Unreachable, with the reason, where its region does not fit."""
        look = self._look
        if look is None or look.picture_px != (frame.width, frame.height):
            misfit = self._wanted.misfit(frame.width, frame.height)
            if misfit:
                raise Unreachable(misfit)
            look = self._look = self._wanted.look(frame.width, frame.height)
            scale = self._scale
            is_ruled = scale is not None and scale.picture_px == look.picture_px
            self._told = look.told(scale.pixel_spacing_mm if scale and is_ruled else self._pixel_spacing_mm)
        return look

    async def prepare(self, frame: Frame, borrow: Borrow) -> None:
        """Lay a frame ready in the buffer that the engine does not look into; `stage` of this frame then finds it."""
        laid = asyncio.ensure_future(self._lay(self._stages[1], frame, borrow, may_wait=True))
        laid.add_done_callback(_seen)
        self._ready = _Ready(frame.seq, self._scale, laid)
        await asyncio.wait([laid])

    async def stage(self, frame: Frame, borrow: Borrow) -> Laid:
        """The frame, laid ready. Raises Overwritten, and Unreachable where the engine cannot be asked about it yet."""
        ready, self._ready = self._ready, None
        if ready is not None:
            self._stages.reverse()  # at once: from now on the next frame is laid into the other buffer
            if not ready.laid.done():
                await asyncio.wait([ready.laid])
            if ready.laid.exception() is None and (ready.seq, ready.scale) == (frame.seq, self._scale):
                return ready.laid.result()
        return await self._lay(self._stages[0], frame, borrow, may_wait=False)

    async def stage_again(self, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Laid:
        """A frame that was answered, laid ready with what a person corrected, while the engine looks at nothing.

        `pixels` are those of the whole picture. One that was laid ready for the next question stays so.
        """
        laid = await self._lay(self._stages[0], frame, lambda _: nullcontext(pixels), may_wait=True)
        return replace(laid, ask=replace(laid.ask, corrections=corrections))

    async def _lay(self, stage: Stage, frame: Frame, borrow: Borrow, *, may_wait: bool) -> Laid:
        look = self.look(frame)
        told = {"state": str(frame.signal), **self._told}
        if self.window is None:
            told |= {"seqs": [frame.seq], "times_s": [frame.wall_ns / clock.NS_PER_S]}
            fill = functools.partial(self._fill, stage, look.shape, functools.partial(_draw, frame, borrow, look))
            is_quick = look.is_quick
        else:
            self.window.add(frame, borrow, look)
            kept = await self.window.ending_at(frame)
            told |= {"seqs": [one.seq for one in kept], "times_s": [one.time_s for one in kept]}
            shape = (len(kept), *look.shape)
            fill = functools.partial(self._fill, stage, shape, functools.partial(_stack, kept))
            is_quick = len(kept) * look.size[0] * look.size[1] <= FULL_HD
        if is_quick and not may_wait:  # waking a thread and waiting for it would take as long as the copy
            staged = fill()
        else:
            staged = await asyncio.get_running_loop().run_in_executor(self._thread, fill)
        is_window = self.window is not None
        return Laid(Ask(frame.seq, staged.pixels, told, is_window, staged.region, staged.region_bytes), look)

    def _fill(self, stage: Stage, shape: tuple[int, ...], write: Write) -> Staged:
        try:
            return stage.fill(shape, write)
        except EngineError as error:  # no shared memory left
            self._go_without(stage, error)
            return stage.fill(shape, write)

    def _go_without(self, stage: Stage, error: EngineError) -> None:
        LOG.warning("engine %s: %s; pixels go in the request instead, which is slower", self._name, error)
        stage.is_shared = False

    async def send(self, laid: Laid, left: Callable[[], None] | None) -> Answer:
        """Ask; `left` is called once the request is on its way. The answer speaks of the whole picture.

        Raises as Client.infer.
        """
        try:
            answer = await self._send_twice(laid.ask, left)
        except Failure as failure:
            self._leave(failure.keeps_frame)
            raise
        self._leave(answer.keeps_frame)
        return answer if laid.look.is_whole else replace(answer, fields=placed(answer.fields, laid.look))

    async def _send_twice(self, ask: Ask, left: Callable[[], None] | None) -> Answer:
        try:
            return await self._send(ask, left)
        except Refused:
            if not ask.region:
                raise
            self._regions.clear()  # it may have been started again between two frames, and know no region
            return await self._send(ask, None)

    def _leave(self, is_kept: bool) -> None:
        """Never write again into memory that the model still looks into; the next frame gets a new one."""
        if is_kept:
            self._stages[0].close()

    async def _send(self, ask: Ask, left: Callable[[], None] | None) -> Answer:
        if ask.region and not await self._knows(ask):
            ask = replace(ask, region="", region_bytes=0)
        if left is not None:
            asyncio.get_running_loop().call_soon(left)
        return await self.client.infer(ask)

    async def _knows(self, ask: Ask) -> bool:
        """Make the region known to the engine; False when it cannot use it, then pixels go in the body from now on."""
        stage = self._stages[0]
        if self._regions.get(stage) == ask.region:
            return True
        try:
            if stage in self._regions:
                await self.client.unregister(self._regions.pop(stage))
            await self.client.register(ask.region, ask.region_bytes)
        except Refused as error:
            for one in self._stages:
                self._go_without(one, error)
            return False
        self._regions[stage] = ask.region
        return True

    async def close(self) -> None:
        """Give the memory back, here and in the engine; the engine goes on without us."""
        try:
            for region in self._regions.values():
                await self.client.unregister(region)
        except EngineDied as error:
            LOG.debug("engine %s: %s", self._name, error)
        await self.client.close()
        if self._ready is not None:
            self._ready.laid.cancel()
            await asyncio.wait([self._ready.laid])
        self._thread.shutdown(wait=True)
        for stage in self._stages:
            stage.close()


def _seen(laid: "asyncio.Task[Laid]") -> None:
    """`stage` tells the same again, where this frame is asked about; where none is, nothing is lost."""
    if not laid.cancelled():
        laid.exception()


def _draw(frame: Frame, borrow: Borrow, look: Look, target: Pixels) -> None:
    with borrow(frame) as pixels:
        draw(pixels, target, look)


def _stack(kept: Sequence[Kept], target: Pixels) -> None:
    for one, place in zip(kept, target, strict=True):
        np.copyto(place, one.pixels)
