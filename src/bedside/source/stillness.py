"""Tells whether the scan moves: compares thumbnails inside the fan, and learns by itself where the fan is.

The fan is where the picture keeps changing over large, coherent areas. A clock, a cursor, a counter or calipers keep
changing too, but only a few cells of the picture.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside import clock
from bedside.source.thumbnail import Cells, Thumbnail

CHANGED = 3
"""Grey levels by which a cell must differ; noise of sigma 3 per pixel reaches it in less than one cell of 1000."""
MOVING_SHARE = 0.03
"""So many of the fan's cells must differ; calipers and a cursor inside the fan change fewer."""
MOVING_SHARE_ANYWHERE = 0.015
"""The same of the whole picture, while the fan is not learned yet; a clock and a counter change fewer."""
TICK_S = 0.25
GROWTH = 0.2
"""The fan is learned four times a second; a cell forgets in about five ticks."""
ACTIVE = 0.3
LEAST_SHARE = 0.03
"""An active area belongs to the fan when it takes at least so much of the picture."""


class Stillness:
    """Feed it thumbnails in order; `moved_ns` is when the scan last moved.

    `within` are the cells in which the fan lies, as far as a person has said; `fan` those that were learned, or None.
    """

    def __init__(self, within: Cells, window_s: float, now_ns: int) -> None:
        self.moved_ns = now_ns
        self.fan: Cells | None = None
        self._within = within
        self._window_ns = round(window_s * clock.NS_PER_S)
        self._reference: Thumbnail | None = None
        self._reference_ns = now_ns
        self._tick: Thumbnail | None = None
        self._tick_ns = now_ns
        self._activity: NDArray[np.float32] = np.zeros(within.shape, np.float32)

    def feed(self, thumbnail: Thumbnail, now_ns: int) -> None:
        """Take one more picture, captured at `now_ns`."""
        if self._reference is None:
            self._reference = self._tick = thumbnail
        changed = _differ(thumbnail, self._reference)
        moves = self._is_moving(changed)
        if moves:
            self.moved_ns = now_ns
        if moves or now_ns - self._reference_ns >= self._window_ns:
            # Renewed while still, too: else the marks that a person sets on a frozen picture would add up to movement.
            self._reference, self._reference_ns = thumbnail, now_ns
        if now_ns - self._tick_ns >= TICK_S * clock.NS_PER_S:
            self._learn(thumbnail, now_ns)

    def _is_moving(self, changed: Cells) -> bool:
        share, where = (MOVING_SHARE_ANYWHERE, self._within) if self.fan is None else (MOVING_SHARE, self.fan)
        return int(np.count_nonzero(changed & where)) > share * int(np.count_nonzero(where))

    def _learn(self, thumbnail: Thumbnail, now_ns: int) -> None:
        """Grow the activity where the picture changed since the last tick; inside a fan that stands still, keep it."""
        assert self._tick is not None  # set together with the reference
        changed = _differ(thumbnail, self._tick)
        self._tick, self._tick_ns = thumbnail, now_ns
        step = GROWTH * (changed - self._activity)
        if self.fan is not None and not self._is_moving(changed):
            step[self.fan] = 0
        self._activity += step
        found = _large_areas((self._activity > ACTIVE) & self._within, LEAST_SHARE * np.count_nonzero(self._within))
        if found is not None:
            self.fan = found


def _differ(one: Thumbnail, other: Thumbnail) -> Cells:
    cells: Cells = cv2.absdiff(one, other) >= CHANGED
    return cells


def _large_areas(active: Cells, least: float) -> Cells | None:
    """The active cells of which at least so many hang together, gaps closed; None when there are none."""
    closed = cv2.morphologyEx(active.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= least]
    return np.isin(labels, large) if large else None
