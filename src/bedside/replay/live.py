"""At the pace of the scan: the router or the pipeline of a server gets each recorded frame when it came in the scan."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from bedside import clock
from bedside.messages import EngineStatus, Frame, Pixels, Result, Signal, Status, Timing
from bedside.replay.kept import since_capture_ns
from bedside.replay.tape import Shelf, Step, Tape
from bedside.router.pipeline import NAME as PIPELINE

SLOTS = 8
"""Pictures that may be asked for still: as many as the ring of a broadcaster has."""
LATE_NS = 50 * clock.NS_PER_MS
"""A frame that could not be decoded in time is counted when it comes so much after its moment."""
LOOK_S = 0.01
Put = Callable[[Result, int, int], None]
"""Takes a result, when its frame was captured in the scan, and how many nanoseconds its times lie after the scan's."""


class Route(Protocol):
    """What gets frames; router.router.Router and router.pipeline.Pipeline are two."""

    def offer(self, event: Frame | Status) -> None: ...
    def run(self) -> Awaitable[None]: ...


class Live:
    """Plays a tape to a route. `borrow` and `publish` are what the route is made with.

    Each frame has the age and the order that it had: what the engines were too busy for is passed over here, too.
    """

    def __init__(self, put: Put) -> None:
        self._put = put
        self._shelf = Shelf(SLOTS)
        self._offset_ns = 0
        self.borrow = self._shelf.borrow
        self.results = 0
        self.late = 0
        """Frames that were not decoded in time."""

    def publish(self, result: Result, _: Pixels | None) -> None:
        """A result of the route."""
        self.results += 1
        self._put(result, result.timing.captured_ns - self._offset_ns, self._offset_ns)

    async def run(self, tape: Tape, route: Route, told: Callable[[], None]) -> None:
        """All of it, from the first frame at once; `told` after each frame."""
        async for step in tape.steps():
            if not self._offset_ns:
                self._offset_ns = clock.monotonic_ns() - step.captured_ns
            due_ns = step.captured_ns + self._offset_ns
            await asyncio.sleep(max(0.0, (due_ns - clock.monotonic_ns()) / clock.NS_PER_S))
            self.late += clock.monotonic_ns() - due_ns > LATE_NS
            tape.reach(step)
            _offer(route, self._shelf, step, due_ns)
            if isinstance(step.event, Frame):
                told()
        route.offer(Status(Signal.ENDED))  # what is asked is answered still, and nothing more is asked

    async def until_quiet(self, statuses: Callable[[], list[EngineStatus]], patience_s: float) -> None:
        """Until everything that was asked is answered and published; at most so long."""
        until_ns = clock.monotonic_ns() + int(patience_s * clock.NS_PER_S)
        while clock.monotonic_ns() < until_ns:
            now = statuses()
            is_busy = any(status.asked_ns for status in now)
            if not is_busy and self.results >= sum(one.answers + one.errors - one.late for one in now):
                return
            await asyncio.sleep(LOOK_S)


class StepByStep:
    """Gives a pipeline one frame after the other, the next when the last one is answered: as fast as it goes.

    `borrow` and `publish` are what the pipeline is made with, `heard` hears how it is.
    """

    def __init__(self, put: Put) -> None:
        self._put = put
        self._shelf = Shelf(SLOTS)
        self._offset_ns = 0
        self._frame: Frame | None = None
        self._is_answered = asyncio.Event()
        self.borrow = self._shelf.borrow

    def publish(self, result: Result, _: Pixels | None) -> None:
        """The pipeline's result."""
        if self._frame is not None and result.seq == self._frame.seq:
            captured_ns, self._frame = self._frame.captured_ns, None
            self._put(result, captured_ns, since_capture_ns(result, captured_ns))
            self._is_answered.set()

    def lose(self, why: str) -> None:
        """The pipeline was lost before it answered: that is its result for this frame."""
        if (frame := self._frame) is not None:
            now_ns = clock.monotonic_ns()
            at_ns = frame.captured_ns + self._offset_ns
            timing = Timing(at_ns, at_ns, at_ns, at_ns, max(at_ns, now_ns), 0.0)
            self.publish(Result(PIPELINE, frame.seq, timing, error=why), None)

    async def run(self, tape: Tape, pipeline: Route, told: Callable[[], None], again_s: float) -> None:
        """All of it; `told` after each frame. A frame without an answer, as when the file was saved, is given again.

        The times of the frames are those of now, since a pipeline asks how old what it has is.
        """
        async for step in tape.steps():
            tape.reach(step)
            if not isinstance(step.event, Frame):
                self._offset_ns = 0
            elif not self._offset_ns:
                self._offset_ns = clock.monotonic_ns() - step.captured_ns
            at_ns = step.captured_ns + self._offset_ns
            if not isinstance(step.event, Frame):
                _offer(pipeline, self._shelf, step, at_ns)
                continue
            self._is_answered.clear()
            self._frame = step.event
            while self._frame is not None and step.event.signal.has_picture:
                _offer(pipeline, self._shelf, step, at_ns)
                await self._answered_within(again_s)
            told()

    async def _answered_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._is_answered.wait()
        except TimeoutError:
            return


def _offer(route: Route, shelf: Shelf, step: Step, at_ns: int) -> None:
    event = step.event
    if isinstance(event, Frame):
        assert step.pixels is not None  # of a frame there are
        event = replace(event, captured_ns=at_ns, published_ns=clock.monotonic_ns())
        shelf.put(event, step.pixels)
    route.offer(event)
