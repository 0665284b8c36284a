"""Background threads stand back, and nobody else does."""

import os
import sys
import threading

import pytest

from bedside.threads import NICE, background_pool


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux only")
def test_only_the_threads_of_the_pool_yield() -> None:
    """A task of the pool runs at the lower priority; the thread that asked keeps its own."""
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with background_pool(1, "quiet") as pool:
        inside = pool.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
    assert inside == NICE
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
