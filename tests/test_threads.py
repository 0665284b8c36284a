"""Background threads stand back, and nobody else does."""

import os
import subprocess
import sys
import threading
from pathlib import Path

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


@pytest.mark.skipif(sys.platform != "linux", reason="sessions of processes have shares of their own on Linux only")
def test_a_process_that_leads_its_session_yields_with_all_of_it() -> None:
    """Its own nice and, where the system keeps one, that of its session; a process in another's session leaves that."""
    code = (
        "from bedside.threads import AUTOGROUP, stand_back; import os; stand_back(3); print(os.nice(0)); print("
        "AUTOGROUP.read_text().strip() if AUTOGROUP.exists() else 'nice 3')"
    )
    for leads in (True, False):
        argv = [sys.executable, "-c", code]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, start_new_session=leads)
        nice, group = done.stdout.splitlines()
        assert int(nice) == os.nice(0) + 3
        if leads and Path("/proc/self/autogroup").exists():
            assert group.endswith(f"nice {nice}")
        elif Path("/proc/self/autogroup").exists():
            assert group == Path("/proc/self/autogroup").read_text().strip()
