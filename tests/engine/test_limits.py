"""Limits that are laid on a process before a model runs in it."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from bedside.engine.limits import SPARE_BYTES, THREADS

LOOK = """
import json, os, resource
print(json.dumps({
    "data": resource.getrlimit(resource.RLIMIT_DATA),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "oom": int(open("/proc/self/oom_score_adj").read()),
    "nice": os.nice(0),
    "cpus": sorted(os.sched_getaffinity(0)),
    "threads": os.environ.get("OMP_NUM_THREADS"),
    "mine": os.environ.get("MKL_NUM_THREADS"),
}))
"""
EXEC = """
import os, sys
from bedside.engine.limits import confine
env = confine(os.environ, memory_bytes={memory}, cpus={cpus}, turn={turn})
os.execve(sys.executable, [sys.executable, "-c", sys.argv[1]], env)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def confined(
    lines: str, *, memory: int = 2**30, cpus: float = 0, turn: int = 0, env: dict[str, str] | None = None
) -> str:
    """What these lines print in a process that becomes another one within limits."""
    start = EXEC.format(memory=memory, cpus=cpus, turn=turn)
    plain = {key: value for key, value in os.environ.items() if key not in THREADS}
    done = subprocess.run(
        [sys.executable, "-c", start, lines], env={**plain, **(env or {})}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def looked(**options: Any) -> Any:
    """What a confined process says of its limits."""
    return json.loads(confined(LOOK, **options))


def test_limits_outlive_the_start_of_the_model() -> None:
    """Data, core dumps, the kernel's choice when memory is short, and priority are set for what runs in the end."""
    found = looked()
    assert found["data"] == [5 * 2**28 + SPARE_BYTES] * 2
    assert found["core"] == [0, 0]
    assert found["oom"] == 1000
    assert found["nice"] == os.nice(0) + 5
    assert (found["cpus"], found["threads"]) == (sorted(os.sched_getaffinity(0)), None)


def test_cores_are_whole_and_take_turns() -> None:
    """Half a core is one; the next engine gets the next one; more than there are is all."""
    here = sorted(os.sched_getaffinity(0))
    assert looked(cpus=0.5)["cpus"] == [here[-1]]
    assert looked(cpus=1, turn=1)["cpus"] == [here[-2 % len(here)]]
    assert looked(cpus=len(here) + 3)["cpus"] == here


def test_libraries_are_told_how_many_threads_fit() -> None:
    """Their variables say the number of cores, where the model's author has not said otherwise."""
    found = looked(cpus=1, env={"MKL_NUM_THREADS": "3"})
    assert (found["threads"], found["mine"]) == ("1", "3")


def test_too_much_memory_is_an_error_in_the_model() -> None:
    """What goes beyond the limit, touched or not, at once or in small steps, raises MemoryError; the process lives."""
    lines = """
import mmap
held = []
for size in (20 << 30, 1 << 20):
    try:
        while True:
            held.append(bytearray(size))
    except MemoryError:
        print(len(held))
try:
    mmap.mmap(-1, 20 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
except OSError as error:
    print(error.strerror)
"""
    at_once, steps, mapped = confined(lines, memory=300 << 20).splitlines()
    assert int(at_once) == 0
    assert 300 < int(steps) < 375 + SPARE_BYTES // 2**20
    assert mapped == "Cannot allocate memory"


def test_a_small_limit_is_reached_although_many_threads_have_stacks() -> None:
    """What is asked for and never filled leaves room for the model to be seen beyond its limit, and started anew."""
    lines = """
import threading
end = threading.Event()
threads = [threading.Thread(target=end.wait, daemon=True) for _ in range(12)]
for thread in threads:
    thread.start()
held = [b"x" * (1 << 20) for _ in range(110)]
end.set()
print(len(held))
"""
    assert confined(lines, memory=100 << 20) == "110"


def test_addresses_that_are_only_reserved_do_not_count() -> None:
    """A driver of a graphics card may reserve more addresses than there is memory."""
    lines = """
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE
where = libc.mmap(None, ctypes.c_size_t(1 << 40), 0, kind, -1, ctypes.c_long(0))
print(where != ctypes.c_void_p(-1).value)
"""
    assert confined(lines, memory=300 << 20) == "True"


def test_limits_that_are_lower_already_stay() -> None:
    """Nothing is given back that somebody else has taken away."""
    lines = "import resource\nprint(resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20)"
    start = "import resource\nresource.setrlimit(resource.RLIMIT_DATA, (200 << 20, 200 << 20))\n" + EXEC
    done = subprocess.run(
        [sys.executable, "-c", start.format(memory=2**30, cpus=0, turn=0), lines], capture_output=True, text=True
    )
    assert done.stdout.strip() == "200"
