"""The beam's point spread: short along the depth, wide across, narrowest at the focus."""

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from bedside.phantom.geometry import BEAMS, DEPTHS, FIELD_DEG, RADIUS_MM, Geometry
from bedside.phantom.speckle import SPREAD_MM

Floats = npt.NDArray[np.float32]
Field = npt.NDArray[np.complex64]

BANDS = 28
"""Groups of depths that share a width: no seam shows between them."""
FOCUS = 0.55
"""Place of the focus, as a share of the depth."""
PULSE_MM = 0.17
WAIST_MM = 0.3
GROWTH = 0.003
"""Wider with each mm of depth, in mm: the same aperture sees what is deeper under a smaller angle."""
DEFOCUS = 0.008
"""Wider with each mm away from the focus, in mm."""


class Beam:
    """Spreads what each sample throws back; widths are standard deviations of a Gaussian in amplitude.

    Kernels are scaled so that scatterers of mean power 1 keep it at every depth: what a time gain compensation and a
    focus-dependent gain do in a scanner.
    """

    def __init__(self, geometry: Geometry) -> None:
        step_mm = geometry.depth_mm / (DEPTHS - 1)
        self._along = _kernel(PULSE_MM / step_mm, step_mm, 1)
        self._bands: list[tuple[slice, Floats]] = []
        edges = np.linspace(0, DEPTHS, BANDS + 1).astype(int)
        for start, stop in pairwise(edges):
            depth_mm = geometry.range_mm[(start + stop) // 2]
            spacing_mm = (RADIUS_MM + depth_mm) * np.deg2rad(FIELD_DEG) / (BEAMS - 1)
            away_mm = abs(depth_mm - FOCUS * geometry.depth_mm)
            width_mm = WAIST_MM + GROWTH * depth_mm + DEFOCUS * away_mm
            self._bands.append((slice(start, stop), _kernel(width_mm / spacing_mm, spacing_mm, 2)))
        self._half = np.empty((DEPTHS, BEAMS, 2), np.float32)

    def spread(self, field: Field) -> None:
        """Blurs `field` [depths, beams] in place."""
        parts = field.view(np.float32).reshape(DEPTHS, BEAMS, 2)
        one = np.ones(1, np.float32)
        cv2.sepFilter2D(parts, -1, one, self._along, self._half, borderType=cv2.BORDER_REFLECT)
        for rows, across in self._bands:
            cv2.sepFilter2D(self._half[rows], -1, across, one, parts[rows], borderType=cv2.BORDER_REFLECT)


def _kernel(sigma: float, step_mm: float, samples: int) -> Floats:
    """A Gaussian of `sigma` steps, scaled for scatterers that were summed `samples` to the step."""
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    fine = np.repeat(kernel, samples)
    place_mm = np.arange(len(fine)) * step_mm / samples
    alike = np.exp(-(((place_mm[:, None] - place_mm) / (2 * SPREAD_MM)) ** 2))
    return np.asarray(kernel / np.sqrt(fine @ alike @ fine), np.float32)
