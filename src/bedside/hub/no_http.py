"""What the server logs of a connection that sends no HTTP: a line a minute, and not a traceback for each."""

import logging
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError

from bedside import clock

AGAIN_AFTER_NS = 60 * clock.NS_PER_S
"""Strangers fill no log."""


class RequestLog(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's log of its requests; the faults of our own handlers stay in it as they are."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__))
        self._said_ns: int | None = None
        self._left_out = 0

    def exception(self, msg: object, *args: object, exc_info: Any = True, **more: Any) -> None:
        """What went wrong with a request. Nothing of what a stranger sent is in the line but his address."""
        if not isinstance(exc_info, HttpProcessingError):
            super().exception(msg, *args, exc_info=exc_info, **more)
            return
        now_ns = clock.monotonic_ns()
        if self._said_ns is not None and now_ns - self._said_ns < AGAIN_AFTER_NS:
            self._left_out += 1
            return
        text = "somebody at %s sent what is no HTTP (%s) and was refused; %d more since the last such line"
        self.info(text, args[0] if args else "an unknown address", type(exc_info).__name__, self._left_out)
        self._said_ns, self._left_out = now_ns, 0
