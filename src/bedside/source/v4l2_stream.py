"""The flow of pictures out of one device node: its buffers in memory, and the newest of them as RGB."""

import contextlib
import errno
import logging
import mmap
import select
from dataclasses import dataclass

import numpy as np

from bedside import clock
from bedside.errors import SourceError
from bedside.messages import Pixels
from bedside.source import v4l2_abi as abi
from bedside.source.pixel_format import SUPPORTED, Layout, converter
from bedside.source.v4l2_node import Mode, Node

_log = logging.getLogger(__name__)

BUFFERS = 6
"""A tenth of a second at 60 pictures per second: so long may this process be held up without a loss."""

_HALVES = (abi.FIELD_TOP, abi.FIELD_BOTTOM, abi.FIELD_SEQ_TB, abi.FIELD_SEQ_BT, abi.FIELD_ALTERNATE)

_OLDEST_NS = 10 * clock.NS_PER_S
"""A time stamp that is older than this was not taken by the clock that it claims."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The newest picture out of the queue."""

    pixels: Pixels
    captured_ns: int
    drops: int
    skips: int


class Stream:
    """Sets the mode, maps the buffers and starts. Raises SourceError when the driver refuses one of these."""

    def __init__(
        self, node: Node, mode: Mode, fps: float = 0.0, color_range: str = "auto", *, discard: bool = False
    ) -> None:
        """`fps` is asked of the device (0: the highest); with `discard` pictures come out empty, for measuring."""
        self._node = node
        self._maps: list[mmap.mmap] = []
        self._sequence = -1
        self._owed_drops = 0
        self._owed_skips = 0
        self._broken = 0
        self._is_closed = False
        self.layout = Layout.of(_set_format(node, mode), color_range)
        if self.layout.code not in SUPPORTED:
            raise SourceError(f"{node.path}: delivers {self.layout.code}; expected one of {', '.join(SUPPORTED)}")
        self._convert = _discard if discard else converter(self.layout)
        _ask_rate(node, fps or node.fps(self.layout.code, self.layout.width, self.layout.height))
        try:
            self._start()
        except (SourceError, OSError):
            self.close()
            raise
        self._poll = select.poll()
        self._poll.register(node.fd, select.POLLIN | select.POLLPRI)

    def wait(self, timeout_s: float) -> int:
        """The events of poll(2) that came within `timeout_s`; 0 when none did."""
        ready = self._poll.poll(max(0.0, timeout_s) * 1000)
        return ready[0][1] if ready else 0

    def newest(self) -> Taken | None:
        """The newest whole picture in the queue; all older ones go back to the driver and count as skips.

        None when there is none. Raises Unplugged, or SourceError when the stream is broken and must be set up anew.
        """
        buffer = self._drain()
        if buffer is None:
            return None
        try:
            pixels = self._convert(memoryview(self._maps[buffer.index])[: buffer.bytesused])
        except ValueError as error:
            self._owed_drops += 1
            self._broken += 1
            if self._broken & (self._broken - 1) == 0:  # the 1st, 2nd, 4th, 8th ...: a bad cable must not fill the log
                _log.warning(
                    "%s: picture %d left out (%d so far): %s",
                    self._node.path,
                    buffer.sequence,
                    self._broken,
                    str(error),
                )
            return None
        finally:
            self._give(buffer)
        taken = Taken(pixels, _captured_ns(buffer), self._owed_drops, self._owed_skips)
        self._owed_drops = self._owed_skips = 0
        return taken

    def close(self) -> None:
        """Stop and give the buffers back; harmless when done twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._stop(abi.VIDIOC_STREAMOFF, abi.U32(abi.BUF_TYPE_VIDEO_CAPTURE))
        while self._maps:
            with contextlib.suppress(BufferError):  # a traceback still holds a view; it unmaps when that goes
                self._maps.pop().close()
        self._stop(abi.VIDIOC_REQBUFS, _request(0))

    def _stop(self, request: int, argument: abi.Argument) -> None:
        try:
            abi.ioctl(self._node.fd, request, argument)
        except OSError as error:  # a device that has gone cannot be stopped, and need not be
            _log.debug("%s: stopping: %s", self._node.path, error)

    def _start(self) -> None:
        request = _request(BUFFERS)
        self._node.ask(abi.VIDIOC_REQBUFS, request, "asking for buffers")
        for index in range(request.count):
            buffer = _buffer(index)
            self._node.ask(abi.VIDIOC_QUERYBUF, buffer, "asking for a buffer")
            self._maps.append(mmap.mmap(self._node.fd, buffer.length, offset=buffer.m.offset))
            self._give(buffer)
        kind = abi.U32(abi.BUF_TYPE_VIDEO_CAPTURE)
        self._node.ask(abi.VIDIOC_STREAMON, kind, f"starting {self.layout.width}x{self.layout.height}")

    def _drain(self) -> abi.Buffer | None:
        newest: abi.Buffer | None = None
        while (buffer := self._take()) is not None:
            if self._sequence >= 0:
                self._owed_drops += max(0, ((buffer.sequence - self._sequence) & 0xFFFFFFFF) - 1)
            self._sequence = buffer.sequence
            if buffer.flags & abi.BUF_FLAG_ERROR or not buffer.bytesused:
                self._owed_drops += 1
                self._give(buffer)
                continue
            if newest is not None:
                self._owed_skips += 1
                self._give(newest)
            newest = buffer
        return newest

    def _take(self) -> abi.Buffer | None:
        buffer = _buffer()
        try:
            abi.ioctl(self._node.fd, abi.VIDIOC_DQBUF, buffer)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return None
            raise self._node.refusal(error, "taking a picture") from error
        return buffer

    def _give(self, buffer: abi.Buffer) -> None:
        self._node.ask(abi.VIDIOC_QBUF, _buffer(buffer.index), "giving a buffer back")


def _discard(data: memoryview) -> Pixels:
    """Instead of a converter, where only the time counts."""
    return np.empty((0, 0, 3), np.uint8)


def _set_format(node: Node, mode: Mode) -> abi.PictureFormat:
    """Set the mode; what the driver made of it."""
    wanted = abi.Format(type=abi.BUF_TYPE_VIDEO_CAPTURE)
    pix = wanted.fmt.pix
    pix.width, pix.height, pix.pixelformat = mode.width, mode.height, abi.fourcc(mode.code)
    pix.priv = abi.PIX_FMT_PRIV_MAGIC  # else the driver leaves the matrix and the range out
    node.ask(abi.VIDIOC_S_FMT, wanted, f"setting {mode}")
    got: abi.PictureFormat = wanted.fmt.pix
    if got.field in _HALVES:
        raise SourceError(
            f"{node.card}: an interlaced picture comes in halves; set the scanner's output to a progressive one (1080p)"
        )
    return got


def _ask_rate(node: Node, fps: float) -> None:
    """Ask for a rate where the driver lets itself be asked; it need not obey, the rate is measured anyway."""
    if fps <= 0:
        return
    parameters = abi.StreamParameters(type=abi.BUF_TYPE_VIDEO_CAPTURE)
    try:
        abi.ioctl(node.fd, abi.VIDIOC_G_PARM, parameters)
        if parameters.capability & abi.CAP_TIMEPERFRAME:
            parameters.timeperframe = abi.Fraction(1000, round(fps * 1000))
            abi.ioctl(node.fd, abi.VIDIOC_S_PARM, parameters)
    except OSError as error:
        _log.debug("%s: no rate can be set: %s", node.path, error)


def _request(count: int) -> abi.RequestBuffers:
    return abi.RequestBuffers(count=count, type=abi.BUF_TYPE_VIDEO_CAPTURE, memory=abi.MEMORY_MMAP)


def _buffer(index: int = 0) -> abi.Buffer:
    return abi.Buffer(index=index, type=abi.BUF_TYPE_VIDEO_CAPTURE, memory=abi.MEMORY_MMAP)


def _captured_ns(buffer: abi.Buffer) -> int:
    """When the kernel says that it was captured, if it says so by the monotonic clock; else now."""
    now_ns = clock.monotonic_ns()
    if buffer.flags & abi.BUF_FLAG_TIMESTAMP_MASK != abi.BUF_FLAG_TIMESTAMP_MONOTONIC:
        return now_ns
    seconds, microseconds = buffer.timestamp
    captured_ns = int(seconds) * clock.NS_PER_S + int(microseconds) * 1000
    return captured_ns if now_ns - _OLDEST_NS < captured_ns <= now_ns else now_ns
