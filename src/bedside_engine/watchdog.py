"""Ends this process when a prediction takes too long, also one that holds the interpreter lock for ever.

Two watch: a thread in Python looks at the time, and a thread in C (faulthandler), which needs no lock, fires when the
one in Python could not put it off. So a prediction costs no more than noting when it must be over; arming the thread
in C for each one would cost two starts of a thread.
"""

from __future__ import annotations

import faulthandler
import os
from threading import Thread
from time import monotonic, sleep  # by name: model code may replace what the modules hold
from typing import Optional

from bedside_engine import log

TICK_S = 0.25


class Watchdog:
    """Watches the main thread's predictions. `idle_s` is the longest that the lock may be held between two of them."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._due: Optional[float] = None
        self._deadline_s = idle_s

    def start(self) -> None:
        """Watch from now on."""
        self._put_off(None)
        Thread(target=self._run, name="watchdog", daemon=True).start()

    def begin(self, deadline_s: float) -> None:
        """A prediction begins, which may take so long."""
        self._deadline_s = deadline_s
        self._due = monotonic() + deadline_s

    def end(self) -> None:
        """It is over."""
        self._due = None

    def tighten(self, idle_s: float) -> None:
        """From now on the lock may be held for so long only, also by a prediction that begins at once."""
        self._idle_s = idle_s
        self._put_off(None)

    def _run(self) -> None:
        while True:
            sleep(TICK_S)
            due = self._due
            self._put_off(due)
            if due is not None and monotonic() >= due and self._due == due:
                faulthandler.cancel_dump_traceback_later()
                log.say("no answer within %g s; it hangs here:" % self._deadline_s)
                faulthandler.dump_traceback(file=log.stream(), all_threads=True)
                os._exit(1)

    def _put_off(self, due: Optional[float]) -> None:
        left_s = self._idle_s if due is None else max(0.0, due - monotonic())
        faulthandler.dump_traceback_later(left_s + 2 * TICK_S, exit=True, file=log.stream())
