"""What the kernel says of processes: /proc, read as cheaply as it goes, since it is read four times a second."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Kin:
    """One process and whom it comes from. `pid` and `started` together name it for as long as the machine is up."""

    pid: int
    parent: int
    group: int
    session: int
    started: int
    """Clock ticks since the machine was started."""
    is_zombie: bool


def pids() -> set[int]:
    """All processes of this machine; none where there is no /proc."""
    try:
        return {int(name) for name in os.listdir(PROC) if name.isdecimal()}  # noqa: PTH208 - half the time
    except OSError:
        return set()


def read(pid: int) -> Kin | None:
    """One process; None when it is gone."""
    text = _text(f"{PROC}/{pid}/stat")
    if not text:
        return None
    words = text[text.rfind(b")") + 2 :].split()  # a name may hold spaces and brackets
    return Kin(pid, int(words[1]), int(words[2]), int(words[3]), int(words[19]), words[0] in (b"Z", b"X"))


def resident_bytes(pid: int) -> int:
    """Memory that is this process's own: its data, and shared memory that it has touched, whoever else has, too.

    Pages of files, such as libraries, do not count: the kernel drops them when memory is short.
    """
    return _sum_kb(_text(f"{PROC}/{pid}/status"), (b"RssAnon:", b"RssShmem:"))


def share_bytes(pid: int) -> int:
    """The same, what is shared by n processes counted to each of them as an n-th; a hundred times the work."""
    text = _text(f"{PROC}/{pid}/smaps_rollup")
    return _sum_kb(text, (b"Pss_Anon:", b"Pss_Shmem:")) if text else resident_bytes(pid)


def was_started_with(pid: int, variable: bytes) -> bool:
    """Whether `NAME=value` is in the environment that a process was started with."""
    return variable in _text(f"{PROC}/{pid}/environ").split(b"\0")


@contextmanager
def adopting() -> Iterator[None]:
    """While it lasts, what loses its parent becomes our child, if it descends from us, and not that of process 1."""
    if sys.platform != "linux":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _text(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:  # the process is gone, or not ours to look into
        return b""
    try:
        parts = []
        while part := os.read(fd, 65536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _sum_kb(text: bytes, names: tuple[bytes, ...]) -> int:
    return 1024 * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(names))
