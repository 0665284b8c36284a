"""A thread with an event loop of its own, in which a researcher's pipeline is loaded and run.

docs/decisions/0012-pipelines.md says why, and what such a thread can and cannot hold off from the server.
"""

import asyncio
import ctypes
import logging
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from types import CoroutineType, FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside import clock
from bedside.errors import EngineDied, PredictFailed
from bedside.router.given import Engines, GivenFrame, in_loop
from bedside.router.part import Part
from bedside.router.script import Function, Script
from bedside_engine.check import check
from bedside_engine.kinds import BadResult, show

LOG = logging.getLogger(__name__)
LOG_EVERY_S = 1


@dataclass(frozen=True, slots=True)
class Made:
    """What the function made of one frame."""

    answer: dict[str, Any]
    """Checked fields of docs/reference/result.md; empty when there is an error."""
    error: str
    from_ns: int
    until_ns: int
    """When the function ran, monotonic."""


class Workroom:
    """Loads the script in a thread and runs its function there, one frame at a time.

    `loaded` gets None, or PredictFailed with the sentence. Whatever the code raises becomes an error in `Made`.
    """

    def __init__(self, script: Script) -> None:
        self.loaded: Future[None] = Future()
        script.forget()
        self._script = script
        self._lock = threading.Lock()
        self._is_over = self._is_ended = self._is_theirs = False
        self._said, self._said_ns = "", -LOG_EVERY_S * clock.NS_PER_S
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self.running: Future[Made] | None = None
        """What `run` gave last."""
        self._thread = threading.Thread(target=self._main, name="pipeline", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def run(self, frame: GivenFrame, engines: Engines) -> "Future[Made]":
        """Run the function on a frame, once it is loaded and the last one is done. Raises EngineDied."""
        made: Future[Made] = Future()
        self.running = made
        try:
            assert self._loop is not None, "it is not loaded yet"
            self._loop.call_soon_threadsafe(self._begin, frame, engines, made)
        except RuntimeError as error:
            raise EngineDied("its thread has ended") from error
        return made

    @property
    def is_free(self) -> bool:
        """Whether it runs nothing now."""
        return self.loaded.done() and (self.running is None or self.running.done())

    def cancel(self) -> None:
        """Break off what runs, if it awaits anything; `run`'s future then gets an error."""
        if self._loop is not None:
            in_loop(self._loop, lambda: self._task and self._task.cancel())

    @property
    def where(self) -> str:
        """`pipeline.py:12`, the innermost line of the researcher's own at which it is now; empty when there is none."""
        line, at = "", sys._current_frames().get(self._thread.ident or 0)
        while at is not None and not line:
            line, at = self._line(at), at.f_back
        coroutine = self._task.get_coro() if self._task is not None and not line else None
        while isinstance(coroutine, CoroutineType):
            line = self._line(coroutine.cr_frame) or line
            coroutine = coroutine.cr_await
        return line

    def end(self) -> None:
        """Let the thread end. One that computes is made to raise SystemExit; one in C code ends when that returns."""
        if self._loop is not None and self._stop is not None:
            in_loop(self._loop, self._stop.set)
        with self._lock:  # the thread cannot end meanwhile, and its number cannot become another's
            self._is_ended = True
            if self._is_theirs and not self._is_over and not self.is_free:
                ident = ctypes.c_ulong(self._thread.ident or 0)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))

    def _main(self) -> None:
        try:
            function = self._script.load(self._begins)
            asyncio.run(self._live(function))
        except PredictFailed as error:
            self.loaded.set_exception(error)
        except BaseException as error:  # such as SystemExit in a task that the researcher has started
            LOG.warning("the pipeline's thread ends: %s", self._script.explain(error))
        finally:
            with self._lock:
                self._is_over = True
            self._leave("its thread has ended; something in it has called exit")

    async def _live(self, function: Function) -> None:
        self._function, self._stop, self._loop = function, asyncio.Event(), asyncio.get_running_loop()
        self.loaded.set_result(None)
        await self._stop.wait()

    def _begins(self) -> None:
        """From here on the researcher's code runs, which `end` breaks off; the reading before it is let finish."""
        with self._lock:
            if self._is_ended:
                raise SystemExit
            self._is_theirs = True

    def _leave(self, sentence: str) -> None:
        for future in (self.loaded, self.running):
            if future is not None and not future.done():
                future.set_exception(EngineDied(sentence))

    def _begin(self, frame: GivenFrame, engines: Engines, made: "Future[Made]") -> None:
        assert self._loop is not None
        self._task = self._loop.create_task(self._run(frame, engines, made))

    async def _run(self, frame: GivenFrame, engines: Engines, made: "Future[Made]") -> None:
        answer: dict[str, Any] = {}
        error = ""
        from_ns = clock.monotonic_ns()
        until_ns = 0
        try:
            returned = await self._function(frame, engines)
            until_ns = clock.monotonic_ns()
            answer = _checked(returned)
        except BadResult as problem:
            error = f"its answer cannot be used: {problem}"
        except BaseException as problem:  # SystemExit and CancelledError, too: the thread goes on
            error = self._script.explain(problem)
            self._log(frame, error, problem)
        engines.give_up()
        made.set_result(Made(answer, error, from_ns, until_ns or clock.monotonic_ns()))

    def _log(self, frame: GivenFrame, error: str, problem: BaseException) -> None:
        """The whole stack, once for the same error, and not thirty times a second for others."""
        now_ns = clock.monotonic_ns()
        if error != self._said and now_ns - self._said_ns >= LOG_EVERY_S * clock.NS_PER_S:
            LOG.warning("the pipeline fails on frame %d: %s", frame.seq, error, exc_info=problem)
            self._said, self._said_ns = error, now_ns

    def _line(self, at: FrameType | None) -> str:
        if at is None or not self._script.has(at.f_code.co_filename):
            return ""
        return f"{at.f_code.co_filename.rpartition('/')[2]}:{at.f_lineno}"


def _checked(returned: Any) -> dict[str, Any]:
    """The fields of a result dict, or of the part that was returned as it is; arrays that nobody writes to any more."""
    fields = dict(returned.answer) if isinstance(returned, Part) else returned
    if not isinstance(fields, dict):
        raise BadResult(f"pipeline returned {show(fields)}; expected a dict with the result's fields, or a part")
    found = check(fields)
    if "mask" in found:
        found["mask"] = _own(found["mask"])
    for image in found.get("images", ()):
        image["pixels"] = _own(image["pixels"])
    return found


def _own(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The array itself, or a copy where the researcher may go on to write into it, as into a heat map that is kept."""
    return array.copy() if array.flags.writeable else array
