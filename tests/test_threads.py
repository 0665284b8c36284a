"""Background threads stand back, and nobody else does."""

import os
import subprocess
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
    assert inside == max(NICE, before)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux only")
def test_a_process_that_yields_already_stays_so() -> None:
    """Started with less, as by `nice`: an ordinary user may not take any back."""
    code = """
import os, threading
from bedside.threads import background_pool
os.nice(10)
if os.getuid() == 0:
    os.setuid(65534)
with background_pool(1, "quiet") as pool:
    print(pool.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10
