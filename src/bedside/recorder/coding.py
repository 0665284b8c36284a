"""How pictures are coded: H.264 for every day, FFV1 where every pixel counts. docs/decisions/0013 has the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import av
import av.error

from bedside.errors import SettingsError

X264 = {"preset": "ultrafast", "tune": "zerolatency", "crf": "18", "forced-idr": "1", "x264-params": "cabac=1"}
"""Of all presets this one changes grey levels least, since it has no deblocking; CABAC takes a fifth off its bytes."""
FFV1 = {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"}
"""Each picture by itself, in four parts with a checksum each."""
PIXEL_FORMATS = ("yuv420p", "nv12")
"""The same numbers in two orders; encoders of hardware take one or the other."""


@dataclass(frozen=True)
class Coding:
    """One way to code pictures, and the kind of file that holds them."""

    encoder: str = "libx264"
    """FFmpeg's name."""
    options: Mapping[str, str] = field(default_factory=lambda: X264)
    codec: str = "h264"
    pixel_format: str = "yuv420p"
    container: str = "mp4"
    suffix: str = ".mp4"
    threads: int = 1
    """0 lets the encoder choose."""

    @property
    def is_lossless(self) -> bool:
        """Whether each pixel comes back exactly."""
        return self.codec == "ffv1"


LOSSLESS = Coding("ffv1", FFV1, "ffv1", "bgr0", "matroska", ".mkv", threads=2)


def coding_of(encoder: str, options: Sequence[str]) -> Coding:
    """The coding of `[recorder] encoder` and `options`. Raises SettingsError for what this machine's FFmpeg lacks."""
    try:
        codec = av.Codec(encoder, "w")
    except (ValueError, av.error.FFmpegError) as error:
        raise SettingsError(
            f"[recorder] encoder is {encoder!r}, which this FFmpeg does not have; expected one for H.264, such as "
            "libx264"
        ) from error
    if codec.canonical_name != "h264":
        raise SettingsError(
            f"[recorder] encoder is {encoder!r}, which makes {codec.canonical_name}; expected one for H.264, such as "
            "libx264, or lossless = true"
        )
    taken = {found.name for found in codec.video_formats or ()}
    pixel_format = next((name for name in PIXEL_FORMATS if name in taken), "")
    if not pixel_format:
        raise SettingsError(
            f"[recorder] encoder is {encoder!r}, which takes {', '.join(sorted(taken))}; expected one that takes "
            f"{' or '.join(PIXEL_FORMATS)}, such as libx264"
        )
    coding = replace(Coding(), encoder=encoder, pixel_format=pixel_format)
    if encoder != "libx264":
        coding = replace(coding, options={}, threads=0)
    return replace(coding, options=_read(encoder, options)) if options else coding


def _read(encoder: str, options: Sequence[str]) -> dict[str, str]:
    supported = av.CodecContext.create(encoder, "w").supported_options
    names = {option.name for option in (*supported.generic, *supported.private)}
    read = {}
    for text in options:
        name, equals, value = text.partition("=")
        if not equals or name not in names:
            raise SettingsError(
                f"[recorder] options has {text!r}; expected NAME=VALUE with an option of {encoder}, such as "
                f'"preset=fast"; `ffmpeg -h encoder={encoder}` lists them'
            )
        read[name] = value
    return read
