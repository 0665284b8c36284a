"""One engine, asked about every recorded frame that it is its turn with, as fast as it answers."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from bedside import clock
from bedside.engine.replicas import Link, Replicas
from bedside.errors import EngineError, Overwritten, Unreachable
from bedside.messages import Frame, Result
from bedside.replay.tape import Shelf, Step, Tape
from bedside.router.when import EARLY_NS, Turn, When

MOST_ENDS = 4
"""An engine that has been lost so often in a row, with no answer in between, is given up."""
SLOTS_BESIDE = 12
"""Pictures that stay beside those of the replicas: the ones that a window may draw still."""
Deliver = Callable[[Result], Awaitable[None]]


class Fast:
    """Asks `engine`, whose links run; `deliver` gets each result, in the order of the frames.

    An interval of `when` counts in the time of the scan. A window is that of the last recorded frames. `misfit(width,
    height)` says why the engine cannot be shown such a picture; empty when it can.
    """

    def __init__(
        self,
        engine: Replicas,
        when: When,
        misfit: Callable[[int, int], str],
        deliver: Deliver,
        patience_s: float,
    ) -> None:
        self._engine = engine
        self._every_ns = int(when.every_s * clock.NS_PER_S)
        self._turn = Turn(When(is_on_freeze=when.is_on_freeze))
        self._misfit = misfit
        self._deliver = deliver
        self._patience_s = patience_s
        self._shelf = Shelf(len(engine.links) + SLOTS_BESIDE)
        self._flights: deque[asyncio.Task[Result | None]] = deque()
        self._busy: dict[Link, asyncio.Task[Result | None]] = {}
        self._free_ns: dict[Link, int] = {}
        self._asked_ns = 0
        self._ends = 0
        self.rested = 0
        """Frames that it was not asked about: not its turn, or its window was not full."""
        self.unfit = ""
        """Why it could not be asked about some frame; empty when it could."""

    async def run(self, tape: Tape, told: Callable[[], None]) -> None:
        """All of it; `told` after each frame. Raises EngineError when the engine is lost for good."""
        try:
            async for step in tape.steps():
                tape.reach(step)
                await self._take(step)
                if isinstance(step.event, Frame):
                    told()
            while self._flights:
                await self._land()
        finally:
            for flight in self._flights:
                flight.cancel()

    async def _take(self, step: Step) -> None:
        if not isinstance(step.event, Frame):
            self._engine.see(step.event, self._shelf.borrow)
            self._turn.heard(step.event.signal)
            return
        assert step.pixels is not None  # of a frame there are
        frame = step.event
        if unfit := self._misfit(frame.width, frame.height):
            self.unfit, self.rested = unfit, self.rested + 1
            return
        self._shelf.put(frame, step.pixels)
        self._engine.see(frame, self._shelf.borrow)
        if not (self._turn.see(frame) and self._is_due(frame)) or not await self._has_window(frame):
            self.rested += 1
            return
        if not self._turn.claim(frame):
            self.rested += 1
            return
        self._asked_ns = frame.captured_ns
        link = await self._free_link(frame)
        left = asyncio.Event()
        flight = asyncio.create_task(self._ask(link, _now(frame), left), name=f"ask {link.name}")
        flight.add_done_callback(lambda _: left.set())
        self._busy[link] = flight
        self._flights.append(flight)
        await left.wait()  # its picture is with the engine: the next one may come
        while self._flights and self._flights[0].done():
            await self._land()

    def _is_due(self, frame: Frame) -> bool:
        return not self._asked_ns or not 0 <= frame.captured_ns - self._asked_ns < self._every_ns - EARLY_NS

    async def _has_window(self, frame: Frame) -> bool:
        """Whether all frames are there that the engine wants at once; waits until this one is drawn."""
        window = getattr(self._engine.links[0], "window", None)
        if window is None:
            return True
        try:
            await window.ending_at(frame)
        except (Unreachable, Overwritten):
            return False
        return True

    async def _free_link(self, frame: Frame) -> Link:
        """A replica that is asked nothing. While the only one computes, the next picture is laid ready for it."""
        links = self._engine.links
        if len(links) == 1 and (flight := self._busy.get(links[0])) is not None and not flight.done():
            await links[0].prepare(_now(frame), self._shelf.borrow)
        while True:
            for link in links:
                flight = self._busy.get(link)
                if flight is None or flight.done():
                    return link
            if len(self._flights) >= 2 * len(links):
                await self._land()  # the first one takes long; the others wait behind it
            else:
                await asyncio.wait(list(self._busy.values()), return_when=asyncio.FIRST_COMPLETED)

    async def _land(self) -> None:
        result = await self._flights[0]
        self._flights.popleft()
        if result is None:
            self.rested += 1
        else:
            await self._deliver(result)

    async def _ask(self, link: Link, frame: Frame, left: asyncio.Event) -> Result | None:
        """The answer; an error where the model failed, hung or died on this frame; None where it could not be asked."""
        while True:
            await until_well([link], self._patience_s)
            try:
                result = await link.answer(frame, self._shelf.borrow, left.set, self._free_ns.get(link, 0))
            except Unreachable:
                if link.is_well:
                    return None
                continue  # it was lost before it was asked
            except Overwritten:
                return None
            self._free_ns[link] = result.timing.answered_ns
            self._ends = 0 if link.is_well else self._ends + 1
            if self._ends >= MOST_ENDS:
                raise EngineError(f"engine {link.name} was lost {self._ends} times in a row; last: {result.error}")
            return result


async def until_well(links: Sequence[Link], patience_s: float) -> None:
    """Wait until all of them can be asked. Raises EngineError, with the reason, when one cannot in so long."""
    for link in links:
        if link.is_well:
            continue
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await link.until_well()
        if not link.is_well:
            now = link.status
            raise EngineError(
                f"engine {link.name} is not there within {patience_s:g} s; it is {now.state}: {now.message}"
            )


def _now(frame: Frame) -> Frame:
    """The frame as if it had come this moment; who it is stays."""
    return Frame(
        frame.seq, frame.captured_ns, frame.wall_ns, frame.width, frame.height, frame.signal, clock.monotonic_ns()
    )
