"""The small grey picture on which signal states are judged: averages over cells, which keep movement and lose noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.messages import Pixels

Thumbnail = NDArray[np.uint8]
"""Green channel, averaged over cells, uint8 [rows, columns]."""
Cells = NDArray[np.bool_]
"""One truth per cell, [rows, columns]."""

COLUMNS, ROWS = 160, 90
"""At most so many cells."""
CELL = 8
"""A cell is at least so many pixels wide and high; a small picture has fewer cells, not smaller ones."""

SAMPLES = 48
"""Pixels of a cell that are enough: their average has a seventh of the noise."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How pictures of one size are cut into cells: whole pixels per cell, which is also what is fast to average."""

    columns: int
    rows: int
    cell_width: int
    cell_height: int
    step: int
    """Every so many-th row of the picture is looked at."""

    @classmethod
    def of(cls, pixels: Pixels) -> "Grid":
        """The grid for pictures of this size; less than a cell at the right and lower edge is left out."""
        height, width = pixels.shape[:2]
        across = min(max(CELL, math.ceil(width / COLUMNS)), width)
        down = min(max(CELL, math.ceil(height / ROWS)), height)
        step = max(1, across * down // SAMPLES)
        down = min(math.ceil(down / step) * step, height)
        return cls(width // across, height // down, across, down, step)

    def grey(self, pixels: Pixels) -> Thumbnail:
        """The thumbnail of a picture."""
        rows = pixels[: self.rows * self.cell_height : self.step, : self.columns * self.cell_width]
        small = cv2.resize(cv2.extractChannel(rows, 1), (self.columns, self.rows), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    def coloured(self, pixels: Pixels) -> NDArray[np.uint8]:
        """The same with three channels, uint8 [rows, columns, 3]; several times as dear."""
        part = pixels[: self.rows * self.cell_height, : self.columns * self.cell_width]
        return np.asarray(cv2.resize(part, (self.columns, self.rows), interpolation=cv2.INTER_AREA), np.uint8)

    def cells(self, rectangle: Sequence[int]) -> Cells:
        """The cells that the rectangle [x, y, width, height], in pixels of the picture, touches."""
        x, y, width, height = rectangle
        cells = np.zeros((self.rows, self.columns), np.bool_)
        top, left = max(y, 0) // self.cell_height, max(x, 0) // self.cell_width
        bottom, right = -(-(y + height) // self.cell_height), -(-(x + width) // self.cell_width)
        cells[top : max(bottom, 0), left : max(right, 0)] = True
        return cells
