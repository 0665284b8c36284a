"""The main thread's work: read requests for predictions, call the model under the watchdog, answer."""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket
import sys
import time
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np

from bedside_engine import log, tensors
from bedside_engine.check import check
from bedside_engine.kinds import BadResult
from bedside_engine.regions import BadRegion, Regions
from bedside_engine.routes import Routes
from bedside_engine.server import BadRequest, Conversation, Request, Response, json_response
from bedside_engine.status import Status
from bedside_engine.watchdog import Watchdog

QUIET_S = 10.0
REQUEST_S = 5.0
"""So long a request that has begun may take to come in whole."""


class Worker:
    """Runs `predict` in the main thread, and reads the requests for it there, too.

    A connection that asks for predictions is handed over to the main thread for good: a request then wakes one thread,
    and not one after the other, which costs more than all else that is done with it. The first prediction may take
    `first_deadline_s` (it compiles kernels, fills caches), each other `deadline_s`; what takes longer ends the process.
    """

    def __init__(self, status: Status, regions: Regions, deadline_s: float, first_deadline_s: float) -> None:
        self._status = status
        self._regions = regions
        self._routes = Routes(status, regions, self._infer)
        self._deadline_s = deadline_s
        self._first_deadline_s = first_deadline_s
        self._watchdog = Watchdog(first_deadline_s)
        self._arrivals: queue.SimpleQueue[Tuple[Conversation, Request]] = queue.SimpleQueue()
        self._asleep, self._bell = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._folder = ""
        self._predict: Callable[[Any], Any] = check
        self._said: Dict[str, float] = {}
        self._is_hoarder = False

    def adopt(self, conversation: Conversation, request: Request) -> None:
        """Take a conversation over, with the request that was read already. Called in HTTP threads."""
        conversation.connection.settimeout(REQUEST_S)
        self._arrivals.put((conversation, request))
        self._bell.send(b".")

    def run(self, predict: Callable[[Any], Any], folder: str) -> None:
        """Answer requests with `predict`, whose code lies in `folder`, until the process ends."""
        self._predict, self._folder = predict, folder
        self._selector.register(self._asleep, selectors.EVENT_READ, None)
        self._status.state = "READY"
        self._watchdog.start()
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._converse(key.data, None)
                    continue
                self._asleep.recv(1)
                conversation, request = self._arrivals.get()
                self._selector.register(conversation.connection, selectors.EVENT_READ, conversation)
                self._converse(conversation, request)

    def _converse(self, conversation: Conversation, request: Optional[Request]) -> None:
        """Answer one request, the given one or the next one, and those that came together with it."""
        is_over = True
        try:
            request = request or conversation.read()
            while request is not None:
                conversation.send(self._routes.answer(request), request.is_last)
                if request.is_last or not conversation.has_more:
                    is_over = request.is_last
                    break
                request = conversation.read()
        except BadRequest as error:
            with contextlib.suppress(OSError):
                conversation.refuse(error)
        except OSError:
            pass  # the client is gone; it is welcome to come back
        if is_over:
            self._selector.unregister(conversation.connection)
            conversation.close()

    def _infer(self, head: Dict[str, Any], binary: memoryview) -> Response:
        self._status.state = "BUSY"
        try:
            return self._respond(head, binary)
        finally:
            self._status.state = "READY"

    def _respond(self, head: Dict[str, Any], binary: memoryview) -> Response:
        try:
            frame = tensors.frame_of(head, binary, self._regions)
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
        if self._status.answers == 1:
            self._watchdog.tighten(self._deadline_s)
        return tensors.response(head, self._status.name, document, told)

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
        self._watchdog.begin(self._deadline_s if self._status.answers else self._first_deadline_s)
        try:
            return self._predict(frame)
        finally:
            self._watchdog.end()

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
