"""A pipeline takes the place of the lanes: a researcher's few lines ask the engines and return one result a frame."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from bedside import clock
from bedside.bus.mailbox import Mailbox
from bedside.engine.staging import Borrow
from bedside.engine.tally import Tally
from bedside.errors import BusError, EngineError, Overdue, PredictFailed
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Result, Signal, Status, Timing
from bedside.router.desk import Asked, Desk
from bedside.router.given import Engines, GivenFrame, in_loop
from bedside.router.intake import Publish
from bedside.router.router import keep_up
from bedside.router.script import Script
from bedside.router.when import When
from bedside.router.workroom import Made, Workroom

T = TypeVar("T")
LOG = logging.getLogger(__name__)
NAME = "pipeline"
GRACE_S = 0.25
"""What is broken off at the deadline gets so much time to end; after that its thread hangs."""
FOR_PARTS = 0.8
"""Without `within_s` an engine is waited for until so much of the deadline is over: then there is time for a result."""
LOAD_S = 60.0
LOOK_S = 0.5
"""So often the file is looked at."""
MOST_LEFT = 3
"""So many threads that hang are left behind by one version of the file."""
LONGEST_PAUSE_S = 10.0


class Pipeline:
    """Routes frames to the function in the file `path`, and one result for each to `publish`, named `pipeline`.

    Stands where a Router would, with the same arguments. Changes of its own state go to `report`. Belongs to one event
    loop; the function runs elsewhere.
    """

    def __init__(
        self,
        path: Path,
        engines: Sequence[Asked],
        borrow: Borrow,
        publish: Publish,
        *,
        report: Callable[[EngineStatus], None],
        deadline_s: float = 1.0,
        when: Mapping[str, When] | None = None,
    ) -> None:
        self.mailbox: Mailbox[Frame] = Mailbox()
        self._script = Script(path)
        self._engines = engines
        self._borrow = borrow
        self._publish = publish
        self._report = report
        self._deadline_s = deadline_s
        self._desk = Desk(engines, borrow, when or {})
        self._tally = Tally()
        self._signal = Signal.OFFLINE
        self._state, self._message = EngineState.NEW, ""
        self._asked_ns = self._free_ns = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keep-pipeline")

    @property
    def status(self) -> EngineStatus:
        """What it is doing now, as of an engine."""
        return replace(
            self._tally.status(NAME, self._state, self._message, self._asked_ns),
            late=self._desk.late,
            passed_over=self.mailbox.drops,
            replicas_well=int(self._state.is_well),
        )

    def offer(self, event: Frame | Status) -> None:
        """What comes from the bus; never waits."""
        self._signal = event.signal
        self._desk.see(event)
        if isinstance(event, Frame) and event.signal.has_picture:
            self.mailbox.put(event)

    async def run(self) -> None:
        """Until cancelled: look after the engines, load the file and run it, again whenever it is saved."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for engine in self._engines:
                    tasks.create_task(keep_up(engine.run, engine.name), name=f"links {engine.name}")
                tasks.create_task(keep_up(self._run, NAME), name=NAME)
        finally:
            self._desk.close()

    async def _run(self) -> None:
        while True:
            work = asyncio.create_task(self._work(), name="pipeline's work")
            try:
                while not work.done():
                    await asyncio.wait([work], timeout=LOOK_S)
                    if await self._in_thread(self._script.is_changed):
                        LOG.info("%s was saved and is loaded again", self._script.path.name)
                        break
                else:
                    work.result()  # a fault of ours
            finally:
                work.cancel()
                await asyncio.wait([work])

    async def _work(self) -> None:
        """With the file as it is: load it and answer frames, again after it was lost."""
        pause_s, left = 0.0, list[Workroom]()
        while True:
            answers, room = self._tally.answers, Workroom(self._script)
            try:
                await self._load(room)
                while True:
                    await self._answer(room, await self.mailbox.take())
            except PredictFailed as error:
                self._become(EngineState.FAILED, str(error))
                await asyncio.Event().wait()  # until it is saved
            except EngineError as error:
                self._become(EngineState.DEAD, f"{error}; it is loaded again")
            finally:
                await self._dismiss(room)
            self._tally.restarts += 1
            pause_s = 0.0 if self._tally.answers > answers else min(LONGEST_PAUSE_S, max(1.0, 2 * pause_s))
            left = [*filter(lambda one: one.is_alive, left), room]
            await asyncio.sleep(pause_s)
            await self._until_few(left)

    async def _load(self, room: Workroom) -> None:
        self._become(EngineState.STARTING, f"{self._script.path.name} is loaded")
        if not await _is_done(room.loaded, LOAD_S):
            raise Overdue(f"it is not loaded within {LOAD_S:g} s and hangs at {room.where}")
        room.loaded.result()
        self._free_ns = clock.monotonic_ns()
        self._become(EngineState.READY)

    async def _until_few(self, left: list[Workroom]) -> None:
        """Until few enough threads hang: those in C code end when it returns, and some never."""
        while sum(room.is_alive for room in left) >= MOST_LEFT:
            at = ", ".join(sorted({room.where for room in left if room.is_alive}))
            self._become(
                EngineState.FAILED,
                f"{MOST_LEFT} threads of it hang at {at}; correct and save the file, or start the server again",
            )
            await asyncio.sleep(LOOK_S)

    async def _dismiss(self, room: Workroom) -> None:
        if room.loaded.done() and room.running is not None:
            room.cancel()
            await _is_done(room.running, GRACE_S)
        room.end()

    async def _answer(self, room: Workroom, frame: Frame) -> None:
        """One result for this frame, whatever happens. Raises Overdue, EngineDied when the thread is lost."""
        if not self._signal.has_picture:
            return  # it was lost after this frame
        taken_ns = clock.monotonic_ns()
        pixels = await self._in_thread(lambda: self._copy(frame))
        if pixels is None:
            return  # the ring was faster: the newest one
        engines = self._asked(frame, pixels)
        given = GivenFrame(
            frame.seq, frame.wall_ns / clock.NS_PER_S, str(frame.signal), frame.width, frame.height, pixels
        )
        self._asked_ns = clock.monotonic_ns()
        self._become(EngineState.BUSY)
        try:
            running = room.run(given, engines)
            is_done = await _is_done(running, self._deadline_s)
            made = running.result() if is_done else self._too_late(room, engines)
            self._tell(frame, pixels, made, engines, (taken_ns, self._asked_ns))
            if not is_done:
                room.cancel()
                if not await _is_done(running, GRACE_S):
                    raise Overdue(made.error)
            self._become(EngineState.READY)
        finally:
            self._asked_ns = 0

    def _asked(self, frame: Frame, pixels: Pixels) -> Engines:
        loop = asyncio.get_running_loop()
        return Engines(
            frame,
            lambda _: nullcontext(pixels),
            names=[engine.name for engine in self._engines],
            desk=self._desk,
            post=lambda call: in_loop(loop, lambda: self._desk.ask(call)),
            until_ns=clock.monotonic_ns() + int(FOR_PARTS * self._deadline_s * clock.NS_PER_S),
        )

    def _too_late(self, room: Workroom, engines: Engines) -> Made:
        engines.give_up()
        at = f"; it is at {room.where}" if room.where else ""
        return Made(
            {}, f"pipeline gave no answer within {self._deadline_s:g} s{at}", self._asked_ns, clock.monotonic_ns()
        )

    def _tell(self, frame: Frame, pixels: Pixels, made: Made, engines: Engines, times_ns: tuple[int, int]) -> None:
        taken_ns, asked_ns = times_ns
        now_ns = clock.monotonic_ns()
        model_ms = (made.until_ns - made.from_ns - engines.added_ns()) / clock.NS_PER_MS
        timing = Timing(frame.captured_ns, frame.published_ns, taken_ns, asked_ns, now_ns, model_ms, self._free_ns)
        self._free_ns = now_ns
        if made.error:
            self._tally.errors += 1
        else:
            self._tally.count(now_ns, model_ms, timing.added_ms)
        self._publish(Result(NAME, frame.seq, timing, made.answer, made.error, dict(engines.missing)), pixels)

    def _copy(self, frame: Frame) -> Pixels | None:
        """The frame's own pixels: engines that are asked later see the very same ones. None when they are gone."""
        try:
            with self._borrow(frame) as pixels:
                return pixels.copy()
        except BusError:
            return None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _become(self, state: EngineState, message: str = "") -> None:
        if (state, message) == (self._state, self._message):
            return
        if not (state.is_well and self._state.is_well):
            level = logging.INFO if state.is_well else logging.WARNING
            LOG.log(level, "the pipeline is %s%s", state, f": {message}" if message else "")
        self._state, self._message = state, message
        self._report(self.status)


async def _is_done(future: "Future[Any]", within_s: float) -> bool:
    """Whether another thread's future is done, after waiting for it so long at most."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    future.add_done_callback(lambda _: in_loop(loop, done.set))
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await done.wait()
    return future.done()
