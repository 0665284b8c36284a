"""A replay from its first frame to its last: engines found well, frames asked about, results kept."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.engine.replicas import Replicas
from bedside.errors import BedsideError, EngineError, SessionError, SettingsError
from bedside.messages import EngineState, EngineStatus, Scale
from bedside.replay.fast import Fast, until_well
from bedside.replay.kept import Kept
from bedside.replay.live import Live, StepByStep
from bedside.replay.tape import Tape
from bedside.router.pipeline import NAME as PIPELINE
from bedside.router.pipeline import Pipeline
from bedside.router.router import Router
from bedside.router.when import When

AGAIN_S = 5.0
"""A pipeline that gave no result so long after its deadline is given the frame again."""
QUIET_S = 10.0
Report = Callable[[EngineStatus], None]


@dataclass(frozen=True)
class Wiring:
    """The engines, and how they are asked, as in a scan."""

    engines: Callable[[Report], list[Replicas]]
    when: Mapping[str, When]
    misfit: Callable[[int, int], str]
    """Why the (only) engine cannot be shown a picture of this width and height; empty when it can."""
    start_deadline_s: float
    deadline_s: float
    pipeline: Path | None = None
    """Asks the engines; None has the one engine asked by itself."""


@dataclass
class Outcome:
    """What a replay came to."""

    frames: int = 0
    """Frames that were taken from the video."""
    results: int = 0
    errors: int = 0
    """Results that say why there is no answer."""
    not_asked: int = 0
    """Frames that the engine was not asked about: not its turn, its window not full, or it was busy (live pace)."""
    missing: int = 0
    """Frames with a row that the video lacks."""
    late: int = 0
    """Frames that could not be decoded in time (live pace)."""
    restarts: int = 0
    seconds: float = 0.0
    """From the first frame to the last result."""
    model_ms: float = 0.0
    """Median of the last hundred answers."""


class Replay:
    """Runs one. `told` is called after each frame. What came so far is in `outcome`, also when `run` raises."""

    def __init__(self, wiring: Wiring, tape: Tape, kept: Kept, *, is_fast: bool, told: Callable[[], None]) -> None:
        self._wiring = wiring
        self._tape = tape
        self._kept = kept
        self._is_fast = is_fast
        self._told = told
        self._well: set[str] = set()
        self._step: StepByStep | None = None
        self._pipeline_is_ready = asyncio.Event()
        self._unfit = ""
        self.outcome = Outcome()

    async def run(self) -> None:
        """All of it. Raises EngineError when the engine cannot be loaded or is lost for good, SessionError when
        results cannot be written or the video cannot be read, SettingsError when no frame fits the engine."""
        self._trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        engines = self._wiring.engines(self._hear)

        def tell_scale(scale: Scale | None) -> None:
            for engine in engines:
                engine.set_scale(scale)

        self._tape.tell_scale = tell_scale
        tasks: list[asyncio.Future[Any]] = [
            asyncio.create_task(self._work(engines), name="replay"),
            asyncio.create_task(self._kept.write(), name="replay's writer"),
            self._trouble,
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            await self._until_written(tasks[1])
        finally:
            self._tape.close()
            await _ended(tasks)
            self._count(engines)
            for engine in engines:
                await engine.close()
        if not self.outcome.frames:
            raise SessionError("no frame of its video can be read: the files are gone, or damaged")
        if not self.outcome.results and self._unfit:
            raise SettingsError(self._unfit)

    async def _until_written(self, writer: "asyncio.Future[Any]") -> None:
        """Until the last result is in its file. Raises what the writer raises."""
        rest = asyncio.create_task(self._kept.written())
        await asyncio.wait([rest, writer], return_when=asyncio.FIRST_COMPLETED)
        rest.cancel()
        if writer.done():
            writer.result()

    async def _work(self, engines: list[Replicas]) -> None:
        if self._wiring.pipeline is None and self._is_fast:
            await self._fast(engines[0])
        elif self._is_fast:
            await self._step_by_step(engines, self._wiring.pipeline)
        else:
            await self._live(engines, self._wiring.pipeline)

    async def _fast(self, engine: Replicas) -> None:
        when = self._wiring.when.get(engine.name, When())
        fast = Fast(engine, when, self._wiring.misfit, self._kept.deliver, self._patience_s)
        links = asyncio.create_task(engine.run(), name=f"links {engine.name}")
        try:
            await self._until_well([engine])
            await self._timed(fast.run(self._tape, self._tell))
        finally:
            self._unfit = fast.unfit
            await _ended([links])

    async def _step_by_step(self, engines: list[Replicas], path: Path | None) -> None:
        assert path is not None
        step = self._step = StepByStep(self._kept.put)
        pipeline = self._pipeline(path, engines, step)
        running = asyncio.create_task(pipeline.run(), name=PIPELINE)
        try:
            await self._until_well(engines)
            await self._pipeline_is_ready.wait()
            await self._timed(step.run(self._tape, pipeline, self._tell, self._wiring.deadline_s + AGAIN_S))
        finally:
            self.outcome.restarts += pipeline.status.restarts
            await _ended([running])

    async def _live(self, engines: list[Replicas], path: Path | None) -> None:
        live = Live(self._kept.put)
        route: Router | Pipeline
        if path is None:
            route = Router(engines, live.borrow, live.publish, self._wiring.when)
        else:
            route = self._pipeline(path, engines, live)
        running = asyncio.create_task(route.run(), name="route")
        try:
            await self._until_well(engines)
            if path is not None:
                await self._pipeline_is_ready.wait()
            await self._timed(live.run(self._tape, route, self._tell))
            await live.until_quiet(lambda: _statuses(route, engines), self._wiring.deadline_s + QUIET_S)
        finally:
            self.outcome.late = live.late
            self._unfit = next((one.status.message for one in engines if one.status.state is EngineState.FAILED), "")
            await _ended([running])

    def _pipeline(self, path: Path, engines: list[Replicas], side: Live | StepByStep) -> Pipeline:
        return Pipeline(
            path,
            engines,
            side.borrow,
            side.publish,
            report=self._hear,
            deadline_s=self._wiring.deadline_s,
            when=self._wiring.when,
        )

    @property
    def _patience_s(self) -> float:
        return self._wiring.start_deadline_s + AGAIN_S

    async def _until_well(self, engines: list[Replicas]) -> None:
        await until_well([link for engine in engines for link in engine.links], self._patience_s)

    async def _timed(self, work: Coroutine[Any, Any, None]) -> None:
        began_ns = clock.monotonic_ns()
        try:
            await work
        finally:
            self.outcome.seconds = (clock.monotonic_ns() - began_ns) / clock.NS_PER_S

    def _tell(self) -> None:
        self.outcome.frames += 1
        self._told()

    def _hear(self, status: EngineStatus) -> None:
        """An engine's state has changed, or the pipeline's."""
        if status.state.is_well:
            self._well.add(status.engine)
            if status.engine == PIPELINE:
                self._pipeline_is_ready.set()
        elif status.state is EngineState.FAILED and (status.engine == PIPELINE or status.engine not in self._well):
            self._stop(EngineError(f"{_named(status.engine)} cannot be used: {status.message}"))
        elif status.state is EngineState.DEAD and status.engine == PIPELINE and self._step is not None:
            self._step.lose(status.message)

    def _stop(self, error: BedsideError) -> None:
        if not self._trouble.done():
            self._trouble.set_exception(error)

    def _count(self, engines: list[Replicas]) -> None:
        self.outcome.results, self.outcome.errors = self._kept.results, self._kept.errors
        self.outcome.not_asked = self.outcome.frames - self._kept.results
        self.outcome.missing = self._tape.missing
        self.outcome.restarts += sum(engine.status.restarts for engine in engines)
        if self._wiring.pipeline is None:
            self.outcome.model_ms = engines[0].status.model_ms


def _statuses(route: Router | Pipeline, engines: list[Replicas]) -> list[EngineStatus]:
    if isinstance(route, Pipeline):
        return [replace(route.status, late=0)]  # of a pipeline those are parts of its results
    return [engine.status for engine in engines]


def _named(engine: str) -> str:
    return "the pipeline" if engine == PIPELINE else f"engine {engine}"


async def _ended(tasks: "list[asyncio.Future[Any]] | list[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        with suppress(BaseException):
            task.result()  # it has been raised where it mattered
