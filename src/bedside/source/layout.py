"""The layout of a scanner's screen: its furniture, as coarse grey cells, by which a change of it is noticed.

Masks hide the names only as long as the screen is the one for which they were made. So a preset holds how the screen
looks outside the fan and the masks, in cells so coarse that no text can be read in them, and the screen is compared
with it twice a second. What changes by itself (a clock, a cursor) is left out; another patient's name, another depth or
a frozen picture change few cells, another screen or a large window many. docs/topics/signal.md has the figures.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.errors import SettingsError
from bedside.source.thumbnail import Cells, Thumbnail

COARSE = 2
"""So many cells of the thumbnail make one of the layout, each way: 24 px in 1920x1080, where text is a grey blur."""
STEP = 8
"""Grey levels of one step: finer ones are not kept."""
STEADY = 6
"""A cell that changed by more while it was learned is a clock or the scan, and is not judged."""
DIFFERS = 20
"""Grey levels by which a cell must differ."""
FURNITURE = 16
"""A cell so much brighter or darker than the screen's background shows something."""
MOST_LOST = 0.35
"""So much of the furniture may be gone or changed."""
MOST_NEW = 0.12
"""So much of the empty screen may be covered: a name or a value is less, a window or a list of patients more."""
LEAST_CELLS = 40
"""Fewer steady cells, or fewer with furniture in them, tell nothing of a screen."""


@dataclass(frozen=True, eq=False)
class Layout:
    """One screen; cells [rows, columns], each COARSE x COARSE of the thumbnail's."""

    cells: NDArray[np.uint8]
    judged: Cells
    """Which cells count."""

    def is_on(self, thumbnail: Thumbnail) -> bool:
        """Whether a picture's thumbnail shows this screen."""
        lost, new = self.changes(thumbnail)
        return lost <= MOST_LOST and new <= MOST_NEW

    def changes(self, thumbnail: Thumbnail) -> tuple[float, float]:
        """The share of the furniture that looks otherwise, and the share of the empty screen that is covered."""
        now = coarse(thumbnail)
        if now.shape != self.cells.shape:
            return 1.0, 1.0
        differs = cv2.absdiff(now, self.cells) > DIFFERS
        furniture = self.furniture
        empty = self.judged & ~furniture
        return _share(differs, furniture), _share(differs, empty)

    @cached_property
    def furniture(self) -> Cells:
        """The judged cells that show something."""
        return _furniture(self.cells, self.judged)

    def as_table(self) -> dict[str, Any]:
        """Fit for TOML."""
        rows, columns = self.cells.shape
        return {
            "columns": columns,
            "rows": rows,
            "cells": base64.b64encode(np.where(self.judged, self.cells, 0).astype(np.uint8).tobytes()).decode(),
            "judged": base64.b64encode(np.packbits(self.judged).tobytes()).decode(),
        }


def learn(thumbnails: Sequence[Thumbnail], leave_out: Cells) -> Layout | None:
    """The screen of some seconds of pictures; `leave_out`, cells of the thumbnail, are fan and masks.

    None when too little of it is steady and shows anything, such as where the fan fills the screen.
    """
    seen = np.stack([coarse(each) for each in thumbnails])
    moving = (seen.max(axis=0).astype(np.int16) - seen.min(axis=0)) > STEADY
    # A moving cell's neighbours are not judged either: a clock's next digit may be wider.
    moving = cv2.dilate(moving.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    left_out = coarse(np.where(leave_out, 255, 0).astype(np.uint8)) > 0
    judged = ~moving & ~left_out
    cells = np.median(seen, axis=0).astype(np.uint8) // STEP * STEP + STEP // 2
    if judged.sum() < LEAST_CELLS or _furniture(cells, judged).sum() < LEAST_CELLS:
        return None
    return Layout(cells, judged)


def read_layout(table: Mapping[str, Any], where: str) -> Layout:
    """The layout in a preset's table. Raises SettingsError."""
    try:
        shape = int(table["rows"]), int(table["columns"])
        cells = np.frombuffer(base64.b64decode(table["cells"], validate=True), np.uint8).reshape(shape)
        bits = np.unpackbits(np.frombuffer(base64.b64decode(table["judged"], validate=True), np.uint8))
        return Layout(cells, bits[: cells.size].reshape(shape).astype(np.bool_))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise SettingsError(f"{where}: [layout] cannot be read ({error}); save the preset anew") from error


def coarse(thumbnail: Thumbnail) -> NDArray[np.uint8]:
    """The thumbnail in the layout's cells."""
    rows, columns = max(1, thumbnail.shape[0] // COARSE), max(1, thumbnail.shape[1] // COARSE)
    return np.asarray(cv2.resize(thumbnail, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def _furniture(cells: NDArray[np.uint8], judged: Cells) -> Cells:
    if not judged.any():
        return judged
    background = int(np.median(cells[judged]))
    shows: Cells = judged & (np.abs(cells.astype(np.int16) - background) > FURNITURE)
    return shows


def _share(cells: Cells, of: Cells) -> float:
    return float(np.count_nonzero(cells & of)) / max(1, int(np.count_nonzero(of)))
