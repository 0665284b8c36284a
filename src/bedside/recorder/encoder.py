"""Pictures to packets, in memory: nothing here touches the disk."""

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from bedside.errors import SessionError
from bedside.messages import Pixels
from bedside.recorder.coding import Coding

TIME_BASE = Fraction(1, 90_000)
KEY_EVERY = 60
"""Pictures between two key frames at most, for encoders that do not listen when one is asked for."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One coded picture."""

    data: bytes
    pts: int
    dts: int
    is_key: bool


class Encoder:
    """One run of the encoder over pictures of one size, uint8 [height, width, 3]. One thread uses it.

    What H.264 cannot hold, an odd width or height, is made even: the last column or row is there twice.
    """

    def __init__(self, coding: Coding, width: int, height: int) -> None:
        """Raises SessionError when the encoder does not start, as one without its hardware does."""
        self.coding = coding
        self._odd = (0, 0) if coding.is_lossless else (height % 2, width % 2)
        self._reformatter = VideoReformatter()
        # The stream of a file that nobody writes opens the encoder as its kind of file needs it; real files copy it.
        self._nowhere = av.open(io.BytesIO(), "w", format=coding.container)
        try:
            self.template = self._open(width + self._odd[1], height + self._odd[0])
            self._nowhere.start_encoding()
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise SessionError(
                f"the encoder {coding.encoder} does not start at {width}x{height}: {_reason(error)}; "
                "set [recorder] encoder to one that this machine has, such as libx264, and look at its options"
            ) from error

    def _open(self, width: int, height: int) -> VideoStream:
        stream: VideoStream = self._nowhere.add_stream(self.coding.encoder)  # type: ignore[assignment]
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, self.coding.pixel_format
        context.time_base = TIME_BASE
        context.thread_count = self.coding.threads
        context.options = {"g": str(KEY_EVERY), **self.coding.options}
        if not self.coding.is_lossless:
            context.color_range, context.colorspace = ColorRange.JPEG, Colorspace.ITU709
        return stream

    def convert(self, pixels: Pixels) -> av.VideoFrame:
        """The picture in the encoder's own colours; `pixels` may change afterwards."""
        if self.coding.is_lossless:
            return _as_bgr0(pixels)
        if any(self._odd):
            pixels = np.pad(pixels, ((0, self._odd[0]), (0, self._odd[1]), (0, 0)), "edge")
        return self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(pixels, format="rgb24"),
            format=self.coding.pixel_format,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            interpolation=Interpolation.AREA,  # grey comes out as the same grey; the default's chroma is off by one
            threads=1,
        )

    def encode(self, picture: av.VideoFrame, pts: int, *, is_key: bool) -> list[Chunk]:
        """What the encoder gives out for it; some hold pictures back. Raises SessionError."""
        picture.pts, picture.time_base = pts, TIME_BASE
        picture.pict_type = PictureType.I if is_key else PictureType.NONE
        return self._encode(picture)

    def finish(self) -> list[Chunk]:
        """What it still held back; then it is at its end. Raises SessionError."""
        return self._encode(None)

    def _encode(self, picture: av.VideoFrame | None) -> list[Chunk]:
        try:
            packets = self.template.codec_context.encode(picture)
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise SessionError(
                f"the encoder {self.coding.encoder} has failed: {_reason(error)}; it is started again"
            ) from error
        return [_chunk(packet) for packet in packets]


def _as_bgr0(pixels: Pixels) -> av.VideoFrame:
    """As swscale would, in a quarter of its time."""
    import cv2  # noqa: PLC0415 - 16 MB that no other coding needs

    cv2.setNumThreads(1)  # as everywhere in our processes
    height, width = pixels.shape[:2]
    picture = av.VideoFrame(width, height, "bgr0")
    lines = np.frombuffer(picture.planes[0], np.uint8).reshape(height, -1)  # type: ignore[call-overload]
    lines[:, : width * 4] = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA).reshape(height, -1)
    return picture


def _chunk(packet: "av.Packet[VideoStream]") -> Chunk:
    pts = packet.pts or 0
    return Chunk(bytes(packet), pts, pts if packet.dts is None else packet.dts, packet.is_keyframe)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
