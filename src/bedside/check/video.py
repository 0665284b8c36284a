"""Writes drawn pictures to an mp4, as H.264 where this machine's FFmpeg can write it."""

from fractions import Fraction
from pathlib import Path
from typing import cast

import av

from bedside.messages import Pixels

CODECS = {"libx264": {"crf": "20", "preset": "veryfast"}, "mpeg4": {"qscale": "3"}}


class VideoWriter:
    """A video of pictures of one size, both sides even, at a steady pace of `fps`."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        codec = next(name for name in CODECS if name in av.codecs_available)
        self._container = av.open(str(path), "w")
        rate = Fraction(fps).limit_denominator(1000)
        self._stream = cast(av.VideoStream, self._container.add_stream(codec, rate=rate, options=CODECS[codec]))
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"

    def add(self, canvas: Pixels) -> None:
        """One more picture, uint8 [height, width, 3]."""
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(canvas, format="rgb24")))

    def close(self) -> None:
        """Write what is still to be written."""
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()
