"""What an engine may use of the machine, laid on its process before the model's own code runs in it.

What is set here outlives the exec and is inherited by whatever the engine starts. What a family of processes uses
together is watched by the supervisor; docs/decisions/0009-limits.md tells who does what, and why.
"""

import contextlib
import math
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

from bedside.threads import stand_back

MORE_NICE = 5
"""Behind the broadcaster, the recorder and the server's event loop; beside the threads that encode for pages."""
ROOM = 5
"""Quarters of the limit that one process may ask for: more than it may fill, since few fill all that they ask for."""
SPARE_BYTES = 256 * 2**20
"""Stacks of threads and buffers of libraries, which are asked for and hardly filled, however small the limit is."""
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Variables by which numeric libraries are told how many threads to start."""


def confine(env: Mapping[str, str], *, memory_bytes: int, cpus: float, turn: int = 0) -> dict[str, str]:
    """Put this process into its limits; returns `env` with the variables that libraries read.

    What goes far beyond `memory_bytes` at once is a MemoryError in the model; what grows beyond them is for the
    supervisor to end, so that a leak is cured by a new start and does not fail every frame for ever. `cpus` are rounded
    up to whole ones, 0 is all; engines with different `turn` get different ones as far as there are enough.
    """
    _lower(resource.RLIMIT_CORE, 0)  # a core dump would hold the patient's picture, and fill the disk
    if sys.platform != "linux":  # elsewhere RLIMIT_DATA does not count what is mapped
        return dict(env)
    # Not RLIMIT_AS: it counts addresses, and CUDA, Go, Java or sanitizers reserve terabytes of those and use few.
    _lower(resource.RLIMIT_DATA, data_bytes(memory_bytes))
    stand_back(MORE_NICE)
    with contextlib.suppress(OSError):  # a sandbox without it has a judge of its own
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")  # the kernel takes an engine first
    if not cpus:
        return dict(env)
    here = sorted(os.sched_getaffinity(0))
    count = min(math.ceil(cpus), len(here))
    os.sched_setaffinity(0, {here[-1 - (turn * count + step) % len(here)] for step in range(count)})
    return {**dict.fromkeys(THREADS, str(count)), **env}


def data_bytes(memory_bytes: int) -> int:
    """What one process may ask for where all may fill `memory_bytes`."""
    return memory_bytes * ROOM // 4 + SPARE_BYTES


def _lower(limit: int, most: int) -> None:
    """Lower a limit for good, never raise it."""
    _, hard = resource.getrlimit(limit)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))
