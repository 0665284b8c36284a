"""One engine's life as the server sees it: is it there, is it well, what does it answer.

docs/topics/engines.md draws the states.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from bedside import clock
from bedside.engine.address import Address
from bedside.engine.between import Between
from bedside.engine.client import Readiness
from bedside.engine.condition import Condition
from bedside.engine.exchange import Exchange, Laid
from bedside.engine.picture import Wanted
from bedside.engine.protocol import Answer, Failure
from bedside.engine.staging import Borrow
from bedside.engine.tally import Tally
from bedside.engine.window import Window
from bedside.errors import EngineDied, Overdue, PredictFailed, Unreachable
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Result, Scale, Status, Timing

ALL = Wanted()
GRACE_S = 0.5
"""A runner ends itself at its deadline; so much longer the link waits, to see that happen."""


class EngineLink:
    """The engine `name` at `address`, asked with the pixels that are `wanted`.

    `run` keeps the state true and must run all the time; `see` is told of every frame, `answer` asks, one frame at a
    time. Every change of state goes to `report`. The first answer after a start may take `start_deadline_s`, each other
    `deadline_s`. `window` is that of another replica, which keeps it; a link that wants one has its own otherwise.
    `pixel_spacing_mm` is that of the whole picture, 0 where it is not known.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        *,
        wanted: Wanted = ALL,
        deadline_s: float = 10.0,
        start_deadline_s: float = 300.0,
        window: Window | None = None,
        pixel_spacing_mm: float = 0.0,
        report: Callable[[EngineStatus], None],
    ) -> None:
        self.name = name
        self._owns_window = window is None and wanted.window > 0
        self.window = Window(name, wanted.window, self._tell) if self._owns_window else window
        self._exchange = Exchange(name, address, wanted, self.window, pixel_spacing_mm)
        self._deadline_s = deadline_s
        self._start_deadline_s = max(start_deadline_s, deadline_s)
        self._report = report
        self._tally = Tally()
        self._condition = Condition(name, self._tell)
        self._asked_ns = 0
        self._takes_corrections = False
        self._between = Between()

    @property
    def status(self) -> EngineStatus:
        """What the engine is doing now."""
        lacks = self.window.lacks if self.window is not None and self.is_well else ""
        now = self._condition
        is_misfit = now.state.is_well and now.misfit != ""
        state = EngineState.FAILED if is_misfit else now.state
        message = now.misfit if is_misfit else lacks or now.message
        return replace(
            self._tally.status(self.name, state, message, self._asked_ns),
            waits=lacks != "",
            passed_over=self.window.missed if self._owns_window and self.window is not None else 0,
            takes_corrections=self._takes_corrections,
        )

    @property
    def is_well(self) -> bool:
        """Whether answers can be expected."""
        return self._condition.is_well

    @property
    def is_warm(self) -> bool:
        """Whether it has answered since its start: its first answer may take minutes."""
        return self._condition.is_warm

    @property
    def is_free(self) -> bool:
        """Whether it can be asked now."""
        return self.is_well and not self._asked_ns

    async def until_well(self) -> None:
        """Wait until answers can be expected."""
        await self._condition.until_well()

    async def run(self) -> None:
        """Look after the engine until cancelled: find it, notice that it is gone, find it again."""
        self._condition.begin()
        while True:
            if not self._asked_ns:  # a running request tells by itself how the engine is
                await self._probe()
            await self._condition.until_next_look()

    def see(self, event: Frame | Status, borrow: Borrow) -> None:
        """Each frame and status of the stream, in order: whether the region fits, what a window keeps. Never waits."""
        has_picture = event.signal.has_picture
        if isinstance(event, Frame) and has_picture:
            has_picture = self._fits(event)
        if self.window is None or not self._owns_window:
            return
        if not has_picture:
            self.window.clear()
        elif isinstance(event, Frame):
            self.window.add(event, borrow, self._exchange.look(event))

    def set_scale(self, scale: Scale | None) -> None:
        """What a person measured on the picture's ruler, from the next question on; None is the setting's again."""
        self._exchange.set_scale(scale)

    @property
    def expected_s(self) -> float:
        """How long the next answer will take, as far as the last ones tell; 0 before the first one."""
        return self._tally.model_ms / 1000

    async def prepare(self, frame: Frame, borrow: Borrow) -> None:
        """Lay a frame ready while the engine computes, so that `answer` about it can ask at once."""
        await self._exchange.prepare(frame, borrow)

    async def answer(
        self, frame: Frame, borrow: Borrow, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Result:
        """The engine's answer to a frame; a Result with an error where the model failed, hung or died on it.

        `left` is called when the request is on its way: from then on the caller has time until the answer. `free_ns`
        says since when the engine waits for a frame (messages.Timing). Raises Unreachable while the engine is not well,
        another answer is awaited, its region does not fit or its window is not full; Overwritten when the frame's
        pixels are gone already.
        """
        if not self._fits(frame) or not (self.is_free or self._between.is_taken):
            raise self._not_now()
        async with self._between.frame():
            if not self.is_free:
                raise self._not_now()
            free_ns = max(free_ns, self._between.until_ns)
            return await self._answer(frame, self._exchange.stage(frame, borrow), free_ns, left, counts=True)

    async def answer_again(self, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Result:
        """The answer to a frame that was answered before, with what a person has corrected of that answer.

        `pixels` are those of the whole picture. Between two frames of the live picture; it is in none of the engine's
        counts. Raises Unreachable while the engine is not well or takes no corrections, where there was no turn for
        this one in time, or a newer one came.
        """
        if not self._takes_corrections:
            raise Unreachable(f"engine {self.name} takes no corrections")
        async with self._between.person(self._deadline_s + GRACE_S):
            if not self.is_free:
                raise self._not_now()
            if not self.is_warm:
                raise Unreachable(f"engine {self.name} has not answered a frame since its start; try again when it has")
            laying = self._exchange.stage_again(frame, pixels, corrections)
            return await self._answer(frame, laying, clock.monotonic_ns(), None, counts=False)

    def _not_now(self) -> Unreachable:
        now = self.status
        return Unreachable(f"engine {self.name} takes no frame now; it is {now.state}: {now.message or 'busy'}")

    def explain(self, reason: str) -> None:
        """Whoever keeps the engine's process says why it ended; it is shown until the engine answers again.

        From here only a broken connection is seen. What the engine itself says of why it cannot be loaded stays.
        """
        self._condition.explain(reason)

    async def close(self) -> None:
        """Let go of the engine and of the shared memory."""
        await self._exchange.close()
        if self._owns_window and self.window is not None:
            self.window.close()

    def _fits(self, frame: Frame) -> bool:
        """Whether the frame can be shown to the engine; its state says so where it cannot."""
        try:
            self._exchange.look(frame)
            misfit = ""
        except Unreachable as error:
            misfit = str(error)
        self._condition.fit(misfit)
        return not misfit

    async def _answer(
        self, frame: Frame, laying: Awaitable[Laid], free_ns: int, left: Callable[[], None] | None, *, counts: bool
    ) -> Result:
        """Ask while nothing else is asked."""
        taken_ns = self._asked_ns = clock.monotonic_ns()
        try:
            laid = await laying
            self._asked_ns = clock.monotonic_ns()
            asyncio.get_running_loop().call_soon(self._say_busy)  # once the question has left: the model waits for it
            result = await self._ask(frame, laid, (taken_ns, free_ns), left)
            if counts:
                self._count(result)
            return result
        finally:
            self._asked_ns = 0
            if self._condition.state is EngineState.BUSY:
                self._condition.become(EngineState.READY)

    def _say_busy(self) -> None:
        if self._asked_ns and self._condition.state is EngineState.READY:
            self._condition.become(EngineState.BUSY, "" if self._condition.is_warm else "first answer since its start")

    def _count(self, result: Result) -> None:
        if result.error:
            self._tally.errors += 1
            return
        self._condition.warm()
        self._tally.count(result.timing.answered_ns, result.timing.model_ms, result.timing.added_ms)

    async def _ask(
        self, frame: Frame, laid: Laid, times_ns: tuple[int, int], left: Callable[[], None] | None
    ) -> Result:
        taken_ns, free_ns = times_ns
        error, answer, model_ms = "", None, None
        try:
            answer = await self._within_deadline(laid, left)
            model_ms = answer.model_ms
        except Failure as failure:
            error, model_ms = str(failure), failure.model_ms
        except PredictFailed as failure:
            error = str(failure)
        except (EngineDied, Overdue) as loss:
            error = str(loss)
            self._condition.lose(error)
        now_ns = clock.monotonic_ns()
        request_ms = (now_ns - self._asked_ns) / clock.NS_PER_MS
        # Where the server does not say, all of the request counts as the model's; more than that it cannot be.
        model_ms = request_ms if model_ms is None else min(model_ms, request_ms)
        timing = Timing(frame.captured_ns, frame.published_ns, taken_ns, self._asked_ns, now_ns, model_ms, free_ns)
        if answer is None:
            return Result(self.name, frame.seq, timing, error=error)
        return Result(self.name, frame.seq, timing, answer.fields)

    async def _within_deadline(self, laid: Laid, left: Callable[[], None] | None) -> Answer:
        deadline_s = self._deadline_s if self._condition.is_warm else self._start_deadline_s
        try:
            async with asyncio.timeout(deadline_s + GRACE_S):
                return await self._exchange.send(laid, left)
        except TimeoutError:
            raise Overdue(f"no answer within {deadline_s:g} s; it hangs") from None
        except EngineDied as error:
            if clock.age_ms(self._asked_ns) >= deadline_s * 1000:
                raise Overdue(f"no answer within {deadline_s:g} s; it was stopped") from error
            raise

    async def _probe(self) -> None:
        changes = self._condition.changes
        try:
            found: Readiness | Unreachable = await self._exchange.client.readiness()
        except Unreachable as error:
            found = error
        if changes != self._condition.changes or self._asked_ns:
            return  # an answer has told more meanwhile
        if isinstance(found, Unreachable):
            self._condition.miss(found)
            return
        if found.state.is_well:
            self._takes_corrections = found.takes_corrections and self.window is None
        if self._condition.meet(found):
            self._tally.restarts += self._condition.was_well
            self._exchange.begin(found.shares_memory)
            self._condition.start()

    def _tell(self) -> None:
        self._report(self.status)
