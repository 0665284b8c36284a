"""Crop and privacy mask: what must not leave the broadcaster is gone before a pixel is handed on."""

from collections.abc import Sequence

import numpy as np

from bedside.errors import Misfit
from bedside.messages import Pixels


class Crop:
    """Paints the masks black, then cuts the crop out; both in pixels of the whole picture, [x, y, width, height].

    Raises Misfit for a rectangle that is none, such as one with a negative width.
    """

    def __init__(self, crop: Sequence[int] = (), mask: Sequence[Sequence[int]] = ()) -> None:
        self._crop = tuple(crop)
        self._masks = tuple(tuple(each) for each in mask)
        for name, rectangle in self._named():
            if len(rectangle) != 4 or min(rectangle[:2]) < 0 or min(rectangle[2:]) < 1:
                raise Misfit(
                    f"{name} is {list(rectangle)}; expected [x, y, width, height] in pixels, "
                    "x and y from 0, width and height from 1"
                )

    def apply(self, pixels: Pixels) -> Pixels:
        """The part that may leave, C-contiguous. `pixels` [height, width, 3] must be the caller's own: masks are
        painted in place, and without a crop the very array comes back.

        Raises Misfit when crop or mask lies, even in part, outside of the picture; then nothing may leave.
        """
        height, width = pixels.shape[:2]
        for name, (x, y, across, down) in self._named():
            if x + across > width or y + down > height:
                raise Misfit(
                    f"{name} {[x, y, across, down]} reaches to {x + across} x {y + down}, but the picture is "
                    f"{width} x {height}; nothing is shown until it is set to fit or the picture has its old size"
                )
        for x, y, across, down in self._masks:
            pixels[y : y + down, x : x + across] = 0
        if self._crop:
            x, y, across, down = self._crop
            pixels = pixels[y : y + down, x : x + across]
        return np.ascontiguousarray(pixels)

    def _named(self) -> list[tuple[str, tuple[int, ...]]]:
        crop = [("[source] crop", self._crop)] if self._crop else []
        return crop + [("[source] mask", each) for each in self._masks]
