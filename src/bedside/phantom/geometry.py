"""The convex probe's fan: its own grid of depths and beams, and where that lies on the screen."""

from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

RADIUS_MM = 58.0
"""Of the probe's curved face."""
FIELD_DEG = 68.0
"""Between the outermost beams."""
DEPTHS, BEAMS = 448, 192
CUT = 1.14
"""A fan this much wider than its place loses its sides, as on real screens, for a larger picture."""


class Geometry:
    """Of one depth on one screen; lengths in mm in the picture's plane, (0, 0) in the middle of the probe's face.

    `size` is (width, height) of the screen in px. On 960x720 the fan lies in rows 60 to 720, columns 81 to 874.
    """

    def __init__(self, depth_mm: float, size: tuple[int, int] = (960, 720)) -> None:
        self.depth_mm, self.size = depth_mm, size
        half = np.deg2rad(FIELD_DEG / 2)
        angle = np.linspace(-half, half, BEAMS)
        self.beam: Floats = np.stack([np.sin(angle), np.cos(angle)], -1).astype(np.float32)
        """[beams, 2]: unit vectors (lateral, depth)."""
        self.range_mm: Floats = np.linspace(0, depth_mm, DEPTHS, dtype=np.float32)
        """[depths]: along the beam, from the probe's face."""
        reach = (RADIUS_MM + self.range_mm)[:, None, None] * self.beam
        self.plane_mm: Floats = reach - np.array([0, RADIUS_MM], np.float32)
        """[depths, beams, 2]: (lateral, depth) of each sample."""
        left, right = round(size[0] * 81 / 960), round(size[0] * 874 / 960)
        top = round(size[1] * 60 / 720)
        rise = RADIUS_MM * (1 - np.cos(half))
        across = 2 * (RADIUS_MM + depth_mm) * np.sin(half)
        self.mm_per_px = float(max((depth_mm + rise) / (size[1] - top - 2), across / CUT / (right - left)))
        self._middle = np.array([(left + right - 1) / 2, top + rise / self.mm_per_px], np.float32)
        width = min(right - left, round(across / self.mm_per_px))
        height = min(size[1] - top, round((depth_mm + rise) / self.mm_per_px) + 1)
        self.fan_px = (left + (right - left - width) // 2, top, width, height)
        """Its box on the screen: x, y, width, height."""

    def to_screen(self, plane_mm: npt.NDArray[np.floating]) -> Floats:
        """[..., 2] mm (lateral, depth) to [..., 2] px (x, y); a pixel's centre is at whole numbers."""
        return np.asarray(plane_mm / self.mm_per_px + self._middle, np.float32)

    @cached_property
    def screen_mm(self) -> Floats:
        """[height, width, 2]: (lateral, depth) of each pixel of the screen."""
        x, y = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in self.size))
        return np.asarray((np.stack([x, y], -1) - self._middle) * np.float32(self.mm_per_px), np.float32)

    @cached_property
    def inside(self) -> npt.NDArray[np.bool_]:
        """[height, width]: pixels that show the fan."""
        column, row = self._polar
        x, y, width, height = self.fan_px
        box = np.zeros(self.size[::-1], bool)
        box[y : y + height, x : x + width] = True
        return np.asarray(box & (column >= 0) & (column <= BEAMS - 1) & (row >= 0) & (row <= DEPTHS - 1))

    @cached_property
    def _polar(self) -> tuple[Floats, Floats]:
        """Beam and depth of each pixel of the screen, in samples, each [height, width]."""
        lateral, depth = self.screen_mm[..., 0], self.screen_mm[..., 1] + np.float32(RADIUS_MM)
        half = np.deg2rad(FIELD_DEG / 2)
        column = (np.arctan2(lateral, depth) + half) / (2 * half) * (BEAMS - 1)
        row = (np.hypot(lateral, depth) - RADIUS_MM) / self.depth_mm * (DEPTHS - 1)
        return column.astype(np.float32), row.astype(np.float32)

    @cached_property
    def _maps(self) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16]]:
        """cv2.remap's tables of the fan's box, in whole numbers: twice as fast."""
        x, y, width, height = self.fan_px
        column, row = (axis[y : y + height, x : x + width] for axis in self._polar)
        first, second = cv2.convertMaps(np.ascontiguousarray(column), np.ascontiguousarray(row), cv2.CV_16SC2)
        return np.asarray(first, np.int16), np.asarray(second, np.uint16)

    @cached_property
    def _outside(self) -> npt.NDArray[np.bool_]:
        """The fan's box: pixels beside the fan."""
        x, y, width, height = self.fan_px
        return np.asarray(~self.inside[y : y + height, x : x + width])

    def convert(self, polar: npt.NDArray[np.uint8], *, nearest: bool = False) -> npt.NDArray[np.uint8]:
        """[depths, beams] to the fan's box [height, width]; 0 beside the fan. `nearest` is for labels."""
        first, second = self._maps
        if nearest:
            x, y, width, height = self.fan_px
            column, row = (np.ascontiguousarray(axis[y : y + height, x : x + width]) for axis in self._polar)
            box = cv2.remap(polar, column, row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        else:
            box = cv2.remap(polar, first, second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        box[self._outside] = 0
        return np.asarray(box, np.uint8)
