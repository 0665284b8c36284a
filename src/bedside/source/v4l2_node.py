"""One open V4L2 device node: what it is, what it can deliver, and what its input sees."""

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass

from bedside.errors import NoSignal, SourceError, Unplugged
from bedside.source import v4l2_abi as abi

_GONE = (errno.ENODEV, errno.ENXIO, errno.ENOENT)
_NO_PICTURE = abi.IN_ST_NO_POWER | abi.IN_ST_NO_SIGNAL | abi.IN_ST_NO_H_LOCK | abi.IN_ST_NO_SYNC
_MOST_ENTRIES = 256
"""More entries than any list of a driver has; a driver that never ends one must not hang us."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to deliver: four letters, picture size, and what the driver announces (0: it says nothing)."""

    code: str
    width: int
    height: int
    announced_fps: float = 0.0

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {self.code}"


class Node:
    """An open device node. Raises Unplugged when it is not there, and when it vanishes later."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise refusal(path, error, "opening it") from error
        try:
            capability = abi.Capability()
            self.ask(abi.VIDIOC_QUERYCAP, capability, "asking what it is")
        except SourceError as error:
            self.close()
            if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ENOTTY:
                raise SourceError(f"{path}: not a video device; `bedside doctor` lists those") from error
            raise
        self.card = abi.text(capability.card)
        self.bus = abi.text(capability.bus_info)
        has_own = capability.capabilities & abi.CAP_DEVICE_CAPS
        self._can = int(capability.device_caps if has_own else capability.capabilities)

    @property
    def captures(self) -> bool:
        """Whether it delivers pictures (many devices have a second node that carries only metadata)."""
        wanted = abi.CAP_VIDEO_CAPTURE | abi.CAP_STREAMING
        return self._can & wanted == wanted

    def ask(self, request: int, argument: abi.Argument, doing: str) -> None:
        """One ioctl. Raises Unplugged or SourceError with a sentence that says what was tried."""
        try:
            abi.ioctl(self.fd, request, argument)
        except OSError as error:
            raise self.refusal(error, doing) from error

    def refusal(self, error: OSError, doing: str) -> SourceError:
        """The error of our own for one of the driver's: Unplugged when the device has gone."""
        return refusal(self.path, error, doing)

    def input(self) -> abi.Input:
        """The selected input, with its status flags; an empty one when the driver has no inputs."""
        found = abi.Input()
        number = abi.U32()
        try:
            self.ask(abi.VIDIOC_G_INPUT, number, "asking for its input")
            found.index = number.value
            self.ask(abi.VIDIOC_ENUMINPUT, found, "asking for its input's state")
        except Unplugged:
            raise
        except SourceError:
            return abi.Input()
        return found

    def timings(self) -> abi.Timings | None:
        """What arrives on the cable now; None for a device that cannot tell (USB boxes scale by themselves).

        Raises NoSignal when nothing arrives, or nothing that the device can lock on to.
        """
        if not self.input().capabilities & abi.IN_CAP_DV_TIMINGS:
            return None
        found = abi.Timings()
        try:
            abi.ioctl(self.fd, abi.VIDIOC_QUERY_DV_TIMINGS, found)
        except OSError as error:
            if error.errno in _UNLOCKED:
                raise NoSignal(f"{self.card}: {_UNLOCKED[error.errno]}; check the cable and the scanner") from error
            if error.errno in (errno.ENODATA, errno.ENOTTY, errno.EINVAL):
                return None
            raise self.refusal(error, "asking for the picture's timings") from error
        return found

    def sees_nothing(self) -> bool:
        """Whether the driver says that the cable carries no picture."""
        try:
            self.timings()
        except NoSignal:
            return True
        return self.is_dark()

    def is_dark(self) -> bool:
        """Whether the input's flags say so; a device with timings may know better."""
        return bool(self.input().status & _NO_PICTURE)

    def listen(self) -> None:
        """Wake `poll` with POLLPRI when the picture on the cable changes; drivers without that are asked instead."""
        subscription = abi.EventSubscription(type=abi.EVENT_SOURCE_CHANGE)
        with contextlib.suppress(OSError):
            abi.ioctl(self.fd, abi.VIDIOC_SUBSCRIBE_EVENT, subscription)

    def formats(self) -> Iterator[str]:
        """The four letters of every pixel format, in the driver's order."""
        entry = abi.FormatDescription(type=abi.BUF_TYPE_VIDEO_CAPTURE)
        for entry.index in range(_MOST_ENTRIES):
            if not self._has(abi.VIDIOC_ENUM_FMT, entry):
                return
            yield abi.fourcc_name(entry.pixelformat)

    def sizes(self, code: str) -> Iterator[tuple[int, int]]:
        """(width, height) of every size in that format; of a range, the usual sizes that lie in it."""
        entry = abi.FrameSize(pixel_format=abi.fourcc(code))
        for entry.index in range(_MOST_ENTRIES):
            if not self._has(abi.VIDIOC_ENUM_FRAMESIZES, entry):
                return
            if entry.type != abi.TYPE_DISCRETE:
                wide, widest, width_step, high, highest, height_step = entry.size
                yield from (
                    (w, h)
                    for w, h in USUAL_SIZES
                    if wide <= w <= widest
                    and high <= h <= highest
                    and not (w - wide) % max(width_step, 1)
                    and not (h - high) % max(height_step, 1)
                )
                return
            yield entry.size[0], entry.size[1]

    def fps(self, code: str, width: int, height: int) -> float:
        """The highest rate that the driver announces for that mode; 0 when it announces none."""
        entry = abi.FrameInterval(pixel_format=abi.fourcc(code), width=width, height=height)
        best = 0.0
        for entry.index in range(_MOST_ENTRIES):
            if not self._has(abi.VIDIOC_ENUM_FRAMEINTERVALS, entry):
                break
            shortest = entry.interval[0]  # of a range, the first one is the shortest
            if shortest.numerator:
                best = max(best, shortest.denominator / shortest.numerator)
            if entry.type != abi.TYPE_DISCRETE:
                break
        return best

    def modes(self) -> list[Mode]:
        """Every format and size with its announced rate."""
        return [
            Mode(code, width, height, self.fps(code, width, height))
            for code in self.formats()
            for width, height in self.sizes(code)
        ]

    def close(self) -> None:
        """Give the node back; harmless when done twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _has(self, request: int, entry: abi.Argument) -> bool:
        """Whether a list of the driver has this entry; Unplugged when the device went in between."""
        try:
            abi.ioctl(self.fd, request, entry)
        except OSError as error:
            if error.errno in _GONE:
                raise self.refusal(error, "listing its modes") from error
            return False
        return True


USUAL_SIZES = (
    (3840, 2160), (2560, 1440), (1920, 1200), (1920, 1080), (1680, 1050), (1600, 1200), (1600, 900), (1440, 900),
    (1366, 768), (1360, 768), (1280, 1024), (1280, 960), (1280, 800), (1280, 720), (1024, 768), (800, 600),
    (720, 576), (720, 480), (640, 480),
)  # fmt: skip
"""What scanners' video outputs deliver, for drivers that announce a range of sizes."""

_UNLOCKED = {
    errno.ENOLINK: "no signal on the cable",
    errno.ENOLCK: "the signal on the cable is unstable",
    errno.ERANGE: "the signal on the cable is outside what this box can take",
}


def refusal(path: str, error: OSError, doing: str) -> SourceError:
    """The error of our own that says what a person can do about the driver's."""
    if error.errno in _GONE:
        return Unplugged(f"{path}: the device is not there; plug it in")
    what = f"{path}: {doing} failed: {error.strerror}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceError(f"{what}; add the user to the group `video`, then log in anew")
    if error.errno == errno.EIO:
        return SourceError(f"{what}; the stream is broken and is set up anew")
    if error.errno == errno.EBUSY:
        return SourceError(f"{what}; another program uses it, close that one")
    if error.errno == errno.ENOSPC:
        return SourceError(f"{what}; too little bandwidth on this USB bus, plug the box into another port")
    return SourceError(what)
