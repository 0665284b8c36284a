"""JPEGs for pages: each (stream, frame, width, quality) is encoded once, in a thread, and shared by all who want it."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import simplejpeg

from bedside.errors import BusError
from bedside.hub.pace import Rung
from bedside.messages import Frame, Pixels
from bedside.threads import background_pool

Borrow = Callable[[Frame], AbstractContextManager[Pixels]]
"""Lends a frame's pixels; raises Overwritten, on leaving at the latest, when they were not that frame's."""

T = TypeVar("T")

STEP_PX = 80
"""Widths are rounded up to a multiple of this, so that tablets of about one size share one encode."""

KEPT = 24
TRIES = 3


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture and the frame whose pixels it shows."""

    frame: Frame
    order: int
    """Which arrival at the hub this frame was; grows even where sequence numbers start again."""
    width: int
    height: int
    jpeg: bytes


class Darkroom:
    """Makes every picture once, in threads of its own. Belongs to one event loop.

    Live pictures have two threads to themselves, so that no answer that takes long to be laid out holds them up.
    """

    def __init__(self, borrow: Borrow, *, quality: int = 85, threads: int = 2) -> None:
        self._borrow = borrow
        self._quality = quality
        self._live_pool = background_pool(threads, "bedside-live")
        self._pool = background_pool(threads, "bedside-picture")
        self._made: OrderedDict[tuple[object, ...], asyncio.Future[object]] = OrderedDict()
        self.encodes = 0

    def once(
        self, key: tuple[object, ...], make: Callable[[], T], pool: ThreadPoolExecutor | None = None
    ) -> "asyncio.Future[T]":
        """The outcome of `make`, run in a thread for the first who asks for `key` and shared with the others."""
        future = self._made.get(key)
        if future is None:
            future = asyncio.get_running_loop().run_in_executor(pool or self._pool, make)
            future.add_done_callback(_look_at_error)
            self._made[key] = future
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return asyncio.shield(future)  # type: ignore[arg-type]

    async def run(self, make: Callable[[], T]) -> T:
        """The outcome of `make`, run in a thread and not kept."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, make)

    def live(
        self, newest: Callable[[], tuple[Frame, int] | None], width: int, rung: Rung
    ) -> "asyncio.Future[Picture | None]":
        """The newest picture at `width`, made as `rung` says; None when it could not be read in time."""
        now, size = newest(), self._size(width, rung)
        order = now[1] if now else 0
        return self.once(("live", order, *size), lambda: self._live(newest, now, *size), self._live_pool)

    def answer(self, frame: Frame, order: int, pixels: Pixels, width: int, rung: Rung) -> "asyncio.Future[Picture]":
        """The answered picture `pixels` at `width`, made as `rung` says."""
        size = self._size(width, rung)
        return self.once(("answer", order, *size), lambda: self._encode(frame, order, pixels, *size))

    def forget(self) -> None:
        """Let go of all that is made; what somebody waits for is still made for them."""
        self._made.clear()

    def _size(self, width: int, rung: Rung) -> tuple[int, int]:
        return rounded(round(width * rung.share)), min(self._quality, rung.quality)

    def close(self) -> None:
        """Ends the threads after what they are at."""
        for pool in (self._live_pool, self._pool):
            pool.shutdown(wait=False, cancel_futures=True)

    def _live(
        self, newest: Callable[[], tuple[Frame, int] | None], first: tuple[Frame, int] | None, width: int, quality: int
    ) -> Picture | None:
        found = first
        for _ in range(TRIES):
            if found is None:
                return None
            frame, order = found
            if frame.jpeg is not None and width >= frame.width and quality == self._quality:
                return Picture(frame, order, frame.width, frame.height, frame.jpeg)
            try:
                with self._borrow(frame) as view:
                    return self._encode(frame, order, view, width, quality)
            except BusError:
                found = newest()
        return None

    def _encode(self, frame: Frame, order: int, pixels: Pixels, width: int, quality: int) -> Picture:
        height_px, width_px = pixels.shape[:2]
        wanted = min(width, width_px)
        if wanted < width_px:
            height_px = max(1, round(height_px * wanted / width_px))
            pixels = np.asarray(cv2.resize(pixels, (wanted, height_px), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", "420")
        self.encodes += 1
        return Picture(frame, order, wanted, height_px, jpeg)


def _look_at_error(done: "asyncio.Future[object]") -> None:
    """Every page that waited may have gone; an error that nobody fetches is not worth a warning then."""
    if not done.cancelled():
        done.exception()


def rounded(width: int) -> int:
    """`width` rounded up to the step that pages share."""
    return -(-width // STEP_PX) * STEP_PX
