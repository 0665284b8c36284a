"""A video file as a reel, through FFmpeg's libraries; colours put right to full-range RGB."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from bedside.errors import SourceError
from bedside.messages import Pixels
from bedside.source.reel import Still

HD_HEIGHT = 720
"""Untagged video of this height or more is taken for BT.709, below it for BT.601, as players do."""
MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
STRETCH = np.clip((np.arange(256) - 16) * 255 / 219 + 0.5, 0, 255).astype(np.uint8)
"""Limited range to full."""
SEEK_AHEAD_S = 1.0
"""Seeking aims so much earlier, since files without an index land a little late."""
SHORT_BY_S = 0.3
"""A file whose pictures end so much before the length in its header is cut off."""


class Video:
    """One video stream of one file; see Reel. `color_range` is `auto`, or overrules the file's own tags."""

    complaint = ""

    def __init__(self, path: Path, name: str, color_range: str = "auto") -> None:
        self._path, self._name, self._forced = path, name, color_range
        self._open()
        self._reformatter = VideoReformatter()
        rate = self._stream.average_rate or self._stream.guessed_rate
        self._period_s = 1 / float(rate) if rate else 0.04
        context = self._stream.codec_context
        self.color_range = _range_name(self._range_of(context.color_range, context.pix_fmt or ""))
        self.description = (
            f"{path.name}, {context.width}x{context.height} {context.name} at {1 / self._period_s:.4g} fps"
        )

    def stills(self, start_s: float) -> Iterator[Still]:
        """See Reel. Times that are missing or run backwards are put one period after the one before."""
        self.complaint = ""
        self._go_to(start_s)
        before: Still | None = None
        at_s, damaged = -self._period_s, 0
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    damaged += 1
                    continue
                for frame in frames:
                    at_s = self._time_of(frame, at_s)
                    still = Still(at_s, self._length_of(frame), partial(self._convert, frame))
                    if before is not None and at_s > start_s:
                        yield before
                    before = still
        except (av.error.FFmpegError, OSError) as error:
            self.complaint = f"{self._name}: cannot be read beyond {at_s:.1f} s ({error.strerror})"
        if before is not None and at_s + self._period_s > start_s:
            yield before
        elif not self.complaint:
            self.complaint = f"{self._name}: there is no picture at {start_s:g} s; start or seek earlier"
        self._say_what_was_wrong(at_s + self._period_s, damaged)

    def close(self) -> None:
        """See Reel."""
        self._container.close()

    def _open(self) -> None:
        try:
            self._container = av.open(str(self._path))
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError(
                f"{self._name}: not a video that can be read ({error.strerror}); "
                "if it was cut off while it was recorded or copied, copy or convert it anew"
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"{self._name}: has no video in it; expected a file with a video stream")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._fresh = True

    def _go_to(self, start_s: float) -> None:
        """Before `start_s`, or at the very start: seeking there loses pictures in files without an index."""
        if start_s <= SEEK_AHEAD_S:
            if not self._fresh:
                self._container.close()
                self._open()
        else:
            base = self._stream.time_base
            assert base is not None  # every stream of a demuxed file has one
            target = (self._stream.start_time or 0) + int((start_s - SEEK_AHEAD_S) / base)
            try:
                self._container.seek(target, stream=self._stream, backward=True)
            except (av.error.FFmpegError, OSError) as error:
                raise SourceError(
                    f"{self._name}: cannot go to {start_s:g} s ({error.strerror}); try an earlier time"
                ) from error
        self._fresh = False

    def _time_of(self, frame: av.VideoFrame, before_s: float) -> float:
        base = self._stream.time_base
        if frame.pts is None or base is None:
            return before_s + self._period_s
        at_s = float((frame.pts - (self._stream.start_time or 0)) * base)
        return at_s if at_s > before_s else before_s + self._period_s

    def _length_of(self, frame: av.VideoFrame) -> float:
        base = self._stream.time_base
        return float(frame.duration * base) if frame.duration and base else self._period_s

    def _say_what_was_wrong(self, end_s: float, damaged: int) -> None:
        """A header that promises more than came says that the file is cut off; MPEG streams have no such header."""
        base, length = self._stream.time_base, self._stream.duration
        promised_s = float(length * base) if length and base and "mpeg" not in self._container.format.name else 0.0
        if not self.complaint and promised_s - end_s > max(SHORT_BY_S, 2 * self._period_s):
            self.complaint = (
                f"{self._name}: is cut off, it ended after {end_s:.1f} s of {promised_s:.1f} s; copy it anew if you can"
            )
        elif not self.complaint and damaged > 1:
            self.complaint = f"{self._name}: {damaged} damaged parts were passed over; copy it anew if you can"

    def _convert(self, frame: av.VideoFrame) -> Pixels:
        matrix = MATRICES.get(int(frame.colorspace))
        if matrix is None:
            matrix = Colorspace.ITU709 if frame.height >= HD_HEIGHT else Colorspace.ITU601
        picture = self._reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=self._range_of(int(frame.color_range), frame.format.name),
            dst_color_range=ColorRange.JPEG,
        ).to_ndarray()
        if frame.rotation % 90 == 0 and frame.rotation % 360:
            picture = np.rot90(picture, frame.rotation // 90)
        if self._forced == "limited" and frame.format.name.startswith("yuvj"):
            picture = STRETCH[picture]  # FFmpeg takes this format for full range, whatever it is told
        pixels: Pixels = np.require(picture, np.uint8, ["C", "W", "O"])
        return pixels

    def _range_of(self, tag: int, format_name: str) -> ColorRange:
        if self._forced != "auto":
            return ColorRange.JPEG if self._forced == "full" else ColorRange.MPEG
        if tag in (ColorRange.MPEG, ColorRange.JPEG):
            return ColorRange(tag)
        is_limited = format_name.startswith(("yuv", "nv", "p0")) and not format_name.startswith("yuvj")
        return ColorRange.MPEG if is_limited else ColorRange.JPEG


def _range_name(value: ColorRange) -> str:
    return "full" if value == ColorRange.JPEG else "limited"
