"""The main thread's work: call the model with one frame after the other, under a watchdog.

The watchdog is a thread in C: it needs no interpreter lock, so it also ends a prediction that holds the lock for ever.
"""

from __future__ import annotations

import faulthandler
import queue
import sys
import threading
import time
from typing import Any, Callable, Dict, Tuple

import numpy as np

from bedside_engine import log, tensors
from bedside_engine.check import check
from bedside_engine.kinds import BadResult
from bedside_engine.regions import BadRegion, Regions
from bedside_engine.server import BadRequest, Response, json_response
from bedside_engine.status import Status

MOST_WAITING = 8
QUIET_S = 10.0


class Job:
    """One request on its way through the main thread."""

    __slots__ = ("binary", "done", "head", "response")

    def __init__(self, head: Dict[str, Any], binary: memoryview) -> None:
        self.head = head
        self.binary = binary
        self.response = json_response(500, {"error": "not computed"})
        self.done = threading.Lock()  # the cheapest way to wait for one event
        self.done.acquire()


class Worker:
    """Runs `predict`. `ask` is called in HTTP threads and waits; `run` is the main thread's loop and never returns.

    The first prediction may take `first_deadline_s` (it compiles kernels, fills caches), each other `deadline_s`; what
    takes longer ends the process.
    """

    def __init__(self, status: Status, regions: Regions, deadline_s: float, first_deadline_s: float) -> None:
        self._status = status
        self._regions = regions
        self._deadline_s = deadline_s
        self._first_deadline_s = first_deadline_s
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()  # in C; its bound is _room
        self._room = threading.Semaphore(MOST_WAITING)
        self._folder = ""
        self._predict: Callable[[Any], Any] = check
        self._said: Dict[str, float] = {}
        self._is_hoarder = False

    def ask(self, head: Dict[str, Any], binary: memoryview) -> Response:
        """The response to one inference request."""
        job = Job(head, binary)
        if not self._room.acquire(blocking=False):
            return json_response(503, {"error": "%d requests wait already; ask one at a time" % MOST_WAITING})
        self._jobs.put(job)
        job.done.acquire()
        self._room.release()
        return job.response

    def run(self, predict: Callable[[Any], Any], folder: str) -> None:
        """Answer requests with `predict`, whose code lies in `folder`, until the process ends."""
        self._predict, self._folder = predict, folder
        self._status.state = "READY"
        while True:
            job = self._jobs.get()
            self._status.state = "BUSY"
            try:
                job.response = self._respond(job)
            finally:
                self._status.state = "READY"
                job.done.release()

    def _respond(self, job: Job) -> Response:
        try:
            frame = tensors.frame_of(job.head, job.binary, self._regions)
        except (BadRequest, BadRegion) as error:
            return json_response(400, {"error": str(error)})
        told: Dict[str, Any] = {}
        if self._is_hoarder or not frame.flags.writeable:
            frame = np.array(frame)
        before = _holders(frame)
        document = self._document(frame, told)
        if not self._is_hoarder and frame.base is not None and _holders(frame) != before:
            # The model has kept the frame, or a part of it. This once the client is told, and leaves that memory alone.
            self._is_hoarder = told["keeps_frame"] = True
            log.say("the model keeps frames beyond predict; from now on it gets copies, which takes a little longer")
        if "error" in document:
            return json_response(500, dict(document, **told))
        self._status.answers += 1
        return tensors.response(job.head, self._status.name, document, told)

    def _document(self, frame: Any, told: Dict[str, Any]) -> Dict[str, Any]:
        """The checked result of one prediction, or `{"error": SENTENCE}`. Its time goes into `told`."""
        started = time.perf_counter()
        try:
            answer = self._watched(frame)
            told["model_ms"] = round((time.perf_counter() - started) * 1e3, 3)
            return tensors.bounded(check(answer))
        except BadResult as error:
            self._complain(str(error), with_traceback=False)
            return {"error": str(error)}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  whatever a model raises, exit() too, is this frame's error
            told["model_ms"] = round((time.perf_counter() - started) * 1e3, 3)
            sentence = "predict raised %s" % log.sentence(error, self._folder)
            self._complain(sentence, with_traceback=True)
            return {"error": sentence}

    def _watched(self, frame: Any) -> Any:
        deadline_s = self._deadline_s if self._status.answers else self._first_deadline_s
        faulthandler.dump_traceback_later(deadline_s, exit=True, file=log.stream())
        try:
            return self._predict(frame)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _complain(self, sentence: str, with_traceback: bool) -> None:
        """Say it in the log; the same sentence once in ten seconds at most."""
        now = time.monotonic()
        if now - self._said.get(sentence, -QUIET_S) < QUIET_S:
            return
        if len(self._said) > 100:
            self._said.clear()
        self._said[sentence] = now
        if with_traceback:
            log.say_traceback()
        log.say("no answer to this frame: %s" % sentence)


def _holders(frame: Any) -> Tuple[int, int]:
    """How many hold the frame, and what it is a view of. More than before predict: the model has kept some of it."""
    return sys.getrefcount(frame), sys.getrefcount(frame.base)
