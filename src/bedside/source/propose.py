"""Finds the fan by itself, from some seconds of thumbnails: it is what keeps changing over a large area."""

from collections.abc import Sequence

import cv2
import numpy as np

from bedside.errors import SourceError
from bedside.source.framing import Rectangle
from bedside.source.thumbnail import Grid, Thumbnail

LEAST_PICTURES = 6
MOVES, STIRS = 2.0, 0.9
"""Standard deviation over time, grey levels, from which a cell moves, and from which it belongs to a moving one beside
it. A cable's noise of sigma 3 a pixel gives 0.5."""
MOVING_SHARE = 0.01
"""Of the screen, moving, makes an area a scan."""
LEAST_SHARE = 0.03
"""Of the screen; a clock or a cursor is smaller."""
MARGIN = 0.01
"""The crop is so much of the picture's width larger than the fan, on each side."""


def propose_fan(thumbnails: Sequence[Thumbnail], grid: Grid, size: tuple[int, int]) -> Rectangle:
    """Where the scan moves, in a picture of `size` (width, height). Raises SourceError when nothing does."""
    if len(thumbnails) < LEAST_PICTURES:
        raise SourceError("only a moment of pictures was seen so far; try again in a few seconds")
    spread = np.stack(thumbnails).astype(np.float32).std(axis=0)
    stirs = (spread > STIRS).astype(np.uint8)
    # Closed first, so that still or dark parts of the scan belong to it; opened then, so that a clock that touches it
    # does not.
    stirs = cv2.morphologyEx(stirs, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    stirs = cv2.morphologyEx(stirs, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(stirs, connectivity=4)
    moving = np.bincount(labels[spread > MOVES], minlength=count)
    moving[0] = 0
    number = int(np.argmax(moving))
    left, top, across, down, area = (int(value) for value in stats[number])
    if moving[number] < MOVING_SHARE * stirs.size or area < LEAST_SHARE * stirs.size:
        raise _nothing()
    x, y = left * grid.cell_width, top * grid.cell_height
    right = min((left + across) * grid.cell_width, size[0])
    bottom = min((top + down) * grid.cell_height, size[1])
    return x, y, right - x, bottom - y


def crop_about(fan: Rectangle, size: tuple[int, int]) -> Rectangle:
    """The fan with a small margin."""
    margin = round(MARGIN * size[0])
    x, y, width, height = fan
    left, top = max(0, x - margin), max(0, y - margin)
    right, bottom = min(size[0], x + width + margin), min(size[1], y + height + margin)
    return left, top, right - left, bottom - top


def _nothing() -> SourceError:
    return SourceError(
        "nothing moves in the picture, so the fan cannot be found; unfreeze the scanner and scan a little"
    )
