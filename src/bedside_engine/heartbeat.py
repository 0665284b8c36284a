"""Tells a supervisor that this process lives, and ends it when the supervisor is gone."""

from __future__ import annotations

import errno
import os
from os import write  # by name: model code may replace what the modules hold
from threading import Thread
from time import sleep

from bedside_engine import log
from bedside_engine.status import Status

VARIABLE = "BEDSIDE_HEARTBEAT_FD"
PULSE = "BEDSIDE_PULSE"
"""Path of a pipe in the file system, for a container, which inherits no file descriptor."""
STARTING, LIVES = b"s", b"."
"""A sign of life before the first answer, which may take as long as loading may, and one after it."""
INTERVAL_S = 0.5


def start(status: Status) -> None:
    """Beat on the file descriptor, or into the pipe, that the environment names; without one, do nothing.

    A model that holds the interpreter lock holds the beat, too, for as long as the worker's watchdog lets it. So the
    beat says which deadline holds: the start's until the first answer, the prediction's from then on.
    """
    number, pulse = os.environ.pop(VARIABLE, ""), os.environ.pop(PULSE, "")
    if not number and not pulse:
        return
    try:
        fd = os.open(pulse, os.O_WRONLY | os.O_NONBLOCK) if pulse else int(number)
        os.set_blocking(fd, False)
        os.set_inheritable(fd, False)  # a process that the model starts must not keep the pipe open
    except (ValueError, OSError) as error:
        if pulse:
            log.say("nobody is there to feel the pulse at %s (%s); ends" % (pulse, error))
            os._exit(0)
        log.say("%s is %r, which is no open file descriptor (%s); goes on without it" % (VARIABLE, number, error))
        return
    Thread(target=_beat, args=(fd, status), name="heartbeat", daemon=True).start()


def _beat(fd: int, status: Status) -> None:
    while True:
        try:
            write(fd, LIVES if status.answers else STARTING)
        except BlockingIOError:
            pass  # the supervisor is late; it will find beats enough
        except OSError as error:
            if error.errno == errno.EBADF:
                log.say("the model has closed the runner's files; ends")
                os._exit(1)
            log.say("whoever started this engine is gone; ends")
            os._exit(0)
        sleep(INTERVAL_S)
