"""A label map as outlines: rings in fractions of the picture, with holes, simplified to about a pixel."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_POINTS = 4000
"""Of all rings of one answer together; a page paints them in one go, and a message stays under 100 kB."""

MAX_RINGS = 256
SPECK_PX = 8.0
"""A ring shorter than this is noise."""

Contour = NDArray[Any]


def outlines(mask: NDArray[np.uint8], labels: Sequence[str] = ()) -> list[dict[str, Any]]:
    """`[{"label", "id", "rings": [[[x, y], ...], ...]}]` for every label but 0 in `mask`, uint8 [height, width].

    Rings are filled by the even-odd rule: a hole is one more ring. Raises ValueError for another shape or dtype.
    """
    if mask.ndim != 2 or mask.dtype != np.uint8 or not mask.size:
        raise ValueError(f"mask is {mask.dtype} {list(mask.shape)}; expected uint8 [height, width]")
    counts = cv2.calcHist([mask], [0], None, [256], [0, 256]).ravel()
    contours = [
        (int(label), contour) for label in np.flatnonzero(counts) if label for contour in _contours(mask, int(label))
    ]
    contours = sorted(contours, key=lambda item: -len(item[1]))[:MAX_RINGS]
    scale = 1.0 / np.array([mask.shape[1], mask.shape[0]])
    found: dict[int, list[Any]] = {}
    for label, ring in _simplified(contours):
        found.setdefault(label, []).append(((ring[:, 0, :] + 0.5) * scale).round(4).tolist())
    return [
        {"label": labels[label] if label < len(labels) else str(label), "id": label, "rings": found[label]}
        for label in sorted(found)
    ]


def _contours(mask: NDArray[np.uint8], label: int) -> list[Contour]:
    rings, _ = cv2.findContours(cv2.inRange(mask, label, label), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [ring for ring in rings if cv2.arcLength(ring, True) >= SPECK_PX]


def _simplified(contours: list[tuple[int, Contour]]) -> list[tuple[int, Contour]]:
    """The rings with as few points as `MAX_POINTS` asks for; coarser only when there are too many."""
    rings = contours
    for tolerance_px in (1.0, 2.0, 4.0, 8.0):
        rings = [(label, cv2.approxPolyDP(ring, tolerance_px, True)) for label, ring in contours]
        if sum(len(ring) for _, ring in rings) <= MAX_POINTS:
            return rings
    kept, total = [], 0
    for label, ring in rings:
        total += len(ring)
        if total > MAX_POINTS:
            break
        kept.append((label, ring))
    return kept
