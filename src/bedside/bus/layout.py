"""Where things lie in the ring's memory; docs/reference/wire.md draws it for readers in other languages.

The memory is a plain file in `/dev/shm`. Everything but pixels is an unsigned 64-bit word in the machine's order.
"""

import mmap
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from bedside.errors import BusError
from bedside.messages import Pixels, Signal

MAGIC = int.from_bytes(b"BEDRING\0", "little")
VERSION = 1
WORD = 8
PAGE = 4096
SIGNALS = tuple(Signal)
"""A slot's signal is the index in this tuple; new signals are added at the end."""


class Head(IntEnum):
    """Words at the start of the memory."""

    MAGIC = 0
    VERSION = 1
    SLOTS = 2
    SLOT_BYTES = 3
    """Room for one picture, a multiple of 4096."""
    GENERATION = 4
    """Grows by one with each new memory under the same name."""
    LAST_SEQ = 5
    """The newest picture."""
    RING_ID = 6
    """Random, one for each life of a writer; the hello message repeats it."""
    WRITER_PID = 7


class Slot(IntEnum):
    """Words of one slot; the slots' words follow the head, and the pictures follow at the next page."""

    LOCK = 0
    """Odd while the slot is written; another even number after each write."""
    SEQ = 1
    CAPTURED_NS = 2
    WALL_NS = 3
    PUBLISHED_NS = 4
    WIDTH = 5
    HEIGHT = 6
    SIGNAL = 7


@dataclass(frozen=True)
class Layout:
    """The numbers that place a slot's words and pixels."""

    slots: int
    slot_bytes: int

    @property
    def pixels_start(self) -> int:
        """Where the first picture lies, in bytes."""
        return _pages((len(Head) + self.slots * len(Slot)) * WORD)

    @property
    def total_bytes(self) -> int:
        """Size of the whole memory."""
        return self.pixels_start + self.slots * self.slot_bytes


class Mapping:
    """One generation of the ring, mapped into this process; unmapped when nobody refers to it any more."""

    def __init__(self, fd: int, layout: Layout, writable: bool) -> None:
        self.layout = layout
        stat = os.fstat(fd)
        self.inode = (stat.st_dev, stat.st_ino)
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self._memory = mmap.mmap(fd, layout.total_bytes, access=access)
        self.words = memoryview(self._memory)[: layout.pixels_start].cast("Q")

    def slot(self, seq: int) -> int:
        """Index of the first word of the slot in which picture `seq` lies, if it lies anywhere."""
        return len(Head) + seq % self.layout.slots * len(Slot)

    def pixels(self, seq: int, width: int, height: int) -> Pixels:
        """View of slot `seq`'s pixels, uint8 [height, width, 3]; read-only for a reader."""
        start = self.layout.pixels_start + seq % self.layout.slots * self.layout.slot_bytes
        flat = np.frombuffer(self._memory, np.uint8, count=width * height * 3, offset=start)
        return flat.reshape(height, width, 3)


def ring_path(name: str) -> Path:
    """The file behind a ring's name. Raises BusError for a name that is no plain file name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", name):
        raise BusError(f"ring name {name!r} cannot be used; expected up to 100 letters, digits, - and _")
    shared = Path("/dev/shm")
    return (shared if shared.is_dir() else Path(tempfile.gettempdir())) / name


def layout_for(slots: int, picture_bytes: int) -> Layout:
    """The layout of a ring whose largest picture has `picture_bytes`."""
    return Layout(slots, _pages(picture_bytes))


def fence() -> None:
    """Keep the memory accesses before this call before those after it, on processors that would swap them.

    Python has no fence; the release of a lock, and its acquisition after that, order both sides.
    """
    lock = threading.Lock()
    lock.acquire()
    lock.release()
    lock.acquire()


def _pages(size: int) -> int:
    return -(-size // PAGE) * PAGE
