"""A ring of pictures in shared memory: one writer, any number of readers, nobody waits for anybody.

Each slot carries a sequence lock: the writer makes it odd, writes, and makes it even again; a reader looks at it
before and after, and what changed meanwhile is refused as Overwritten. docs/decisions/0004 says why.
"""

import errno
import fcntl
import os
import secrets
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from bedside import clock
from bedside.bus.layout import MAGIC, SIGNALS, VERSION, WORD, Head, Layout, Mapping, Slot, fence, layout_for, ring_path
from bedside.errors import BusError, Overwritten
from bedside.messages import Frame, Pixels

MB = 1_000_000


class RingWriter:
    """Writes pictures into the ring `name`. One writer a name; one thread writes.

    A ring that a dead writer left is taken over, and `last_seq` continues from it. Raises BusError when another
    process writes it, or the shared memory is too small.
    """

    def __init__(self, name: str, slots: int = 8) -> None:
        if slots < 2:
            raise BusError(
                f"a ring of {slots} slots cannot be read while it is written; set [source] slots to 2 or more"
            )
        self.name = name
        self.slots = slots
        self.ring_id = secrets.randbits(62) + 1
        self.last_seq = 0
        self._path = ring_path(name)
        self._generation = 0
        self._mapping: Mapping | None = None
        self._take_over()

    @property
    def total_bytes(self) -> int:
        """Shared memory that the ring takes."""
        return 0 if self._mapping is None else self._mapping.layout.total_bytes

    def write(self, frame: Frame, pixels: Pixels) -> Frame:
        """Put one picture, uint8 [height, width, 3], into the ring; the frame as published.

        Raises BusError for another kind of picture, a number that does not grow, or too little shared memory.
        """
        mapping = self._room_for(frame, pixels)
        words, at = mapping.words, mapping.slot(frame.seq)
        lock = words[at + Slot.LOCK]
        words[at + Slot.LOCK] = lock + 1
        fence()
        words[at + Slot.SEQ] = frame.seq
        words[at + Slot.CAPTURED_NS] = frame.captured_ns
        words[at + Slot.WALL_NS] = frame.wall_ns
        words[at + Slot.WIDTH] = frame.width
        words[at + Slot.HEIGHT] = frame.height
        words[at + Slot.SIGNAL] = SIGNALS.index(frame.signal)
        np.copyto(mapping.pixels(frame.seq, frame.width, frame.height), pixels)
        published = replace(frame, published_ns=clock.monotonic_ns(), jpeg=None)
        words[at + Slot.PUBLISHED_NS] = published.published_ns
        fence()
        words[at + Slot.LOCK] = lock + 2
        words[Head.LAST_SEQ] = self.last_seq = frame.seq
        return published

    def blank(self) -> None:
        """Paint all pictures black, and let nobody find them by their numbers; by the thread that writes."""
        if self._mapping is None:
            return
        mapping = self._mapping
        for slot in range(self.slots):
            words, at = mapping.words, mapping.slot(slot)
            lock = words[at + Slot.LOCK]
            words[at + Slot.LOCK] = lock + 1
            fence()
            mapping.pixels(slot, mapping.layout.slot_bytes // 3, 1)[:] = 0
            words[at + Slot.SEQ] = 0
            fence()
            words[at + Slot.LOCK] = lock + 2

    def close(self) -> None:
        """Take the ring away; readers that have it mapped keep what they have."""
        if self._mapping is not None:
            self._mapping = None
            self._path.unlink(missing_ok=True)

    def _room_for(self, frame: Frame, pixels: Pixels) -> Mapping:
        if pixels.dtype != np.uint8 or pixels.shape != (frame.height, frame.width, 3):
            raise BusError(
                f"frame {frame.seq} has pixels {pixels.dtype} {list(pixels.shape)}; "
                f"expected uint8 [{frame.height}, {frame.width}, 3]"
            )
        if frame.seq <= self.last_seq:
            raise BusError(f"frame {frame.seq} comes after frame {self.last_seq}; expected numbers that grow")
        if self._mapping is None:
            raise BusError(f"ring {self.name} is closed; a frame was written after close()")
        if pixels.nbytes > self._mapping.layout.slot_bytes:
            self._mapping = self._new_generation(pixels.nbytes)
        return self._mapping

    def _take_over(self) -> None:
        """Claim the name: continue after a dead writer's last frame, refuse to disturb one that lives."""
        try:
            old = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            old = -1
        except OSError as error:
            raise BusError(f"{self._path}: {error.strerror}; remove it, or run as the user who owns it") from error
        try:
            if old >= 0:
                head = os.pread(old, len(Head) * WORD, 0).ljust(len(Head) * WORD, b"\0")
                words = struct.unpack(f"={len(Head)}Q", head)
                _lock(old, f"ring {self.name} is written by process {words[Head.WRITER_PID]}; stop that one first")
                if words[Head.MAGIC] == MAGIC and words[Head.VERSION] == VERSION:
                    self.last_seq, self._generation = words[Head.LAST_SEQ], words[Head.GENERATION]
            for leftover in self._path.parent.glob(f".{self.name}.*"):
                leftover.unlink(missing_ok=True)
            self._mapping = self._new_generation(0)
        finally:
            if old >= 0:
                os.close(old)

    def _new_generation(self, picture_bytes: int) -> Mapping:
        """A new memory for larger pictures, whole before anybody can see it under the ring's name."""
        layout = layout_for(self.slots, picture_bytes)
        draft = self._path.with_name(f".{self.name}.{os.getpid()}")
        fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _lock(fd, f"ring {self.name} is written by another process; stop that one first")
            _allocate(fd, layout, draft)
            mapping = Mapping(fd, layout, writable=True)  # keeps the lock: it holds a duplicate of fd
            words = mapping.words
            words[Head.VERSION], words[Head.SLOTS], words[Head.SLOT_BYTES] = VERSION, self.slots, layout.slot_bytes
            words[Head.GENERATION], words[Head.LAST_SEQ] = self._generation + 1, self.last_seq
            words[Head.RING_ID], words[Head.WRITER_PID], words[Head.MAGIC] = self.ring_id, os.getpid(), MAGIC
            draft.rename(self._path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        self._generation += 1
        return mapping


class RingReader:
    """Reads pictures from the ring `name`, from any thread. Raises BusError when there is no such ring here.

    When the writer makes a new memory for larger pictures, or another writer takes over, the reader follows by itself.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = ring_path(name)
        self._mapping: Mapping | None = _open(self._path)

    @property
    def ring_id(self) -> int:
        """Which writer's ring this is; the hello message of the broadcaster carries the same number."""
        return 0 if self._mapping is None else self._mapping.words[Head.RING_ID]

    @property
    def last_seq(self) -> int:
        """The newest picture's number, for who looks at the ring without the websocket; 0 when there is none."""
        return 0 if self._mapping is None else self._mapping.words[Head.LAST_SEQ]

    def copy(self, frame: Frame) -> Pixels:
        """The frame's pixels, uint8 [height, width, 3], to keep. Raises Overwritten when they are gone."""
        with self.borrow(frame) as view:
            return view.copy()

    @contextmanager
    def borrow(self, frame: Frame) -> Iterator[Pixels]:
        """A read-only view of the frame's pixels without a copy, valid inside the `with` block only.

        Raises Overwritten at the start when they are gone, and at the end when they were overwritten meanwhile:
        throw away what was computed from them then.
        """
        mapping, lock, view = self._find(frame)
        yield view
        fence()
        if mapping.words[mapping.slot(frame.seq) + Slot.LOCK] != lock:
            raise Overwritten(f"frame {frame.seq} was overwritten while it was read; take the newest one")

    def close(self) -> None:
        """Let go of the memory; views that are still borrowed keep theirs."""
        self._mapping = None

    def _find(self, frame: Frame) -> tuple[Mapping, int, Pixels]:
        """Where the frame lies now, looked for once more where the writer may have moved to."""
        mapping = self._mapping
        if mapping is None:
            raise BusError(f"ring {self.name} is closed; a frame was read after close()")
        found = _look(mapping, frame)
        if found is None and _inode(self._path) not in (mapping.inode, None):
            mapping = self._mapping = self._follow(frame)
            found = _look(mapping, frame)
        if found is None:
            raise Overwritten(f"frame {frame.seq} is no longer in ring {self.name}; take the newest one")
        return mapping, *found

    def _follow(self, frame: Frame) -> Mapping:
        try:
            return _open(self._path)
        except BusError as error:  # it went away between two looks
            raise Overwritten(f"frame {frame.seq} is gone with its ring: {error}") from error


def _look(mapping: Mapping, frame: Frame) -> tuple[int, Pixels] | None:
    words, at = mapping.words, mapping.slot(frame.seq)
    lock = words[at + Slot.LOCK]
    fence()
    if lock % 2 or words[at + Slot.SEQ] != frame.seq or words[at + Slot.CAPTURED_NS] != frame.captured_ns:
        return None
    width, height = words[at + Slot.WIDTH], words[at + Slot.HEIGHT]
    if not 0 < width * height * 3 <= mapping.layout.slot_bytes:
        return None
    return lock, mapping.pixels(frame.seq, width, height)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _open(path: Path) -> Mapping:
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise BusError(
            f"ring {path.name} cannot be opened: {path}: {error.strerror}; is the broadcaster on this machine, "
            "run by the same user, with the same /dev/shm? If not, ask it for encoding=jpeg"
        ) from error
    try:
        head = os.pread(fd, len(Head) * WORD, 0)
        words = struct.unpack(f"={len(Head)}Q", head) if len(head) == len(Head) * WORD else (0,) * len(Head)
        layout = Layout(words[Head.SLOTS], words[Head.SLOT_BYTES])
        if words[Head.MAGIC] != MAGIC or words[Head.VERSION] != VERSION:
            raise BusError(f"{path} is not a ring of version {VERSION}; is an older Bedside running?")
        if os.fstat(fd).st_size < layout.total_bytes:
            raise BusError(f"{path} is shorter than its head says; start the broadcaster again")
        return Mapping(fd, layout, writable=False)
    finally:
        os.close(fd)


def _lock(fd: int, refusal: str) -> None:
    """Hold the file for as long as this process lives; the kernel lets go when it dies, however it dies."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusError(refusal) from error


def _allocate(fd: int, layout: Layout, path: Path) -> None:
    """Get the memory now: a file that is only long enough on paper kills its writer by SIGBUS later."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, layout.total_bytes)
        else:
            os.ftruncate(fd, layout.total_bytes)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise BusError(f"{path}: {error.strerror}") from error
        free = shutil.disk_usage(path.parent).free
        raise BusError(
            f"the ring of {layout.slots} pictures needs {layout.total_bytes / MB:.0f} MB of shared memory and "
            f"{path.parent} has {free / MB:.0f} MB free; set [source] slots lower, or give the container more "
            "(docker run --shm-size=256m, shm_size in compose.yaml)"
        ) from error
