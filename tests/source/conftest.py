"""A kernel of paper: answers V4L2's ioctls for nodes that are plain files, as a test's dials say."""

import errno
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bedside import clock
from bedside.source import v4l2_abi as abi

PAGE = 4096


@dataclass
class PaperDevice:
    """One capture device with its dials."""

    card: str = "Paper Grabber"
    bus: str = "usb-0000:00:14.0-1"
    captures: bool = True
    modes: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {"RGB3": [(16, 8)]})
    size_range: tuple[int, ...] = ()
    """Instead of single sizes: least, most and step of the width, then of the height."""
    announced_fps: dict[str, float] = field(default_factory=dict)
    real_fps: dict[str, float] = field(default_factory=dict)
    """How fast it is said to fill buffers by itself, by format; none: only by `fill`."""
    timings: tuple[int, int] | None = None
    """The size of what is on the cable, for a device that follows it."""
    timings_error: int = 0
    status: int = 0
    halves: int = 0
    """How it delivers an interlaced picture; 0 is a whole one."""
    refuses: dict[int, int] = field(default_factory=dict)
    """errno by ioctl."""
    monotonic: bool = True
    is_gone: bool = False

    set_to: tuple[str, int, int] = ("RGB3", 16, 8)
    sequence: int = 0
    queued: deque[int] = field(default_factory=deque)
    filled: deque[abi.Buffer] = field(default_factory=deque)
    is_streaming: bool = False
    memory: Path = Path()
    started_ns: int = 0
    produced: int = 0

    def fill(self, value: int = 0, *, lost: int = 0, flags: int = 0, used: int | None = None) -> int:
        """Fill the next queued buffer with bytes of that value, after losing some; its time stamp."""
        self.sequence += lost
        index = self.queued.popleft()
        size = self._size()
        with self.memory.open("r+b") as memory:
            memory.seek(index * self._step())
            memory.write(bytes([value]) * size)
        stamp_ns = clock.monotonic_ns() // 1000 * 1000
        kind = abi.BUF_FLAG_TIMESTAMP_MONOTONIC if self.monotonic else 0
        buffer = abi.Buffer(index=index, flags=flags | kind, sequence=self.sequence)
        buffer.bytesused = size if used is None else used
        buffer.timestamp[0], buffer.timestamp[1] = divmod(stamp_ns // 1000, 1_000_000)
        self.sequence += 1
        self.filled.append(buffer)
        return stamp_ns

    def _size(self) -> int:
        return self.set_to[1] * self.set_to[2] * 3

    def _step(self) -> int:
        return -(-self._size() // PAGE) * PAGE

    def answer(self, request: int, argument: Any) -> None:
        """One ioctl."""
        if self.is_gone:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        if request in self.refuses:
            raise OSError(self.refuses[request], os.strerror(self.refuses[request]))
        answers: dict[int, Callable[[Any], None]] = {
            abi.VIDIOC_QUERYCAP: self._capability,
            abi.VIDIOC_G_INPUT: lambda _: None,
            abi.VIDIOC_ENUMINPUT: self._input,
            abi.VIDIOC_QUERY_DV_TIMINGS: self._timings,
            abi.VIDIOC_S_DV_TIMINGS: lambda _: None,
            abi.VIDIOC_ENUM_FMT: self._format,
            abi.VIDIOC_ENUM_FRAMESIZES: self._frame_size,
            abi.VIDIOC_ENUM_FRAMEINTERVALS: self._interval,
            abi.VIDIOC_G_FMT: self._get_format,
            abi.VIDIOC_S_FMT: self._set_format,
            abi.VIDIOC_REQBUFS: self._request,
            abi.VIDIOC_QUERYBUF: self._query,
            abi.VIDIOC_QBUF: lambda buffer: self.queued.append(buffer.index),
            abi.VIDIOC_DQBUF: self._dequeue,
            abi.VIDIOC_STREAMON: self._start,
            abi.VIDIOC_STREAMOFF: self._stop,
        }
        if request not in answers:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        answers[request](argument)

    def _capability(self, found: abi.Capability) -> None:
        found.card[: len(self.card)] = self.card.encode()
        found.bus_info[: len(self.bus)] = self.bus.encode()
        found.capabilities = abi.CAP_DEVICE_CAPS | abi.CAP_VIDEO_CAPTURE | abi.CAP_STREAMING
        found.device_caps = abi.CAP_STREAMING | (abi.CAP_VIDEO_CAPTURE if self.captures else 0)

    def _input(self, found: abi.Input) -> None:
        found.status = self.status
        found.capabilities = abi.IN_CAP_DV_TIMINGS if self.timings or self.timings_error else 0

    def _timings(self, found: abi.Timings) -> None:
        if self.timings_error:
            raise OSError(self.timings_error, os.strerror(self.timings_error))
        assert self.timings is not None
        found.width, found.height = self.timings
        found.pixelclock = found.width * found.height * 60

    def _format(self, entry: abi.FormatDescription) -> None:
        entry.pixelformat = abi.fourcc(_nth(list(self.modes), entry.index))

    def _frame_size(self, entry: abi.FrameSize) -> None:
        if self.size_range:
            entry.type = abi.TYPE_DISCRETE + 2
            entry.size[:] = list(_nth([self.size_range], entry.index))
            return
        entry.type = abi.TYPE_DISCRETE
        sizes = self.modes[abi.fourcc_name(entry.pixel_format)]
        entry.size[0], entry.size[1] = _nth(sizes, entry.index)

    def _interval(self, entry: abi.FrameInterval) -> None:
        entry.type = abi.TYPE_DISCRETE
        fps = _nth([self.announced_fps.get(abi.fourcc_name(entry.pixel_format), 60.0)], entry.index)
        entry.interval[0] = abi.Fraction(1000, int(fps * 1000))

    def _get_format(self, found: abi.Format) -> None:
        code, width, height = self.set_to
        pix = found.fmt.pix
        pix.field = self.halves
        pix.pixelformat, pix.width, pix.height, pix.bytesperline = abi.fourcc(code), width, height, width * 3

    def _set_format(self, wanted: abi.Format) -> None:
        code = abi.fourcc_name(wanted.fmt.pix.pixelformat)
        size = self.timings or (wanted.fmt.pix.width, wanted.fmt.pix.height)
        self.set_to = (code, *size)
        self._get_format(wanted)

    def _request(self, request: abi.RequestBuffers) -> None:
        self.queued.clear()
        self.filled.clear()
        with self.memory.open("r+b") as memory:
            memory.truncate(max(1, request.count) * self._step())

    def _query(self, buffer: abi.Buffer) -> None:
        buffer.length, buffer.m.offset = self._step(), buffer.index * self._step()

    def _start(self, _: Any) -> None:
        self.is_streaming, self.started_ns, self.produced = True, clock.monotonic_ns(), 0

    def _stop(self, _: Any) -> None:
        self.is_streaming = False

    def _dequeue(self, buffer: abi.Buffer) -> None:
        fps = self.real_fps.get(self.set_to[0], 0)
        due = int((clock.monotonic_ns() - self.started_ns) / clock.NS_PER_S * fps)
        while self.produced < due and self.queued:
            self.produced += 1
            self.fill()
        if not self.filled:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        source = self.filled.popleft()
        for name in ("index", "flags", "sequence", "bytesused", "timestamp"):
            setattr(buffer, name, getattr(source, name))


class PaperKernel:
    """The devices under a folder that stands for /dev."""

    def __init__(self, dev: Path) -> None:
        self.dev = dev
        self._devices: dict[str, PaperDevice] = {}

    def plug(self, number: int, by_id: str = "", **dials: Any) -> PaperDevice:
        """A device appears as video<number>, with a by-id link when it has a serial number."""
        path = self.dev / f"video{number}"
        path.write_bytes(b"")
        device = PaperDevice(memory=path, **dials)
        self._devices[str(path)] = device
        if by_id:
            link = self.dev / "v4l" / "by-id" / by_id
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
        return device

    def unplug(self, number: int) -> None:
        """It vanishes, with its links."""
        path = self.dev / f"video{number}"
        self._devices.pop(str(path)).is_gone = True
        for link in (self.dev / "v4l" / "by-id").glob("*"):
            if link.resolve() == path:
                link.unlink()
        path.unlink()

    def ioctl(self, fd: int, request: int, argument: Any) -> None:
        """Stands in for the real one."""
        path = os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115
        device = self._devices.get(path)
        if device is None:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        device.answer(request, argument)


def _nth(entries: list[Any], index: int) -> Any:
    if index >= len(entries):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return entries[index]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaperKernel]:
    """A kernel without devices; `plug` some."""
    made = PaperKernel(tmp_path)
    monkeypatch.setattr(abi, "ioctl", made.ioctl)
    yield made
    left = [target for fd in os.listdir("/proc/self/fd") if (target := _target(fd)).startswith(str(tmp_path))]  # noqa: PTH208
    assert not left, "every node was given back"


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115
    except OSError:
        return ""
