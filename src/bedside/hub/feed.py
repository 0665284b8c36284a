"""What browsers see: the newest of everything. Pages wait on it; nothing queues up in it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Protocol

from bedside import clock
from bedside.hub.alerts import Alert
from bedside.hub.answer import is_brief, page_answer, text_of
from bedside.hub.calibration import Calibration
from bedside.hub.metrics import Metrics
from bedside.hub.pace import LADDER, Rung
from bedside.hub.picture import Borrow, Darkroom, Picture
from bedside.hub.recall import Answered, Gone, Recall
from bedside.hub.view import View
from bedside.messages import EngineState, EngineStatus, Frame, Loss, Pixels, Result, Signal, Status

NOTICED_S = 2.0
"""A screen that may show a name is noticed within a second; pictures of so long before are no longer handed out."""
AnswerAgain = Callable[[str, Frame, Pixels, Mapping[str, Any]], Awaitable[Result]]
"""An engine's name, a frame, its pixels [height, width, 3], what a person corrected: its answer. Raises Unreachable."""


class Witness(Protocol):
    """Is told of each result and of what changes; waits for nobody."""

    def saw_result(self, answered: Answered) -> None: ...

    def saw_signal(self, signal: Signal, seq: int | None) -> None: ...

    def saw_engine(self, status: EngineStatus) -> None: ...

    def saw_spacing(self, why: str) -> None: ...


