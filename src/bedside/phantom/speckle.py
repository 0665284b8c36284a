"""The grain of the tissue: scatterers that lie still in the world, so that speckle moves with its tissue."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SIDE = 128
STEP_MM = 0.27
"""The volume repeats itself after 35 mm, along axes that lie askew in the world: no picture shows it twice."""
SPREAD_MM = 0.24
"""Of one scatterer's echo before the beam widens it: the finest grain of the picture."""
TEXTURE_MM = 2.6
"""Of the slow changes in how strongly a tissue echoes."""
COARSER = 4
"""Steps of the slow changes' volume, in those of the scatterers'."""
LAYERS = (0.22, 0.8, 0.22)
"""Slow changes that lie flat under the skin are stretched along x and z."""


class Scatterers:
    """A periodic volume of complex Gaussian noise: many scatterers in each cell, hence fully developed speckle."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
        self._to_cell = (turn / STEP_MM).astype(np.float32)
        self._to_layer = (np.diag(LAYERS).astype(np.float32) @ self._to_cell) / np.float32(COARSER)
        self._start = random.uniform(64 * SIDE, 65 * SIDE, 3).astype(np.float32)
        self._echo = _noise(SPREAD_MM / STEP_MM)
        self._texture = _slow(TEXTURE_MM / STEP_MM / COARSER)

    def cells(self, world_mm: Floats) -> Floats:
        """[..., 3] mm in the world to places in the volume, always above 0."""
        return np.asarray(world_mm.reshape(-1, 3) @ self._to_cell + self._start, np.float32)

    def echo(self, cells: Floats, out: npt.NDArray[np.complex64]) -> None:
        """The scatterers' echo at `cells` [n, 3] into `out` [n]: complex Gaussian, mean power 1."""
        np.take(self._echo, _index(cells), out=out, mode="clip")

    def texture(self, cells: Floats) -> Floats:
        """Slow change at `cells` [n, 3], [n]: standard deviation 1."""
        return np.asarray(np.take(self._texture, _index(cells / np.float32(COARSER)), mode="clip"), np.float32)

    def layers(self, world_mm: Floats) -> Floats:
        """As `texture`, but in flat streaks along the skin; `world_mm` is [..., 3]."""
        cells = world_mm.reshape(-1, 3) @ self._to_layer + self._start
        return np.asarray(np.take(self._texture, _index(cells), mode="clip"), np.float32)


@lru_cache(2)
def _noise(sigma: float) -> npt.NDArray[np.complex64]:
    """[SIDE ** 3], smoothed by a Gaussian of `sigma` cells that wraps around; mean power 1. All seeds share it: each
    has its own way of lying in it."""
    white = np.random.default_rng(0).standard_normal((SIDE, SIDE, SIDE, 2), np.float32).view(np.complex64)[..., 0]
    line = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(SIDE)) ** 2).astype(np.float32)
    spectrum: npt.NDArray[Any] = np.fft.fftn(white)
    spectrum *= line[:, None, None] * line[None, :, None] * line
    smooth = np.fft.ifftn(spectrum).ravel()
    return np.asarray(smooth / np.sqrt(np.mean(np.abs(smooth) ** 2)), np.complex64)


@lru_cache(1)
def _slow(sigma: float) -> Floats:
    return np.asarray(np.ascontiguousarray(_noise(sigma).real) * np.float32(np.sqrt(2)), np.float32)


def _index(cells: Floats) -> npt.NDArray[np.int32]:
    whole = cells.astype(np.int32)
    whole &= SIDE - 1
    return np.asarray((whole[:, 0] * SIDE + whole[:, 1]) * SIDE + whole[:, 2], np.int32)
