"""Ultrasound Multi-frame Image Storage (PS3.3 A.7): pictures in a row, each as JPEG, with the time of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import simplejpeg
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage

from bedside import clock
from bedside.export.dicom_about import (
    ORIGIN,
    RESEARCH,
    About,
    finish,
    headed,
    put_into_series,
    tell_pixels,
    tell_spacing,
)
from bedside.export.dicom_picture import H264
from bedside.messages import Pixels

QUALITY = 92
JPEG = "ISO_10918_1"
MAX_FRAMES = 1500
"""In one object: a minute at 25 a second. A longer span becomes several, which a viewer and an archive can hold."""
FRAME_TIME_VECTOR = Tag("FrameTimeVector")


@dataclass(frozen=True)
class Moving:
    """Pictures of one size in a row, compressed."""

    jpegs: Sequence[bytes]
    captured_ns: Sequence[int]
    wall_ns: int
    """Of the first one."""
    width: int
    height: int
    codec: str = ""
    """Of the video that they are from, empty where that is exact."""
    h264_ratio: float = 0.0


def compressed(pixels: Pixels) -> bytes:
    """A picture as baseline JPEG with half the colour in x, which is what YBR_FULL_422 says."""
    return bytes(simplejpeg.encode_jpeg(pixels, quality=QUALITY, colorspace="RGB", colorsubsampling="422"))


def clip(of: About, moving: Moving) -> Dataset:
    """Pictures in a row as one object."""
    data = headed(of, UltrasoundMultiFrameImageStorage, moving.captured_ns[0], moving.wall_ns)
    put_into_series(data, of, 2, "clips")
    data.ImageType = ["DERIVED", "PRIMARY"]
    data.DerivationDescription = f"{ORIGIN} Compressed by Bedside. {RESEARCH}"
    tell_pixels(data, moving.height, moving.width, "YBR_FULL_422")
    tell_spacing(data, of)
    _tell_times(data, moving.captured_ns)
    ratio = round(moving.width * moving.height * 3 * len(moving.jpegs) / sum(map(len, moving.jpegs)), 2)
    data.LossyImageCompression = "01"
    is_h264 = moving.codec == "h264"
    data.LossyImageCompressionMethod = [H264, JPEG] if is_h264 else JPEG
    if not is_h264 or moving.h264_ratio > 0:
        data.LossyImageCompressionRatio = [round(moving.h264_ratio, 2), ratio] if is_h264 else ratio
    data.PixelData = encapsulate(list(moving.jpegs))
    data["PixelData"].VR = "OB"
    return finish(data, JPEGBaseline8Bit)


def _tell_times(data: Dataset, captured_ns: Sequence[int]) -> None:
    """Cine and Multi-frame modules: how long after the one before each frame was captured, in ms."""
    steps = [(after - before) / clock.NS_PER_MS for before, after in pairwise(captured_ns)]
    data.NumberOfFrames = len(captured_ns)
    data.FrameIncrementPointer = FRAME_TIME_VECTOR
    data.FrameTimeVector = [0, *(round(step, 3) for step in steps)]
    data.FrameDelay = 0
    if lasting_ms := sum(steps):
        data.EffectiveDuration = round(lasting_ms / 1000, 3)
        data.CineRate = data.RecommendedDisplayFrameRate = max(1, round(len(steps) * 1000 / lasting_ms))
