"""The whole way: frames from the broadcaster through router and link to the engine; results with their pictures."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bedside import clock
from bedside.bus.subscriber import Subscriber
from bedside.check.numbers import Pair
from bedside.errors import BedsideError, EngineError, SettingsError, SourceError
from bedside.messages import EngineState, EngineStatus, Frame, Loss, Pixels, Result, Signal, Status
from bedside.router.router import Router

FRAMES_KNOWN = 512
FREEZE_S, FROZEN_S = 0.4, 5.0
FIRST_FRAME_S = 20.0
Report = Callable[[EngineStatus], None]
Publish = Callable[[Result, Pixels | None], None]
Control = Callable[[str], Awaitable[None]]


class Closes(Protocol):
    """What is closed in the end."""

    def close(self) -> Awaitable[None]: ...


@dataclass(frozen=True)
class Wired:
    """The parts of the way, wired as `bedside serve` wires them, not yet running."""

    subscriber: Subscriber
    router: Router
    links: Sequence[Closes]


Wire = Callable[[Report, Publish], Wired]


@dataclass(frozen=True)
class Answered:
    """One result with the very frame that it speaks of."""

    frame: Frame
    result: Result
    pixels: Pixels | None
    """The whole picture, uint8 [height, width, 3]; None where the ring was faster."""

    @property
    def pair(self) -> Pair:
        """Its times, without those of the bare loop."""
        timing = self.result.timing
        return Pair((timing.answered_ns - timing.due_ns) / clock.NS_PER_MS, timing.model_ms)


@dataclass
class Block:
    """What one run of the way has brought."""

    answered: list[Answered] = field(default_factory=list)
    source: Status = field(default_factory=lambda: Status(Signal.OFFLINE))
    engine: EngineStatus | None = None

    @property
    def fps(self) -> float:
        """Answers per second."""
        times = [one.result.timing.answered_ns for one in self.answered]
        return (len(times) - 1) * clock.NS_PER_S / (times[-1] - times[0]) if len(times) > 1 else 0.0


class Way:
    """Runs the way for a while, as often as wanted; each time everything but the engine is new."""

    def __init__(
        self, wire: Wire, start_deadline_s: float, misfit: Callable[[int, int], str], control: Control | None = None
    ) -> None:
        """`misfit(width, height)` says why the engine cannot be shown such a picture; empty when it can.

        `control` has the source freeze and go on, for an engine that is asked when the scanner is frozen.
        """
        self._wire = wire
        self._misfit = misfit
        self._start_deadline_s = start_deadline_s
        self._control = control

    async def run(self, frames: int, seconds: float, told: Callable[[], None] = lambda: None) -> Block:
        """Until there are so many results, or so much time has passed since the first one; `told` after each.

        Raises SourceError when no picture comes, SettingsError when it does not fit what the engine wants, EngineError
        when that cannot be loaded.
        """
        run = _Run(frames, told, self._misfit)
        wired = self._wire(run.hear_engine, run.publish)
        tasks = [
            asyncio.create_task(run.listen(wired), name="listen"),
            asyncio.create_task(wired.router.run(), name="router"),
        ]
        if self._control is not None:
            tasks.append(asyncio.create_task(run.keep_freezing(self._control), name="freeze"))
        try:
            await self._until_over(run, seconds, tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for link in wired.links:
                await link.close()
            await wired.subscriber.close()
        return run.block

    async def _until_over(self, run: "_Run", seconds: float, tasks: Sequence["asyncio.Task[None]"]) -> None:
        """Waits for a picture, a well engine, a first result, all results; whatever goes wrong before ends it."""
        await _first(run.has_picture, run, tasks, FIRST_FRAME_S, "no picture came from the source")
        waits = f"the engine was not ready within {self._start_deadline_s:g} s"
        await _first(run.is_well, run, tasks, self._start_deadline_s + 5, waits)
        waits = f"no result came within {self._start_deadline_s:g} s"
        await _first(run.has_result, run, tasks, self._start_deadline_s + 5, waits)
        await _first(run.is_full, run, tasks, seconds, "")


async def _first(
    event: asyncio.Event, run: "_Run", tasks: Sequence["asyncio.Task[None]"], patience_s: float, sentence: str
) -> None:
    """Wait for `event`. Raises what a task has raised, what the run is in trouble with, or `sentence`, if it is one."""
    waiting = [asyncio.create_task(one.wait()) for one in (event, run.in_trouble)]
    try:
        await asyncio.wait({*waiting, *tasks}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
    for task in tasks:
        if task.done():
            task.result()
    if event.is_set():
        return
    if run.trouble is not None:
        raise run.trouble
    if sentence:
        raise EngineError(f"{sentence}; {run.last_words}")


class _Run:
    """What one run of the way hears, and what it waits for."""

    def __init__(self, frames: int, told: Callable[[], None], misfit: Callable[[int, int], str]) -> None:
        self.block = Block()
        self.has_picture, self.is_well = asyncio.Event(), asyncio.Event()
        self.has_result, self.is_full = asyncio.Event(), asyncio.Event()
        self.in_trouble = asyncio.Event()
        self.trouble: BedsideError | None = None
        self._wanted = frames
        self._told = told
        self._misfit = misfit
        self._frames: deque[Frame] = deque(maxlen=FRAMES_KNOWN)
        self._frozen = asyncio.Event()
        self._new_result = asyncio.Event()

    @property
    def last_words(self) -> str:
        """What source and engine said last."""
        engine = self.block.engine
        of_engine = f"{engine.state} {engine.message}".strip() if engine else "not reached"
        return (
            f"the engine is {of_engine}; the source is {self.block.source.signal} {self.block.source.message}".strip()
        )

    async def listen(self, wired: Wired) -> None:
        """Take what comes from the bus, and offer it to the router."""
        async for event in wired.subscriber:
            if isinstance(event, Loss):
                continue
            if isinstance(event, Frame):
                self._frames.append(event)
                if sentence := self._misfit(event.width, event.height):
                    self._stop(SettingsError(sentence))
                self.has_picture.set()
            else:
                self._hear_source(event)
            if event.signal is Signal.FROZEN:
                self._frozen.set()
            wired.router.offer(event)

    def hear_engine(self, status: EngineStatus) -> None:
        """The engine's state has changed."""
        self.block.engine = status
        if status.state.is_well:
            self.is_well.set()
        elif status.state is EngineState.FAILED and not self.is_well.is_set():
            self._stop(EngineError(status.message))

    def publish(self, result: Result, pixels: Pixels | None) -> None:
        """One more result."""
        frame = next((one for one in reversed(self._frames) if one.seq == result.seq), None)
        if frame is None or self.is_full.is_set():
            return
        self.block.answered.append(Answered(frame, result, pixels))
        self.has_result.set()
        self._new_result.set()
        self._told()
        if len(self.block.answered) >= self._wanted:
            self.is_full.set()

    async def keep_freezing(self, control: Control) -> None:
        """Press freeze, wait for the answer, let go, again and again."""
        while True:
            await self.has_picture.wait()
            await asyncio.sleep(FREEZE_S)
            self._frozen.clear()
            self._new_result.clear()
            await control("freeze")
            await asyncio.wait_for(self._frozen.wait(), FROZEN_S)
            await self.is_well.wait()
            await self._new_result.wait()
            await control("unfreeze")

    def _hear_source(self, status: Status) -> None:
        if status.fps or not self.block.source.fps:
            self.block.source = status
        if status.signal is Signal.ERROR:
            self._stop(SourceError(status.message))

    def _stop(self, error: BedsideError) -> None:
        self.trouble = self.trouble or error
        self.in_trouble.set()
