"""One segment's video file: the picture of a time, found by decoding on or by a jump."""

import math
from collections.abc import Generator

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from bedside.errors import SessionError
from bedside.messages import Pixels
from bedside.session.recorded import Segment
from bedside.session.rows import TIME_BASE

AHEAD_TICKS = TIME_BASE
"""A picture that lies no further ahead is reached by decoding on; to others we jump."""
EARLIER_TICKS = 3 * TIME_BASE
"""So much earlier we try once more when a jump landed behind its aim, as in files without an index it may."""
UNSPECIFIED = 2


class Reel:
    """A file that is open, with a place in it. Times are in 1/90000 s."""

    def __init__(self, segment: Segment) -> None:
        """Raises SessionError when the file cannot be read."""
        self.number, self.name = segment.number, segment.path.name
        self.shape = (segment.about.get("height"), segment.about.get("width"))
        """Of the pictures; H.264 makes odd ones larger by one. None where nothing says it."""
        self._path = segment.path
        self._next: av.VideoFrame | None = None
        self._open()

    def picture(self, pts: int) -> av.VideoFrame | None:
        """The picture of this time; None when the file has none. Raises SessionError when it has become unreadable."""
        found = self._find(pts)
        if found is None and self._next is None and self._size() != self._bytes:
            self.close()  # it has grown since; what is new is not in the index that was read
            self._open()
            found = self._find(pts)
        return found

    def close(self) -> None:
        """Closes the file, and lets its decoder go at once: it holds tens of megabytes."""
        self._decoded.close()
        self._next = None
        self._container.close()

    def _open(self) -> None:
        try:
            self._bytes = self._size()
            self._container = av.open(str(self._path))
            self._stream = self._container.streams.video[0]
        except (av.error.FFmpegError, OSError, IndexError) as error:
            reason = getattr(error, "strerror", None) or "there is no video stream in it"
            raise SessionError(f"{self.name} is no video that can be read: {reason}") from error
        self._stream.thread_type = "AUTO"
        base = self._stream.time_base
        assert base is not None  # every stream of a demuxed file has one
        self._tick = float(base * TIME_BASE)
        self._slack = self._tick / 2 + 1  # Matroska rounds times to milliseconds
        self._begin()

    def _begin(self) -> None:
        self._decoded = self._decode()
        self._last = math.inf
        """Time of the picture before the next one; infinity where we have not read it."""
        self._next = next(self._decoded, None)

    def _find(self, pts: int) -> av.VideoFrame | None:
        if not self._is_near(pts):
            self._jump(pts)
            if self._next is None or self._time(self._next) > pts + self._slack:
                self._jump(pts - EARLIER_TICKS)
        while self._next is not None and self._time(self._next) < pts - self._slack:
            self._last = self._time(self._next)
            self._next = next(self._decoded, None)
        return self._next if self._next is not None and self._time(self._next) <= pts + self._slack else None

    def _is_near(self, pts: int) -> bool:
        if self._next is None:
            return self._last < pts
        time = self._time(self._next)
        return time - self._slack <= pts <= time + AHEAD_TICKS or self._last < pts <= time

    def _jump(self, pts: int) -> None:
        try:
            self._container.seek(max(0, int(pts / self._tick)), stream=self._stream, backward=True)
        except av.error.FFmpegError:
            self.close()  # nothing to jump by: from the start
            self._open()
        else:
            self._begin()

    def _decode(self) -> Generator[av.VideoFrame]:
        """All that can be decoded from here; what is damaged is left out."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError):
                packet = None  # the end of what was written
            try:
                frames = [] if packet is None else packet.decode()
            except av.error.FFmpegError:
                continue
            yield from (frame for frame in frames if frame.pts is not None and not frame.is_corrupt)
            if packet is None:
                return

    def _time(self, frame: av.VideoFrame) -> float:
        return float(frame.pts or 0) * self._tick

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return -1  # it was taken away


def rgb(reformatter: VideoReformatter, frame: av.VideoFrame) -> Pixels:
    """RGB of full range, by the file's tags; without them BT.709 of full range, which is what a recorder writes."""
    tag = int(frame.colorspace)
    matrix = Colorspace.ITU709 if tag in (0, UNSPECIFIED) else Colorspace(tag)
    picture = reformatter.reformat(
        frame,
        format="rgb24",
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=ColorRange.MPEG if int(frame.color_range) == ColorRange.MPEG else ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG,
    ).to_ndarray()
    pixels: Pixels = np.require(picture, np.uint8, ["C", "W", "O"])
    return pixels
