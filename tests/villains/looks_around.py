"""Does what the first value of a picture says, to see what a container lets it do."""

import mmap
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

GULP = 4 << 30


def picture(frame: np.ndarray) -> str:
    """Numbers that any difference in the pixels would change, and whether the pixels lie in shared memory."""
    weights = np.arange(frame.size).reshape(frame.shape) % 251
    return f"{(frame * weights).sum()} {frame.shape} {'bedside-stage' in Path('/proc/self/maps').read_text()}"


def outside(_: np.ndarray) -> str:
    """Whatever can be reached beyond this container."""
    reached = [name for _, name in socket.if_nameindex() if name != "lo"]
    for host in ("1.1.1.1", "172.17.0.1", "localhost"):
        with suppress(OSError):
            socket.create_connection((host, int(os.environ["ASKED_PORT"])), timeout=2).close()
            reached.append(host)
    return str(reached)


def rights(_: np.ndarray) -> str:
    """Who this is, what it may do, and where it may write."""
    folders = []
    for folder in ("/", "/usr", "/var/tmp", "/bedside_engine", "/engine", "/tmp", str(Path.home())):
        with suppress(OSError):
            (Path(folder) / "written-by-the-engine").write_text("", encoding="ascii")
            folders.append(folder)
    status = Path("/proc/self/status").read_text().splitlines()
    may = [line.split()[1] for line in status if line.startswith(("CapEff", "NoNewPrivs"))]
    return f"{os.getuid()} {folders} {may}"


def gulps(_: np.ndarray) -> str:
    """Memory for one process, at once."""
    return str(len(bytearray(GULP)))


def shares(_: np.ndarray) -> str:
    """Memory that no process has alone."""
    shared = mmap.mmap(-1, GULP)
    for at in range(0, GULP, mmap.PAGESIZE):
        shared[at] = 1
    return "has it"


def forks(_: np.ndarray) -> str:
    """As many processes as there are to be had."""
    children: list[int] = []
    try:
        while len(children) < 5000:
            child = os.fork()
            if not child:
                time.sleep(60)
                os._exit(0)
            children.append(child)
        return "no limit"
    except OSError as error:
        return f"{len(children)} {error.strerror}"
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)


def starts_python(_: np.ndarray) -> str:
    """Another process of the same interpreter, and how many threads libraries are to start."""
    code = "import os, numpy; print(6 * 7, os.environ.get('OMP_NUM_THREADS'))"
    return subprocess.check_output([sys.executable, "-c", code], text=True).strip()


DEEDS = [picture, outside, rights, gulps, shares, forks, starts_python]


def predict(frame: np.ndarray) -> dict[str, str]:
    """The deed of that number; the first one for all numbers beyond."""
    number = int(frame.flat[0])
    return {"text": DEEDS[number if number < len(DEEDS) else 0](frame)}
