"""Ultrasound Image Storage (PS3.3 A.6): one picture, uncompressed."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

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
from bedside.export.shots import Answered, Shot, tables

H264 = "ISO_14496_10"
"""Of Lossy Image Compression Method, C.7.6.1.1.5.1."""
MOST_COMMENT = 10_240
"""Of a Long Text, PS3.5 6.2: characters, and programs that count bytes are content, too."""


def picture(of: About, shot: Shot, *, with_results: bool = False) -> Dataset:
    """One picture as an object.

    With `with_results` the answers of the models stand in Image Comments, as text.
    """
    data = headed(of, UltrasoundImageStorage, shot.captured_ns, shot.wall_ns)
    put_into_series(data, of, 1, "pictures")
    data.ImageType = ["DERIVED" if shot.codec else "ORIGINAL", "PRIMARY"]
    data.DerivationDescription = f"{ORIGIN} {RESEARCH}"
    if with_results and (text := said(shot.answers)):
        data.ImageComments = text
    tell_pixels(data, shot.pixels.shape[0], shot.pixels.shape[1], "RGB")
    tell_spacing(data, of)
    data.LossyImageCompression = "01" if shot.codec or of.was_lossy else "00"
    if shot.codec == "h264":
        data.LossyImageCompressionMethod = H264
    pixels = shot.pixels.tobytes()
    data.PixelData = pixels + b"\0" * (len(pixels) % 2)
    data["PixelData"].VR = "OB"
    return finish(data, ExplicitVRLittleEndian)


def said(answers: Iterable[Answered]) -> str:
    """What the models said, a sentence each; empty when they said nothing that is text."""
    sentences = [f"{one.engine}: {text}." for one in answers if (text := _said(one.answer))]
    text = " ".join([f"{RESEARCH} Output of models:", *sentences]) if sentences else ""
    return text.encode(errors="replace")[:MOST_COMMENT].decode(errors="ignore")


def _said(answer: Mapping[str, Any]) -> str:
    verdict = answer.get("verdict")
    parts = []
    if isinstance(verdict, Mapping):
        shown = (verdict.get(key) for key in ("label", "level", "score"))
        parts.append(", ".join(str(value) for value in shown if value not in (None, "", "none")))
    for measured in tables(answer.get("measurements")):
        parts.append(" ".join(str(measured[key]) for key in ("name", "value", "unit") if measured.get(key) is not None))
    return "; ".join(part for part in parts if part)
