"""Crop and privacy mask: what must not leave the broadcaster is gone before a pixel is handed on."""

from collections.abc import Sequence

import numpy as np

from bedside.errors import Misfit
from bedside.messages import Pixels


class Crop:
    """Paints the masks black, then cuts the crop out; both in pixels of the whole picture, [x, y, width, height].

    `size` is the (width, height) of the picture for which they were made, be it to show all of it; None takes any that
    they fit into. Raises Misfit for a rectangle that is none, such as one with a negative width.
    """

    def __init__(
        self, crop: Sequence[int] = (), mask: Sequence[Sequence[int]] = (), size: tuple[int, int] | None = None
    ) -> None:
        self._crop = tuple(crop)
        self._masks = tuple(tuple(each) for each in mask)
        self._size = size
        for name, rectangle in self._named():
            if len(rectangle) != 4 or min(rectangle[:2]) < 0 or min(rectangle[2:]) < 1:
                raise Misfit(
                    f"{name} is {list(rectangle)}; expected [x, y, width, height] in pixels, "
                    "x and y from 0, width and height from 1"
                )

    def apply(self, pixels: Pixels) -> Pixels:
        """The part that may leave, C-contiguous. `pixels` [height, width, 3] must be the caller's own: masks are
        painted in place, and without a crop the very array comes back.

        Raises Misfit when crop or mask lies, even in part, outside of the picture, or was made for another size, in
        which it hides the wrong place; then nothing may leave.
        """
        height, width = pixels.shape[:2]
        self._refuse_other_size(width, height)
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

    def _refuse_other_size(self, width: int, height: int) -> None:
        if self._size is not None and self._size != (width, height):
            named = self._named()
            what = f"{named[0][0]} {list(named[0][1])}" if named else "what is shown"
            raise Misfit(
                f"{what} was made for [source] size {self._size[0]}x{self._size[1]}, but the "
                f"picture is {width} x {height}; nothing is shown until the picture has that size again, or mask, "
                "crop and size are set for the new one"
            )

    def _named(self) -> list[tuple[str, tuple[int, ...]]]:
        crop = [("[source] crop", self._crop)] if self._crop else []
        return crop + [("[source] mask", each) for each in self._masks]
