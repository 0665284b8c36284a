"""The child's side of the supervision: signs of life, and an end when nobody wants to see them any more."""

import asyncio
import ctypes
import faulthandler
import logging
import os
import signal
import sys

from bedside.supervisor.child import HEARTBEAT_FD

BEAT_S = 0.5
HANG_S = 6.0
"""An event loop that is silent for so long hangs: the process writes its stacks to stderr and exits by itself.
Shorter than the supervisor's ping, so that the stacks get out. Docker Compose restarts only what exits."""
_PR_SET_PDEATHSIG = 1
log = logging.getLogger(__name__)


def die_with_parent() -> None:
    """On Linux, have the kernel send SIGTERM to this process when its parent dies; it outlives an exec."""
    if sys.platform == "linux" and HEARTBEAT_FD in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def heartbeat_fd() -> int | None:
    """Where the supervisor of this process wants its signs of life; None when it runs without one."""
    text = os.environ.get(HEARTBEAT_FD, "")
    return int(text) if text.isdecimal() else None


async def beat(stop: asyncio.Event, fd: int | None = None, hang_s: float = HANG_S) -> None:
    """Give a sign of life twice a second until cancelled; sets `stop` once the supervisor has gone.

    While this runs, an event loop that hangs for `hang_s` seconds ends the process (exit status 1), even when
    something holds the interpreter's lock.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(hang_s, exit=True)
            if fd is not None and not _sign(fd):
                log.warning("the supervisor has gone; this process ends too")
                stop.set()
                fd = None
            await asyncio.sleep(BEAT_S)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _sign(fd: int) -> bool:
    """Write one sign of life; False when nobody can read it any more."""
    try:
        os.write(fd, b".")
    except BlockingIOError:
        return True  # nobody reads at the moment, which is not our trouble
    except OSError:
        return False
    return True
