"""Tells what a capture box shows when its cable carries nothing: a flat colour, colour bars, or its own placeholder."""

import numpy as np
from numpy.typing import NDArray

from bedside.messages import Pixels
from bedside.source.thumbnail import Cells, Grid, Thumbnail

FLAT = 6
"""Cells of a flat picture differ by at most so much; one letter of text makes a cell differ by more."""
BARS_PART = 0.6
"""Colour bars fill at least this upper part of the picture; some have other patterns below."""
BAR_SPREAD, BAR_STEP = 10, 30
BARS = range(5, 17)
"""How many bars there may be."""
SALIENT, NEAR = 12, 10
"""A placeholder's cell says something when it is so far from the median; a cell is like it when it is so near."""
SALIENT_SHARE, PLAIN_SHARE = 0.9, 0.995
"""So many of the cells that say something, and of those that do not, must be like the placeholder's."""


class Filler:
    """Recognises filler pictures; `placeholder` is what this box shows without a signal, where that is known."""

    def __init__(self, grid: Grid, placeholder: Thumbnail | None) -> None:
        self._grid = grid
        self._placeholder: NDArray[np.int16] | None = None
        if placeholder is not None:
            self._placeholder = placeholder.astype(np.int16)
            self._salient = np.abs(self._placeholder - np.median(self._placeholder)) > SALIENT

    def is_in(self, pixels: Pixels, thumbnail: Thumbnail) -> bool:
        """Whether `pixels`, whose grey thumbnail is given, is such a filler."""
        if int(thumbnail.max()) - int(thumbnail.min()) <= FLAT:
            return bool(np.all(np.ptp(self._grid.coloured(pixels), axis=(0, 1)) <= FLAT))
        return self._is_placeholder(thumbnail) or self._is_bars(pixels, thumbnail)

    def _is_placeholder(self, thumbnail: Thumbnail) -> bool:
        if self._placeholder is None:
            return False
        near = np.abs(self._placeholder - thumbnail) <= NEAR
        salient, plain = near[self._salient], near[~self._salient]
        return _share(salient) >= SALIENT_SHARE and _share(plain) >= PLAIN_SHARE

    def _is_bars(self, pixels: Pixels, thumbnail: Thumbnail) -> bool:
        """Columns that are constant from the top down, in stripes of clearly different colours."""
        upper = thumbnail[: max(1, int(thumbnail.shape[0] * BARS_PART))]
        if thumbnail.shape[1] < 2 * max(BARS) or np.mean(np.ptp(upper, axis=0) <= BAR_SPREAD) < 0.95:
            return False
        # Bars differ in colour more than in green alone, so the dearer thumbnail decides.
        columns = np.median(self._grid.coloured(pixels)[: len(upper)].astype(np.int16), axis=0)
        steps = np.abs(columns[2:] - columns[:-2]).max(axis=1) > BAR_STEP
        stripes = 1 + int(np.count_nonzero(steps[1:] & ~steps[:-1])) + int(steps[0])
        return stripes in BARS and float(steps.mean()) < 0.4


def _share(near: Cells) -> float:
    return float(near.mean()) if near.size else 1.0
