"""The main thread's work: read requests for predictions, call the model under the watchdog, answer."""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket
from typing import Any, Callable, Dict, Optional, Tuple

from bedside_engine import log
from bedside_engine.loader import Model
from bedside_engine.predictor import Predictor
from bedside_engine.regions import Regions
from bedside_engine.routes import Routes
from bedside_engine.server import BadRequest, Conversation, Request, Response
from bedside_engine.status import Status
from bedside_engine.watchdog import Watchdog

REQUEST_S = 5.0
"""So long a request that has begun may take to come in whole."""


class Worker:
    """Runs the model in the main thread, and reads the requests for it there, too.

    A connection that asks for predictions is handed over to the main thread for good: a request then wakes one thread,
    and not one after the other, which costs more than all else that is done with it. The first prediction may take
    `first_deadline_s` (it compiles kernels, fills caches), each other `deadline_s`; what takes longer ends the process.
    """

    def __init__(
        self,
        status: Status,
        regions: Regions,
        model: Model,
        deadline_s: float,
        first_deadline_s: float,
    ) -> None:
        self._status = status
        self._predictor = Predictor(status, regions, model, self._watched)
        self._routes = Routes(status, regions, self._infer)
        self._deadline_s = deadline_s
        self._first_deadline_s = first_deadline_s
        self._watchdog = Watchdog(first_deadline_s)
        self._is_warm = False
        self._arrivals: queue.SimpleQueue[Tuple[Conversation, Request]] = queue.SimpleQueue()
        self._asleep, self._bell = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def adopt(self, conversation: Conversation, request: Request) -> None:
        """Take a conversation over, with the request that was read already. Called in HTTP threads."""
        conversation.connection.settimeout(REQUEST_S)
        self._arrivals.put((conversation, request))
        self._bell.send(b".")

    def run(self) -> None:
        """Answer requests until the process ends."""
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
        except Exception:  # noqa: BLE001  a fault of this runner: this conversation ends, nothing else
            log.say_traceback()
        if is_over:
            self._selector.unregister(conversation.connection)
            conversation.close()

    def _infer(self, head: Dict[str, Any], binary: memoryview) -> Response:
        response = self._predictor.infer(head, binary)
        if not self._is_warm and self._status.answers:
            self._is_warm = True
            self._watchdog.tighten(self._deadline_s)
        return response

    def _watched(self, predict: Callable[..., Any], *arguments: Any) -> Any:
        self._watchdog.begin(self._deadline_s if self._is_warm else self._first_deadline_s)
        try:
            return predict(*arguments)
        finally:
            self._watchdog.end()
