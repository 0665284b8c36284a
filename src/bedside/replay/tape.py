"""A recorded session as a stream of events: its frames with their pictures, and what the signal did between them."""

import asyncio
import queue
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass

import numpy as np

from bedside import clock
from bedside.errors import Overwritten, SessionError
from bedside.messages import Frame, Pixels, Scale, Signal, Status
from bedside.replay.scales import Scales
from bedside.review.pictures import Pictures
from bedside.session.recorded import Recorded
from bedside.threads import background_pool

AHEAD = 4
"""So many pictures are decoded while the engine computes; a bound, since a picture of 1920x1080 has 6 MB."""
GAP_NS = clock.NS_PER_S
"""So long without a recorded picture counts as a lost signal: what comes after it does not follow what was before."""
NOT_RECORDED = "nothing was recorded here"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened in the scan."""

    event: Frame | Status
    captured_ns: int
    """When, in the scan's monotonic time."""
    pixels: Pixels | None = None
    """Of a frame, uint8 [height, width, 3]."""


class Tape:
    """The frames from `first` to before `stop`, rows of the session's FrameTable, decoded ahead in a thread."""

    def __init__(self, recorded: Recorded, first: int, stop: int) -> None:
        self._recorded = recorded
        self._first, self._stop = first, stop
        self._ahead: queue.Queue[Step | Exception | None] = queue.Queue(AHEAD)
        self._is_closed = threading.Event()
        self._scales = Scales(recorded.marks)
        self.tell_scale: Callable[[Scale | None], None] = lambda _: None
        """Hears what a person measured on the ruler, when it came to hold in the scan."""
        self._filler = background_pool(1, "tape")
        self._taker = ThreadPoolExecutor(1, thread_name_prefix="tape-taker")
        self.missing = 0
        """Frames that have a row and are not in the video."""

    async def steps(self) -> AsyncIterator[Step]:
        """All of it, in order; once. Raises SessionError when the video cannot be read at all."""
        self._filler.submit(self._fill)
        loop = asyncio.get_running_loop()
        while True:
            try:
                step = self._ahead.get_nowait()
            except queue.Empty:
                step = await loop.run_in_executor(self._taker, self._ahead.get)
            if isinstance(step, Exception):
                raise step
            if step is None:
                return
            yield step

    def reach(self, step: Step) -> None:
        """To be called when a step happens: `tell_scale` hears when another scale held from there on."""
        if self._scales.reach(step.captured_ns):
            self.tell_scale(self._scales.now)

    def close(self) -> None:
        """Ends the decoding."""
        self._is_closed.set()
        with suppress(queue.Empty):
            while True:
                self._ahead.get_nowait()
        with suppress(queue.Full):
            self._ahead.put_nowait(None)  # for a taker that waits still
        self._filler.shutdown(wait=False)
        self._taker.shutdown(wait=False)

    def _fill(self) -> None:
        try:
            for step in self._decoded():
                if not self._put(step):
                    return
            self._put(None)
        except Exception as error:
            self._put(error)

    def _put(self, step: Step | Exception | None) -> bool:
        while not self._is_closed.is_set():
            with suppress(queue.Full):
                self._ahead.put(step, timeout=0.1)
                return True
        return False

    def _decoded(self) -> Iterator[Step]:
        table = self._recorded.frames
        changes = iter([row for row in table.signals if self._is_within(row.captured_ns)])
        change = next(changes, None)
        pictures = Pictures(self._recorded)
        before_ns = 0
        try:
            for index, pixels in pictures.frames(self._first, self._stop):
                at_ns = int(table.captured_ns[index])
                while change is not None and change.captured_ns <= at_ns:
                    yield Step(Status(_signal(change.signal, Signal.NO_SIGNAL)), change.captured_ns)
                    before_ns, change = change.captured_ns, next(changes, None)
                if before_ns and at_ns - before_ns > GAP_NS:
                    yield Step(Status(Signal.OFFLINE, NOT_RECORDED), before_ns + GAP_NS)
                before_ns = at_ns
                height, width = pixels.shape[:2]
                signal = _signal(table.signal[index], Signal.LIVE)
                wall_ns = int(table.wall_ns[index])
                frame = Frame(int(table.seq[index]), at_ns, wall_ns, width, height, signal)
                yield Step(frame, at_ns, pixels)
        finally:
            self.missing = pictures.missing
            pictures.close()

    def _is_within(self, captured_ns: int) -> bool:
        times = self._recorded.frames.captured_ns[self._first : self._stop]
        return bool(len(times)) and times[0] < captured_ns <= times[-1]


def _signal(text: str, otherwise: Signal) -> Signal:
    """What a row says; `otherwise` for a word of a newer version, or a damaged one."""
    return Signal(text) if text in set(Signal) else otherwise


class Shelf:
    """The pictures that may still be asked for, as the ring of a broadcaster has them: the newest `slots`."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._pictures: OrderedDict[tuple[int, int], Pixels] = OrderedDict()

    def put(self, frame: Frame, pixels: Pixels) -> None:
        """One more; the oldest goes."""
        pixels.flags.writeable = False
        self._pictures[frame.seq, frame.captured_ns] = pixels
        while len(self._pictures) > self._slots:
            self._pictures.popitem(last=False)

    def borrow(self, frame: Frame) -> AbstractContextManager[Pixels]:
        """A view of the frame's pixels. Raises Overwritten when they are gone. Any thread."""
        pixels = self._pictures.get((frame.seq, frame.captured_ns))
        if pixels is None:
            raise Overwritten(f"frame {frame.seq} is no longer on the shelf; take the newest one")
        return nullcontext(pixels)


def part_of(recorded: Recorded, from_s: float | None, to_s: float | None) -> tuple[int, int]:
    """The rows of the frames between two times of the session's timeline, in seconds; None is its start, its end.

    Raises SessionError when there is no frame of a video.
    """
    table = recorded.frames
    if not len(table):
        raise SessionError(f"session {recorded.name} has no video: nothing was recorded, so nothing can be replayed")
    times_s = (table.captured_ns - recorded.start_ns) / clock.NS_PER_S
    first = 0 if from_s is None else int(np.searchsorted(times_s, from_s, "left"))
    stop = len(table) if to_s is None else int(np.searchsorted(times_s, to_s, "right"))
    if first >= stop:
        raise SessionError(
            f"session {recorded.name} has no frame between --from {from_s or 0:g} and --to "
            f"{times_s[-1] if to_s is None else to_s:g}; its video goes from {times_s[0]:.1f} to {times_s[-1]:.1f} s"
        )
    return first, stop
