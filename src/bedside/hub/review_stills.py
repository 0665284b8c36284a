"""Exact pictures of a session's frames for pages: one is made at a time, newest wish first; the last ones are kept."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import cv2
import numpy as np
import simplejpeg

from bedside.errors import SessionError
from bedside.hub.answer import png_of
from bedside.hub.picture import rounded
from bedside.review.pictures import Pictures
from bedside.session.recorded import Recorded
from bedside.threads import background_pool

QUALITY = 90
WAITING_MOST = 8
"""So many wishes may wait; with one more, the one that waits longest is passed over."""
KEPT_BYTES = 16_000_000

Fresh = Callable[[], Awaitable[Recorded]]
"""Reads a session, and its frames, as they are on the disk now."""
Wish = tuple[int, int]
"""A row, and the width of its JPEG in pixels; 0 is the PNG."""


class PassedOver(SessionError):
    """Newer wishes came."""


class Stills:
    """Of one session. Belongs to one event loop."""

    def __init__(self, fresh: Fresh) -> None:
        self._fresh = fresh
        self._thread = background_pool(1, "bedside-still")
        self._pictures: Pictures | None = None
        self._length = 0
        self._waiting: OrderedDict[Wish, asyncio.Future[bytes]] = OrderedDict()
        self._kept: OrderedDict[Wish, bytes] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None
        self.passed_over = 0

    @property
    def is_busy(self) -> bool:
        """Whether a picture is under way."""
        return self._worker is not None and not self._worker.done()

    async def jpeg(self, row: int, width: int) -> bytes:
        """Row `row`, `width` wide or as wide as the video. Raises PassedOver, and SessionError without a picture."""
        return await self._wish((row, rounded(width)))

    async def png(self, row: int) -> bytes:
        """The same, lossless and whole."""
        return await self._wish((row, 0))

    def close(self) -> None:
        """Ends the thread after what it is at."""
        self._thread.submit(self._put_away)
        self._thread.shutdown(wait=False)

    async def _wish(self, wish: Wish) -> bytes:
        if wish in self._kept:
            self._kept.move_to_end(wish)
            return self._kept[wish]
        future = self._waiting.pop(wish, None) or asyncio.get_running_loop().create_future()
        self._waiting[wish] = future
        if len(self._waiting) > WAITING_MOST:
            _, oldest = self._waiting.popitem(last=False)
            oldest.set_exception(PassedOver("newer pictures were asked for; ask again"))
            oldest.exception()  # whoever waited may have gone
            self.passed_over += 1
        if not self.is_busy:
            self._worker = asyncio.create_task(self._work())
        return await asyncio.shield(future)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            wish, future = self._waiting.popitem()
            try:
                if wish[0] >= self._length:
                    await loop.run_in_executor(self._thread, self._take, await self._fresh())
                data = await loop.run_in_executor(self._thread, self._make, wish)
            except Exception as error:
                future.set_exception(error)
                future.exception()
                continue
            self._keep(wish, data)
            future.set_result(data)

    def _keep(self, wish: Wish, data: bytes) -> None:
        self._kept[wish] = data
        while sum(map(len, self._kept.values())) > KEPT_BYTES and len(self._kept) > 1:
            self._kept.popitem(last=False)

    def _make(self, wish: Wish) -> bytes:
        row, width = wish
        assert self._pictures is not None  # taken before
        pixels = self._pictures.frame(row)
        if not width:
            return png_of(pixels)
        height_px, width_px = pixels.shape[:2]
        if width < width_px:
            size = (width, max(1, round(height_px * width / width_px)))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), QUALITY, "RGB", "420"))

    def _take(self, recorded: Recorded) -> None:
        self._put_away()
        self._pictures, self._length = Pictures(recorded), len(recorded.frames)

    def _put_away(self) -> None:
        if self._pictures is not None:
            self._pictures.close()
            self._pictures = None
