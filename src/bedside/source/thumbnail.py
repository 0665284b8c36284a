"""The small grey picture on which signal states are judged: averages over cells, which keep movement and lose noise."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.messages import Pixels

Thumbnail = NDArray[np.uint8]
"""Green channel, averaged over cells, uint8 [rows, columns]."""
Cells = NDArray[np.bool_]
"""One truth per cell, [rows, columns]."""

COLUMNS, ROWS = 160, 90
CELL = 8
"""A cell is at least so many pixels wide and high; a small picture has fewer cells, not smaller ones."""


def grid(pixels: Pixels) -> tuple[int, int]:
    """(columns, rows) of the thumbnail of such a picture."""
    height, width = pixels.shape[:2]
    return max(1, min(COLUMNS, width // CELL)), max(1, min(ROWS, height // CELL))


def grey(pixels: Pixels) -> Thumbnail:
    """The thumbnail of a picture; every second row of a large picture is enough."""
    step = 2 if pixels.shape[0] >= 720 else 1
    return cv2.resize(cv2.extractChannel(pixels[::step], 1), grid(pixels), interpolation=cv2.INTER_AREA)  # type: ignore


def coloured(pixels: Pixels) -> NDArray[np.uint8]:
    """The same with three channels, uint8 [rows, columns, 3]; twice as dear."""
    return cv2.resize(pixels, grid(pixels), interpolation=cv2.INTER_AREA)  # type: ignore


def cells_of(rectangles: Sequence[Sequence[int]], pixels: Pixels) -> Cells:
    """The cells that the rectangles [x, y, width, height], in pixels of the picture, touch."""
    columns, rows = grid(pixels)
    down, across = rows / pixels.shape[0], columns / pixels.shape[1]
    cells = np.zeros((rows, columns), np.bool_)
    for x, y, width, height in rectangles:
        top, bottom = int(y * down), int(np.ceil((y + height) * down))
        left, right = int(x * across), int(np.ceil((x + width) * across))
        cells[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return cells
