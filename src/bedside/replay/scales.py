"""The scale that held at each moment of a scan: what people measured on the ruler, as the session's marks say."""

from collections.abc import Iterable, Mapping
from typing import Any

from bedside.messages import Scale
from bedside.review.answered import is_time


class Scales:
    """Goes through the scan in order of time."""

    def __init__(self, marks: Iterable[Mapping[str, Any]]) -> None:
        """`marks` are the session's, in any order; those that are damaged or of another kind do not count."""
        spacings = (mark for mark in marks if mark.get("mark") == "spacing" and is_time(mark.get("monotonic_ns")))
        self._coming = sorted(((mark["monotonic_ns"], _scale(mark)) for mark in spacings), key=lambda one: -one[0])
        self.now: Scale | None = None
        """What holds; None where nobody measured, or what was measured holds no more."""

    def reach(self, captured_ns: int) -> bool:
        """Go on to this moment of the scan's monotonic time; whether another scale holds there."""
        before = self.now
        while self._coming and self._coming[-1][0] <= captured_ns:
            self.now = self._coming.pop()[1]
        return self.now != before


def _scale(mark: Mapping[str, Any]) -> Scale | None:
    """What a mark says that a person measured; the setting's is none."""
    spacing_mm, picture_px = mark.get("pixel_spacing_mm"), mark.get("picture_px")
    if mark.get("source") != "ruler" or not isinstance(spacing_mm, int | float) or not isinstance(picture_px, list):
        return None
    if len(picture_px) != 2 or not all(isinstance(length, int) for length in picture_px):
        return None
    return Scale(float(spacing_mm), (picture_px[0], picture_px[1]))
