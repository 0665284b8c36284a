"""One answered picture to look at: the picture with its overlay, what the answer says beside it, a line below."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from bedside.check.lettering import fitting, write
from bedside.check.overlay import draw
from bedside.check.palette import DIM, GROUND, Inks
from bedside.check.panel import Panel
from bedside.messages import Pixels

PANEL_PX = 420
FOOT_PX = 34
LARGEST = (1280, 960)
LEAST_HEIGHT = 720
ACROSS = 3


class Drawing:
    """Draws every picture of a clip on canvases of one size, and gives each label one colour."""

    def __init__(self, width: int, height: int, note: str) -> None:
        """Pictures of `width` x `height`; `note` stands at the end of the line below."""
        share = min(LARGEST[0] / width, LARGEST[1] / height)
        share = min(share, max(1.0, LEAST_HEIGHT / height))
        self._picture = (_even(width * share), _even(height * share))
        self._height = max(self._picture[1], LEAST_HEIGHT)
        self._inks = Inks()
        self._note = note

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a canvas, both even."""
        return self._picture[0] + PANEL_PX, self._height + FOOT_PX

    def draw(self, pixels: Pixels, answer: Mapping[str, Any], caption: str, error: str = "") -> Pixels:
        """The canvas for a picture, uint8 [height, width, 3], and its answer, or why there is none."""
        canvas = np.empty((self.size[1], self.size[0], 3), np.uint8)
        canvas[:] = GROUND
        width = self._picture[0]
        picture = self._fitted(pixels)
        draw(picture, answer, self._inks)
        top, left = (self._height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        panel = np.empty((self._height, PANEL_PX, 3), np.uint8)
        Panel(panel).show(answer, error)
        canvas[: self._height, width:] = panel
        base = self.size[1] - 11
        write(canvas, fitting(caption, 16, width - 20), (12, base), 16, DIM)
        write(canvas, fitting(self._note, 16, PANEL_PX - 20), (width + 12, base), 16, DIM)
        return canvas

    def _fitted(self, pixels: Pixels) -> Pixels:
        """The picture as large as its place; one of other proportions than the first leaves some of it empty."""
        share = min(self._picture[0] / pixels.shape[1], self._picture[1] / pixels.shape[0])
        size = (max(1, round(pixels.shape[1] * share)), max(1, round(pixels.shape[0] * share)))
        how = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
        return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8)


def sheet(canvases: Sequence[Pixels], width: int = 2400) -> Pixels:
    """Canvases of one size beside and below each other, in reading order, uint8 [height, width, 3]."""
    rows = -(-len(canvases) // ACROSS)
    each = width // ACROSS
    height = round(canvases[0].shape[0] * each / canvases[0].shape[1])
    whole = np.empty((rows * height, each * ACROSS, 3), np.uint8)
    whole[:] = GROUND
    for at, canvas in enumerate(canvases):
        y, x = at // ACROSS * height, at % ACROSS * each
        small: Any = cv2.resize(canvas, (each - 8, height - 8), interpolation=cv2.INTER_AREA)
        whole[y + 4 : y + height - 4, x + 4 : x + each - 4] = small
    return whole


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2))
