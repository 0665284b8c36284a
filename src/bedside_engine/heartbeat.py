"""Tells a supervisor that this process lives, and ends it when the supervisor is gone."""

from __future__ import annotations

import os
import threading
import time

from bedside_engine import log
from bedside_engine.status import Status

VARIABLE = "BEDSIDE_HEARTBEAT_FD"
STARTING, LIVES = b"s", b"."
"""A sign of life before the first answer, which may take as long as loading may, and one after it."""
INTERVAL_S = 0.5


def start(status: Status) -> None:
    """Beat on the file descriptor that the environment names; without one, do nothing.

    A model that holds the interpreter lock holds the beat, too, for as long as the worker's watchdog lets it. So the
    beat says which deadline holds: the start's until the first answer, the prediction's from then on.
    """
    number = os.environ.pop(VARIABLE, "")
    if not number:
        return
    try:
        fd = int(number)
        os.set_blocking(fd, False)
        os.set_inheritable(fd, False)  # a process that the model starts must not keep the pipe open
    except (ValueError, OSError) as error:
        log.say("%s is %r, which is no open file descriptor (%s); goes on without it" % (VARIABLE, number, error))
        return
    threading.Thread(target=_beat, args=(fd, status), name="heartbeat", daemon=True).start()


def _beat(fd: int, status: Status) -> None:
    while True:
        try:
            os.write(fd, LIVES if status.answers else STARTING)
        except BlockingIOError:
            pass  # the supervisor is late; it will find beats enough
        except OSError:
            log.say("whoever started this engine is gone; ends")
            os._exit(0)
        time.sleep(INTERVAL_S)
