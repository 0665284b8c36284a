"""Asks engines for a pipeline, on the server's event loop; keeps the last answer of each."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bedside import clock
from bedside.engine.staging import Borrow
from bedside.engine.tally import Handed
from bedside.errors import Overwritten, Unreachable
from bedside.messages import EngineState, EngineStatus, Frame, Result, Status
from bedside.router.part import LATE, RESTS, Part
from bedside.router.when import Turn, When

LOG = logging.getLogger(__name__)
WAITS = "is asked by the pipeline"
"""No answer is ever due of an engine that a pipeline may ask or not. One that hangs is noticed by its own deadline."""


class Asked(Protocol):
    """What a pipeline asks; engine.replicas.Replicas is one."""

    @property
    def name(self) -> str: ...
    @property
    def handed(self) -> Handed: ...
    @property
    def status(self) -> EngineStatus: ...
    @property
    def is_well(self) -> bool: ...
    def run(self) -> Awaitable[None]: ...
    def see(self, event: Frame | Status, borrow: Borrow) -> None: ...
    def answer(
        self, frame: Frame, borrow: Borrow, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Awaitable[Result]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """One engine's part, and when its model computed, monotonic; both 0 when it did not."""

    part: Part
    from_ns: int = 0
    until_ns: int = 0


@dataclass(slots=True, eq=False)
class Call:
    """One engine to be asked about one frame. `deliver` is called once, on the server's loop."""

    name: str
    frame: Frame
    borrow: Borrow
    deliver: Callable[[Reply], None]
    is_owed: bool = False
    """The pipeline waits for it, or did until it was late."""
    given_up: bool = False
    """The pipeline waits no longer: the answer is late."""


class Desk:
    """Belongs to the server's event loop, but for `last` and `why_not`, which any thread may call.

    An answer that nobody waits for any more is not broken off: its connection would break. It is counted as late, and
    kept as the engine's last one, until the signal is lost.
    """

    def __init__(self, engines: Sequence[Asked], borrow: Borrow, when: Mapping[str, When]) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self._borrow = borrow
        self._turns = {name: Turn(when.get(name) or When()) for name in self._engines}
        self._last: dict[str, tuple[Part, Frame]] = {}
        self._lost_ns = 0
        self._why_not: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        for engine in engines:
            engine.handed.waits = WAITS

    @property
    def late(self) -> int:
        """Answers that came when the pipeline's result had gone out without them."""
        return sum(engine.handed.late for engine in self._engines.values())

    def see(self, event: Frame | Status) -> None:
        """Everything that comes from the bus. With the signal the last answers are lost: it may be another patient."""
        if not event.signal.has_picture:
            self._last.clear()
            self._lost_ns = clock.monotonic_ns()
        for name, engine in self._engines.items():
            engine.see(event, self._borrow)
            if isinstance(event, Frame):
                self._turns[name].see(event)
            else:
                self._turns[name].heard(event.signal)

    def ask(self, call: Call) -> None:
        """Ask; returns at once."""
        task = asyncio.get_running_loop().create_task(self._ask(call), name=f"ask {call.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Break off what is asked still: the engines are let go of."""
        for task in self._tasks:
            task.cancel()

    def last(self, name: str, frame: Frame) -> Part | None:
        """The newest answer of an engine, with its age beside this frame."""
        kept = self._last.get(name)
        if kept is None:
            return None
        part, its = kept
        return replace(part, age_s=max(0.0, (frame.captured_ns - its.captured_ns) / clock.NS_PER_S))

    def why_not(self, name: str) -> str:
        """Why the engine gave nothing when it was asked last."""
        return self._why_not.get(name) or LATE

    async def _ask(self, call: Call) -> None:
        try:
            reply = await self._reply(call)
        except Exception as error:
            LOG.exception("engine %s: a fault in Bedside itself", call.name)
            reply = Reply(Part(call.name, missing=f"failed: a fault in Bedside itself: {error!r}"))
        self._why_not[call.name] = reply.part.missing
        if reply.part:
            kept = self._last.get(call.name)
            newest_ns = kept[1].captured_ns if kept is not None else self._lost_ns
            if newest_ns < call.frame.captured_ns:
                self._last[call.name] = reply.part, call.frame
            self._engines[call.name].handed.late += call.given_up
        call.deliver(reply)

    async def _reply(self, call: Call) -> Reply:
        engine, turn = self._engines[call.name], self._turns[call.name]
        if not engine.is_well:
            return Reply(Part(call.name, missing=_trouble(engine.status)))
        if not turn.claim(call.frame):
            return Reply(Part(call.name, missing=RESTS))
        try:
            result = await engine.answer(call.frame, call.borrow, None, clock.monotonic_ns())
        except (Unreachable, Overwritten):  # busy with an earlier frame, or it was lost just now
            turn.give_back()
            return Reply(Part(call.name, missing=LATE if engine.is_well else _trouble(engine.status)))
        turn.answered(result)
        part = Part(call.name, result.answer, seq=call.frame.seq)
        if result.error:
            part = replace(part, missing=f"failed: {result.error}" if engine.is_well else _trouble(engine.status))
        timing = result.timing
        model_ns = int(timing.model_ms * clock.NS_PER_MS)
        way_ns = max(0, timing.answered_ns - timing.asked_ns - model_ns) // 2
        return Reply(part, timing.asked_ns + way_ns, timing.answered_ns - way_ns)


def _trouble(status: EngineStatus) -> str:
    """Why an engine that is not well gives nothing."""
    word = {EngineState.DEAD: "dead", EngineState.FAILED: "failed"}.get(status.state)
    return f"{word}: {status.message}" if word and status.message else word or "starting"
