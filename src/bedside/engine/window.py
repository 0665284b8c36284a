"""The last frames of the stream, as an engine wants them; the ring is too short to ask it for them."""

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from bedside import clock
from bedside.engine.drawing import draw
from bedside.engine.picture import Look
from bedside.engine.staging import Borrow
from bedside.errors import BusError, Overwritten, Unreachable
from bedside.messages import Frame, Pixels

LOG = logging.getLogger(__name__)
SPARE = 4
"""So many frames may come between that the newest one was taken and that its window is."""
BACKLOG = 4
"""So many frames may wait to be drawn: half of the ring."""


@dataclass(frozen=True)
class Kept:
    """One frame, drawn as the engine wants it; never written again."""

    seq: int
    time_s: float
    pixels: Pixels


class Window:
    """The last `length` frames, each once and in order, drawn in a thread as they come.

    Belongs to one event loop. It holds `length` + 4 pictures of the engine's size, and no whole ones. It starts again
    after `clear`, where later frames have lower numbers (another source), and where the picture's size changes.
    `changed` is called when it has one more frame, or none any more.
    """

    def __init__(self, name: str, length: int, changed: Callable[[], None] = lambda: None) -> None:
        self.length = length
        self.missed = 0
        """Frames that are not in it since they were not drawn in time: gaps in its numbers."""
        self._changed = changed
        self._kept: deque[Kept] = deque(maxlen=length + SPARE)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"window-{name}")
        self._drawing: dict[int, asyncio.Future[Pixels]] = {}
        self._newest: Frame | None = None
        self._look: Look | None = None
        self._starts = 0
        self._under_way = 0

    @property
    def has(self) -> int:
        """So many frames it has, up to its length."""
        return min(len(self._kept), self.length)

    @property
    def lacks(self) -> str:
        """What it waits for, in words; empty when it is full."""
        return "" if self.has == self.length else f"waits for {self.length} frames, has {self.has}"

    def add(self, frame: Frame, borrow: Borrow, look: Look) -> None:
        """The next frame; one that was there already changes nothing. Never waits."""
        newest = self._newest
        if newest is not None and frame.seq <= newest.seq and frame.captured_ns <= newest.captured_ns:
            return  # a pipeline may ask about it when newer ones have come
        if newest is not None and (frame.seq <= newest.seq or look != self._look):
            self.clear()
        self._newest, self._look = frame, look
        if self._under_way >= BACKLOG:
            self.missed += 1
            return
        self._under_way += 1
        drawing = asyncio.get_running_loop().run_in_executor(self._thread, _drawn, frame, borrow, look)
        self._drawing[frame.seq] = drawing
        drawing.add_done_callback(functools.partial(self._keep, frame, self._starts))

    def clear(self) -> None:
        """Start again: what comes next does not follow what was there."""
        was_empty = not self._kept
        self._starts += 1
        self._newest = None
        self._kept.clear()
        self._drawing.clear()
        if not was_empty:
            self._changed()

    async def ending_at(self, frame: Frame) -> tuple[Kept, ...]:
        """The frames up to this one, oldest first. Raises Unreachable until it is full, Overwritten if one is gone."""
        drawing = self._drawing.get(frame.seq)
        if drawing is not None:
            await asyncio.wait([drawing])
        kept = [one for one in self._kept if one.seq <= frame.seq]
        if not kept or kept[-1].seq != frame.seq:
            raise Overwritten(f"frame {frame.seq} is not in the window of {self.length} frames; take the newest one")
        if len(kept) < self.length and self.lacks:
            raise Unreachable(f"the engine takes no frame now; it {self.lacks}")
        if len(kept) < self.length:
            gone = self.length - len(kept)
            raise Overwritten(
                f"{gone} of the {self.length} frames that end at frame {frame.seq} are gone; take the newest one"
            )
        return tuple(kept[-self.length :])

    def close(self) -> None:
        """End the thread and let the frames go."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self.clear()

    def _keep(self, frame: Frame, start: int, drawing: "asyncio.Future[Pixels]") -> None:
        self._under_way -= 1
        if drawing.cancelled():
            return
        error = drawing.exception()
        if start != self._starts:
            return  # it was begun before the window started again
        del self._drawing[frame.seq]
        if error is None:
            self._kept.append(Kept(frame.seq, frame.wall_ns / clock.NS_PER_S, drawing.result()))
            self._changed()
            return
        self.missed += 1
        if not isinstance(error, BusError):
            LOG.error("frame %d could not be drawn for a window", frame.seq, exc_info=error)


def _drawn(frame: Frame, borrow: Borrow, look: Look) -> Pixels:
    target = np.empty(look.shape, np.uint8)
    with borrow(frame) as pixels:
        draw(pixels, target, look)
    return target
