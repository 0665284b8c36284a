"""An answer about a part of the picture, as an answer about the whole of it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.engine.picture import Look

Labels = NDArray[np.uint8]


def placed(fields: Mapping[str, Any], look: Look) -> Mapping[str, Any]:
    """The fields of docs/reference/result.md with coordinates that are fractions of the whole picture.

    They come as fractions of the region. The mask becomes one of the whole picture, 0 outside the region. What has no
    place stays as it is, and `fields` itself is left alone.
    """
    if look.is_whole:
        return fields
    (picture_width, picture_height), (x, y, width, height) = look.picture_px, look.region_px
    wide, high = width / picture_width, height / picture_height
    left, top = x / picture_width, y / picture_height

    def across(value: float) -> float:
        return left + value * wide

    def down(value: float) -> float:
        return top + value * high

    found = dict(fields)
    for name, keys in PLACES.items():
        if name in found:
            maps: dict[str, Callable[[float], float]] = {
                **dict.fromkeys(keys[0], across),
                **dict.fromkeys(keys[1], down),
                **dict.fromkeys(keys[2], lambda value: value * wide),
                **dict.fromkeys(keys[3], lambda value: value * high),
            }
            found[name] = [{k: maps[k](v) if k in maps else v for k, v in item.items()} for item in found[name]]
    if "mask" in found:
        found["mask"] = whole_mask(found["mask"], look)
    return found


PLACES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "boxes": (("x",), ("y",), ("width",), ("height",)),
    "points": (("x",), ("y",), (), ()),
    "lines": (("x1", "x2"), ("y1", "y2"), (), ()),
    "ellipses": (("x",), ("y",), ("rx",), ("ry",)),  # turned on the screen, whose pixels stay as they are
}
"""Fields with a place: parts that are x, that are y, that are a width, that are a height."""


def whole_mask(mask: Labels, look: Look) -> Labels:
    """The label map of a region, uint8, as one of the whole picture: what lies outside is 0.

    Its pixels are as fine as the region's, but no finer than the picture's where the region's are not, either.
    """
    (picture_width, picture_height), (x, y, width, height) = look.picture_px, look.region_px
    rows = _sources(mask.shape[0], picture_height, y, height)
    columns = _sources(mask.shape[1], picture_width, x, width)
    whole = np.zeros((len(rows), len(columns)), np.uint8)
    down, across = _inside(rows, mask.shape[0]), _inside(columns, mask.shape[1])
    whole[down, across] = _taken(_taken(mask, rows[down], 0), columns[across], 1)
    return whole


def _sources(pixels: int, picture: int, start: int, length: int) -> NDArray[np.int64]:
    """For each pixel of the whole mask along one side: the pixel of the region's mask at its middle, or one outside."""
    whole = max(1, min(round(pixels * picture / length), max(picture, pixels)))
    middles = (np.arange(whole) + 0.5) * (picture / whole)
    sources: NDArray[np.int64] = np.floor((middles - start) * (pixels / length) + 1e-9).astype(np.int64)
    return sources


def _inside(sources: NDArray[np.int64], pixels: int) -> slice:
    first, end = np.searchsorted(sources, (0, pixels))
    return slice(int(first), int(end))


def _taken(mask: Labels, sources: NDArray[np.int64], axis: int) -> Labels:
    """A plain part of the mask where its pixels are the picture's own, which costs a tenth."""
    if len(sources) and sources[-1] - sources[0] + 1 == len(sources):
        part = slice(int(sources[0]), int(sources[-1]) + 1)
        return mask[part] if axis == 0 else mask[:, part]
    return mask.take(sources, axis)
