"""What of a picture may leave, and where in it: crop, masks, fan, and the layout for which they were made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.errors import Misfit, SourceError
from bedside.messages import Pixels
from bedside.source.crop import Crop
from bedside.source.layout import Layout
from bedside.source.size import parse_size

Rectangle = tuple[int, int, int, int]
"""x, y, width, height in pixels of the whole picture."""
MOST_MASKS = 64


@dataclass(frozen=True)
class Framing:
    """Made for one scanner's screen, all in pixels of the whole picture."""

    crop: tuple[int, ...] = ()
    """What leaves, [x, y, width, height]; empty is all."""
    mask: tuple[tuple[int, ...], ...] = ()
    fan: tuple[int, ...] = ()
    size: tuple[int, int] | None = None
    """(width, height) of the picture for which it was made; None is any that it fits into."""
    layout: Layout | None = None
    """How the scanner's screen looks; None where nobody has shown it."""

    def cropping(self) -> Crop:
        """What applies it. Raises Misfit for a rectangle that is none."""
        return Crop(self.crop, self.mask, self.size)

    def cover(self, pixels: Pixels) -> None:
        """Black in place whatever may not leave, and leave the rest where it is; all of it when nothing may leave."""
        try:
            part = self.cropping().apply(pixels).copy()
        except Misfit:
            pixels[:] = 0
            return
        x, y, width, height = self.crop or (0, 0, pixels.shape[1], pixels.shape[0])
        pixels[:] = 0
        pixels[y : y + height, x : x + width] = part

    def shown(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which pixels of a picture of `size` (width, height) leave, bool [height, width]."""
        pixels = np.full((size[1], size[0], 3), 255, np.uint8)
        self.cover(pixels)
        return np.asarray(pixels[:, :, 0] > 0)


def framing_by_hand(crop: Sequence[int], mask: Sequence[Sequence[int]], fan: Sequence[int], size: str) -> Framing:
    """What [source] says; areas are [x, y, width, height]. Raises SettingsError for a size that is none.

    A size alone is only asked of the device, which may give another: it binds where there is something to hide.
    """
    binds = parse_size(size) if crop or mask else None
    return Framing(tuple(crop), tuple(tuple(each) for each in mask), tuple(fan), binds)


def read_framing(asked: Mapping[str, Any], size: tuple[int, int]) -> Framing:
    """The framing that a page asks for, of a picture of `size` (width, height). Raises SourceError."""
    masks = asked.get("mask", [])
    if not isinstance(masks, Sequence) or isinstance(masks, str) or len(masks) > MOST_MASKS:
        raise SourceError(f"mask is {str(masks)[:40]!r}; expected at most {MOST_MASKS} rectangles in a list")
    return Framing(
        crop=_rectangle("crop", asked.get("crop", []), size),
        mask=tuple(_rectangle("mask", each, size, is_needed=True) for each in masks),
        fan=_rectangle("fan", asked.get("fan", []), size),
        size=size,
    )


def _rectangle(name: str, value: Any, size: tuple[int, int], is_needed: bool = False) -> tuple[int, ...]:
    if value == [] and not is_needed:
        return ()
    are_numbers = isinstance(value, list) and len(value) == 4 and all(type(number) is int for number in value)
    if are_numbers:
        x, y, width, height = value
        if min(x, y) >= 0 and min(width, height) >= 1 and x + width <= size[0] and y + height <= size[1]:
            return x, y, width, height
    raise SourceError(
        f"{name} is {str(value)[:60]}; expected [x, y, width, height] in whole pixels, "
        f"within the picture of {size[0]} x {size[1]}"
    )
