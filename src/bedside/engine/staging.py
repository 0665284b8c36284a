"""Where pixels lie while an engine works on them: shared memory, or plain memory for an engine elsewhere."""

import fcntl
import math
import mmap
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.errors import EngineError
from bedside.messages import Frame, Pixels

SHM = Path("/dev/shm")  # where the shared memory of POSIX lies on Linux
_numbers = count(1)
Borrow = Callable[[Frame], AbstractContextManager[Pixels]]


@dataclass(frozen=True)
class Staged:
    """Pixels that are laid ready."""

    pixels: Pixels
    region: str
    """Name of the shared memory object; empty when they lie in plain memory."""
    region_bytes: int


class Stage:
    """The buffer of one engine, for one picture or a window of them.

    What needs more room gets a new region under a new name.
    """

    def __init__(self, name: str, *, is_shared: bool = True) -> None:
        self.is_shared = is_shared
        self._prefix = f"bedside-stage-{name}-"
        self._buffer: _Buffer | None = None

    def fill(self, shape: tuple[int, ...], write: Callable[[Pixels], None]) -> Staged:
        """Let `write` put uint8 pixels of this shape into the buffer; one call at a time, from any thread.

        Raises EngineError where no shared memory is left, and whatever `write` raises.
        """
        buffer = self._room(math.prod(shape))
        target = buffer.array[: math.prod(shape)].reshape(shape)
        write(target)
        return Staged(target, buffer.name, buffer.array.nbytes if buffer.name else 0)

    def close(self) -> None:
        """Give the memory back."""
        if self._buffer is not None:
            self._buffer.close()
            self._buffer = None

    def _room(self, needed: int) -> "_Buffer":
        held = self._buffer
        if held is None or held.array.nbytes < needed or bool(held.name) != self.is_shared:
            self.close()
            if self.is_shared:
                _sweep(self._prefix)
                held = _shared(f"{self._prefix}{os.getpid()}-{next(_numbers)}", needed)
            else:
                held = _Buffer(np.empty(needed, np.uint8), "", -1)
            self._buffer = held
        return held


class _Buffer:
    """Memory of one size. A shared one holds a lock on its file for as long as its process lives."""

    def __init__(self, array: NDArray[np.uint8], name: str, fd: int) -> None:
        self.array = array
        self.name = name
        self._fd = fd

    def close(self) -> None:
        if self.name:
            (SHM / self.name).unlink(missing_ok=True)
            os.close(self._fd)  # the mapping goes with the last array that looks into it


def _shared(name: str, size: int) -> _Buffer:
    try:
        fd = os.open(SHM / name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.posix_fallocate(fd, 0, size)  # a full /dev/shm is said here, not by a SIGBUS later
            return _Buffer(np.frombuffer(mmap.mmap(fd, size), np.uint8), name, fd)
        except BaseException:
            os.close(fd)
            (SHM / name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EngineError(
            f"{SHM} has no room for {size} bytes for an engine: {error.strerror}; free some, or make it larger"
        ) from error


def _sweep(prefix: str) -> None:
    """Remove what servers that were killed have left behind: the files that nobody holds a lock on."""
    for path in SHM.glob(f"{prefix}*"):
        try:
            fd = os.open(path, os.O_RDWR)
        except OSError:
            continue  # somebody else's, or gone already
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except OSError:
            pass  # its owner lives
        finally:
            os.close(fd)
