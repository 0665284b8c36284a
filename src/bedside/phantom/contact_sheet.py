"""The first pictures of a data set on one sheet, with the outlines of their labels: a person sees what it is."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from bedside.errors import SettingsError
from bedside.messages import Pixels
from bedside.phantom.concepts import CLASSES
from bedside.phantom.dataset import Row

COLUMNS, ROWS = 6, 4
TILE_PX = (320, 240)
CAPTION_PX = 26
GROUND, INK, DIM = (10, 13, 17), (238, 242, 246), (154, 167, 180)


def contact_sheet(folder: Path, rows: Iterable[Row]) -> Pixels:
    """RGB uint8 [height, width, 3] of the first 24 rows. Raises OSError and SettingsError where one of their files
    cannot be read."""
    width, height = TILE_PX
    sheet = np.full((ROWS * (height + CAPTION_PX), COLUMNS * width, 3), GROUND, np.uint8)
    for number, row in enumerate(islice(rows, COLUMNS * ROWS)):
        down, across = divmod(number, COLUMNS)
        x, y = across * width, down * (height + CAPTION_PX)
        sheet[y : y + height, x : x + width] = _tile(folder, row)
        plane = row["plane"] or "no plane"
        colour = INK if row["standard"] == "1" else DIM
        words = f"{plane}, standard" if row["standard"] == "1" else plane
        at = (x + 8, y + height + CAPTION_PX - 8)
        cv2.putText(sheet, f"{words}   {row['subject']}", at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return sheet


def _tile(folder: Path, row: Row) -> Pixels:
    image, labels = (_read(folder / row[part]) for part in ("image", "labels"))
    tile = cv2.cvtColor(cv2.resize(image, TILE_PX, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2RGB)
    small = cv2.resize(labels, TILE_PX, interpolation=cv2.INTER_NEAREST)
    for label in np.unique(small):
        if 0 < label < len(CLASSES):
            outlines, _ = cv2.findContours((small == label).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(tile, outlines, -1, _colour(int(label)), 1, cv2.LINE_AA)
    return np.asarray(tile, np.uint8)


def _colour(label: int) -> tuple[int, int, int]:
    """One of its own for each class, light enough for a dark picture."""
    hue = np.uint8(label * 180 // len(CLASSES))
    red, green, blue = cv2.cvtColor(np.array([[[hue, 130, 255]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0]
    return int(red), int(green), int(blue)


def _read(path: Path) -> Pixels:
    data = np.frombuffer(path.read_bytes(), np.uint8)
    found = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if found is None:
        raise SettingsError(f"{path} is damaged; delete it and ask again: it is made anew")
    return np.asarray(found, np.uint8)