class Feed:
    """Takes frames, statuses, losses, results and engine states; keeps the newest and tells the pages.

    Belongs to one event loop: call everything there, nothing waits. `borrow` is called in threads.
    `engines` are the engines' names in the order of the settings; the first one's answers have their picture sent.
    `pixel_spacing_mm` is the setting's, of the whole picture; 0 is unknown.
    """

    def __init__(
        self,
        borrow: Borrow,
        *,
        engines: Sequence[str] = (),
        quality: int = 85,
        history: int = 6,
        metrics: Metrics | None = None,
        pixel_spacing_mm: float = 0.0,
    ) -> None:
        self.darkroom = Darkroom(borrow, quality=quality)
        self.metrics = metrics or Metrics()
        self.recall = Recall(borrow, history)
        self.calibration = Calibration(pixel_spacing_mm, self._spacing_changed)
        self.frame: Frame | None = None
        self.frame_order = 0
        self.status = Status(Signal.OFFLINE, "Waiting for the broadcaster.")
        self.state_order = 0
        """Grows with every change that a person should see at once."""
        self.picture_since_ns = 0
        """When frames began to come again, by the capture time of the first one; 0 while none come."""
        self.viewers: dict[str, int] = Counter()
        self._engines = {name: EngineStatus(name, EngineState.NEW) for name in engines}
        self._newest: dict[str, Answered] = {}
        self._good: dict[str, Result] = {}
        self._watchers: set[asyncio.Event] = set()
        self._due_since_ns: dict[str, int] = {}
        self.alerts: tuple[Alert, ...] = ()
        """What a person should hear of, the gravest first; `hub/watch.py` says it."""
        self.witness: Witness | None = None
        """Is told what happens, such as the running session."""
        self.answer_again: AnswerAgain | None = None
        """Asks an engine again about a frame; None where none can be asked so."""
        self.metrics.watch(self)

    def put(self, event: Frame | Status | Loss | EngineStatus) -> None:
        """One event from the subscriber or an engine's link. Never waits."""
        match event:
            case Frame():
                self._put_frame(event)
            case Status():
                self._put_status(event)
            case Loss():
                self.metrics.loss(event)
            case EngineStatus():
                self._put_engine(event)

    def put_result(self, result: Result, pixels: Pixels | None = None) -> None:
        """One engine's answer, with the whole frame's pixels [height, width, 3] (kept, not copied). Never waits."""
        before = self._newest.get(result.engine)
        timing = result.timing
        height, width = pixels.shape[:2] if pixels is not None else (0, 0)
        signal = self.recall.signal(result.seq) or self.status.signal
        if self.status.signal is Signal.WITHHELD:
            pixels = None
        frame = Frame(result.seq, timing.captured_ns, 0, width, height, signal, timing.published_ns)
        answered = Answered(result, before.order + 1 if before else 1, pixels, frame)
        self._newest[result.engine] = answered
        if not result.error:
            self._good[result.engine] = result
        self.recall.add_answer(answered)
        self._engines.setdefault(result.engine, EngineStatus(result.engine, EngineState.NEW))
        self.metrics.result(result)
        if self.witness is not None:
            self.witness.saw_result(answered)
        self._tell()

    @property
    def engine_names(self) -> tuple[str, ...]:
        """All engines; the first one's answers travel with their picture."""
        return tuple(self._engines)

    @property
    def engine_statuses(self) -> tuple[EngineStatus, ...]:
        """What each engine is doing, in the order of the settings."""
        return tuple(self._engines.values())

    def due_since_ns(self, engine: str) -> int:
        """Since when an engine has been READY or BUSY, and its turn, monotonic; 0 when it never was."""
        return self._due_since_ns.get(engine, 0)

    def newest(self, engine: str) -> Answered | None:
        """The newest answer of an engine, an error included."""
        return self._newest.get(engine)

    def last_good(self, engine: str) -> Result | None:
        """The newest prediction that an engine finished, errors excluded."""
        return self._good.get(engine)

    async def hold(self, page: object, seq: int | None) -> None:
        """Keeps the exact picture `seq` for a page whose person holds it, unless it is gone; None lets all of it go."""
        if seq is None:
            self.recall.release(page)
            return
        pixels = self.recall.pixels(seq)
        if pixels is None:
            frame = self.recall.frame(seq)
            with suppress(Gone):
                pixels = await self.darkroom.run(lambda: self.recall.fetch(frame))
        if pixels is not None:
            self.recall.hold(page, seq, pixels)

    async def live_picture(self, width: int, rung: Rung = LADDER[0]) -> Picture | None:
        """The newest picture at about `width`, encoded once for all; None when it cannot be read."""
        return await self.darkroom.live(lambda: (self.frame, self.frame_order) if self.frame else None, width, rung)

    async def answer_picture(self, answered: Answered, width: int, rung: Rung = LADDER[0]) -> Picture:
        """The picture that was answered, at about `width`, encoded once for all. It must have pixels."""
        assert answered.pixels is not None
        return await self.darkroom.answer(answered.frame, answered.order, answered.pixels, width, rung)

    async def answer_text(self, answered: Answered, view: View) -> str:
        """The open JSON object `{...` of a `result` message for this view, made once; the sender adds its age.

        In a thread, behind pictures that are encoded there, unless that would take longer than the work.
        """
        result = answered.result
        if is_brief(result.answer):
            return _result_text(result, *page_answer(result), view)
        fields, problem = await self.darkroom.once(
            ("fields", result.engine, answered.order), lambda: page_answer(result)
        )
        key = ("text", result.engine, answered.order, view.overlay, view.verdict, view.explanation)
        return await self.darkroom.once(key, lambda: _result_text(result, fields, problem, view))

    async def text_again(self, result: Result, view: View) -> str:
        """The whole JSON object of a result that is not part of the stream, such as a corrected one."""
        fields, problem = await self.darkroom.run(lambda: page_answer(result))
        return f"{_result_text(result, fields, problem, view)}}}"

    @contextmanager
    def watched(self, view: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something new is there, for one page of `view`."""
        event = asyncio.Event()
        event.set()
        self._watchers.add(event)
        self.viewers[view] += 1
        try:
            yield event
        finally:
            self._watchers.discard(event)
            self.viewers[view] -= 1

    def state_changed(self) -> None:
        """Something changed that a person should see at once."""
        self.state_order += 1
        self._tell()

    def close(self) -> None:
        """Ends the threads."""
        self.darkroom.close()

    def _put_frame(self, frame: Frame) -> None:
        if self.frame is not None and frame.seq <= self.frame.seq:
            self.recall.forget()  # another broadcaster, which counts from 1: its numbers mean other pictures
        self.frame = frame
        self.frame_order += 1
        self.recall.add_frame(frame)
        self.calibration.saw(frame.width, frame.height)
        if frame.signal.has_picture and not self.picture_since_ns:
            self.picture_since_ns = frame.captured_ns
        self.metrics.frame(frame)
        self._tell()

    def _spacing_changed(self, why: str) -> None:
        if self.witness is not None:
            self.witness.saw_spacing(why)
        self.state_changed()

    def _put_status(self, status: Status) -> None:
        before = self.status
        if status.signal is Signal.OFFLINE:
            status = replace(before, signal=Signal.OFFLINE, message=status.message, fps=0.0)
        if not status.signal.has_picture:
            self.picture_since_ns = 0
        self.status = status
        if self.witness is not None:
            self.witness.saw_signal(status.signal, self.frame.seq if self.frame else None)
        if status.signal is Signal.WITHHELD and before.signal is not Signal.WITHHELD:
            self._withhold()
        if (status.signal, status.message) != (before.signal, before.message):
            self.state_changed()

    def _withhold(self) -> None:
        """Keep no picture that was seen before anybody noticed what it may show."""
        self.frame = None
        self.recall.withhold(clock.monotonic_ns() - round(NOTICED_S * clock.NS_PER_S))
        self.darkroom.forget()
        for name, answered in self._newest.items():
            self._newest[name] = replace(answered, pixels=None)

    def _put_engine(self, status: EngineStatus) -> None:
        before = self._engines.get(status.engine)
        self._engines[status.engine] = status
        if self.witness is not None:
            self.witness.saw_engine(status)
        if is_due(status) and not (before is not None and is_due(before)):
            self._due_since_ns[status.engine] = clock.monotonic_ns()
        if before is None or _news(before) != _news(status):
            self.state_changed()

    def _tell(self) -> None:
        for event in self._watchers:
            event.set()


def is_due(status: EngineStatus) -> bool:
    """Whether the engine owes an answer: it is well, and it is its turn."""
    return status.state.is_well and not status.waits and not status.holds


def _news(status: EngineStatus) -> tuple[object, ...]:
    """What of a status is worth telling the pages at once: not that a question left, or an answer came."""
    trouble = None if status.state.is_well else (status.state, status.message)
    return trouble, status.waits, status.holds, status.replicas_well


def _result_text(result: Result, fields: dict[str, object], problem: str, view: View) -> str:
    timing = result.timing
    shown = {name: value for name, value in fields.items() if view.shows(name)}
    message = {
        "type": "result",
        "engine": result.engine,
        "seq": result.seq,
        "error": problem,
        "answer": shown,
        "missing": dict(result.missing),
        "timing": {
            "model_ms": round(timing.model_ms, 2),
            "added_ms": round(timing.added_ms, 2),
            "stages_ms": {name: round(value, 2) for name, value in timing.stages_ms.items()},
        },
    }
    return text_of(message)[:-1]
