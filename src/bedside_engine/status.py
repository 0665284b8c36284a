"""What this process is doing, for everybody who asks over HTTP."""

from __future__ import annotations

import os
import time
from typing import Optional


class Status:
    """State and reason of one engine. Written by the thread that predicts, read by those that answer over HTTP."""

    def __init__(self, name: str, process: Optional[str] = None) -> None:
        self.name = name
        self.state = "STARTING"
        """STARTING, READY, BUSY or FAILED."""
        self.error = ""
        """One sentence when FAILED."""
        self.answers = 0
        self.process = "%d-%d" % (os.getpid(), time.time_ns()) if process is None else process
        """Another one after every start, so that a client knows that its registrations are gone."""

        self.takes_window = False
        self.takes_jpeg = False
        self.takes_corrections = False

    def describe(self, takes_window: bool, takes_jpeg: bool, takes_corrections: bool) -> None:
        """What is known once the model is loaded."""
        self.takes_window, self.takes_jpeg, self.takes_corrections = takes_window, takes_jpeg, takes_corrections

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded."""
        return self.state in ("READY", "BUSY")
