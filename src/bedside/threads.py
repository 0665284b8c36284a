"""Who stands back: what pages and models do may wait, the picture and its recording may not."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from errno import EAGAIN
from pathlib import Path

from bedside import clock

NICE = 5
AUTOGROUP = Path("/proc/self/autogroup")
TRIES, AGAIN_S = 20, 0.05
"""The system takes one such wish in a tenth of a second."""


def background_pool(threads: int, name: str) -> ThreadPoolExecutor:
    """A pool whose threads yield the processor to all others of this machine, where the system can do that (Linux).

    Measured on two cores at 1080p30 with one page: an engine's answer is held 5.1 ms after asking became possible with
    encoders of equal rank, 3.5 ms with these (medians).
    """
    return ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=_stand_back)


def stand_back(more: int) -> None:
    """From now on this process, and what it starts, yields by `more` steps of nice. Linux only; elsewhere nothing.

    Where each session of processes gets a share of its own (autogroup), nice counts within one only, so that of the
    session is set, too, by the process that leads it.
    """
    if sys.platform != "linux":
        return
    nice = os.nice(more)
    if os.getsid(0) == os.getpid():
        for _ in range(TRIES):
            try:
                AUTOGROUP.write_text(f"{nice}", encoding="ascii")
                return
            except OSError as error:
                if error.errno != EAGAIN:
                    return  # there are none, or a sandbox hides them
                clock.wait_s(AGAIN_S)


def _stand_back() -> None:
    if sys.platform == "linux":
        own = threading.get_native_id()
        # A process that was started with less stays so: only root may take more.
        os.setpriority(os.PRIO_PROCESS, own, max(NICE, os.getpriority(os.PRIO_PROCESS, own)))
