"""One JPEG for all subscribers that asked for the same frame in the same size and quality."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from bedside.bus import jpeg
from bedside.bus.ring import RingReader
from bedside.messages import Frame

KEPT = 8
"""JPEGs kept for a subscriber that asks a moment later."""


class Encoder:
    """Encodes pictures of the ring in threads of its own, never on the event loop."""

    def __init__(self, ring: RingReader, threads: int = 2) -> None:
        self.encodes = 0
        """JPEGs made so far."""
        self._ring = ring
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="jpeg")
        self._jpegs: OrderedDict[tuple[int, int, int], asyncio.Future[bytes]] = OrderedDict()

    async def encode(self, frame: Frame, width: int, quality: int) -> bytes:
        """The frame as JPEG, scaled down to `width` (0: as it is). Raises Overwritten when it left the ring before."""
        key = (frame.seq, width if width < frame.width else 0, quality)
        running = self._jpegs.get(key)
        if running is None:
            running = asyncio.get_running_loop().run_in_executor(self._pool, self._encode, frame, *key[1:])
            running.add_done_callback(_look_at_error)
            self._jpegs[key] = running
            self.encodes += 1
            if len(self._jpegs) > KEPT:
                self._jpegs.popitem(last=False)
        return await asyncio.shield(running)  # one subscriber that leaves must not cancel it for the others

    def close(self) -> None:
        """End the threads once they have finished what they do."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _encode(self, frame: Frame, width: int, quality: int) -> bytes:
        with self._ring.borrow(frame) as pixels:
            return jpeg.encode(pixels, width, quality)


def _look_at_error(done: asyncio.Future[bytes]) -> None:
    """Everybody who waited may have left; an error that nobody fetches is not worth a warning then."""
    if not done.cancelled():
        done.exception()
