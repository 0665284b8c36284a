"""Where a frame's pixels lie while an engine works on them: shared memory, or plain memory for an engine elsewhere."""

import fcntl
import mmap
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.errors import EngineError
from bedside.messages import Frame, Pixels

SHM = Path("/dev/shm")  # where the shared memory of POSIX lies on Linux
FULL_HD = 1920 * 1080
_numbers = count(1)
Borrow = Callable[[Frame], AbstractContextManager[Pixels]]


@dataclass(frozen=True)
class Staged:
    """One frame as the engine wants it: uint8 [height, width, 3], or [height, width] for grey."""

    pixels: Pixels
    region: str
    """Name of the shared memory object; empty when it lies in plain memory."""
    region_bytes: int


class Stage:
    """The buffer of one engine. `fill` blocks for the time of a copy: call it in a thread, one call at a time.

    `size` is [width, height] or empty for the picture's own; `color` is rgb, bgr or grey. A picture that needs more
    room gets a new region under a new name.
    """

    def __init__(self, name: str, *, size: tuple[int, ...] = (), color: str = "rgb", is_shared: bool = True) -> None:
        self.is_shared = is_shared
        self._size = size
        self._color = color
        self._prefix = f"bedside-stage-{name}-"
        self._buffer: _Buffer | None = None

    def is_copy(self, frame: Frame) -> bool:
        """Whether filling is a plain copy of a picture of usual size: under a millisecond."""
        size = self._size or (frame.width, frame.height)
        return self._color == "rgb" and size == (frame.width, frame.height) and frame.width * frame.height <= FULL_HD

    def fill(self, frame: Frame, borrow: Borrow) -> Staged:
        """Put the frame's pixels into the buffer, in the engine's size and colour. Raises Overwritten, EngineError."""
        width, height = self._size or (frame.width, frame.height)
        shape = (height, width) if self._color == "grey" else (height, width, 3)
        buffer = self._room(int(np.prod(shape)))
        target = buffer.array[: int(np.prod(shape))].reshape(shape)
        with borrow(frame) as pixels:
            self._convert(pixels, target, (width, height))
        return Staged(target, buffer.name, buffer.array.nbytes if buffer.name else 0)

    def close(self) -> None:
        """Give the memory back."""
        if self._buffer is not None:
            self._buffer.close()
            self._buffer = None

    def _convert(self, pixels: Pixels, target: Pixels, size: tuple[int, int]) -> None:
        """Resize first, so that the colours of fewer pixels are converted; write the last step into the target."""
        pixels = _halved(pixels, size)
        height, width = pixels.shape[:2]
        fits = (width, height) == size
        shrinks = size[0] <= width and size[1] <= height
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        if self._color == "rgb":
            if fits:
                np.copyto(target, pixels)
            else:
                cv2.resize(pixels, size, dst=target, interpolation=how)
            return
        if not fits:
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8)
        cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY if self._color == "grey" else cv2.COLOR_RGB2BGR, dst=target)

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


def _halved(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Halve while the picture is twice as large as wanted: means of 2 x 2 pixels cost a fraction of other ratios.

    From 1920x1080 to 224x224 the way takes 1.1 ms by halves and 7 ms at once, and differs by one grey level on average.
    """
    while True:
        height, width = pixels.shape[:2]
        if width % 2 or height % 2 or width < 2 * size[0] or height < 2 * size[1]:
            return pixels
        pixels = np.asarray(cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)


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
