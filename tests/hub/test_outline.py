"""Label maps as outlines."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bedside.hub.outline import MAX_POINTS, MAX_RINGS, outlines

Mask = NDArray[np.uint8]


def painted(found: list[dict[str, Any]], shape: tuple[int, int]) -> Mask:
    """The outlines painted back, by the even-odd rule, as the page does."""
    mask = np.zeros(shape, np.uint8)
    for item in found:
        layer = np.zeros(shape, np.uint8)
        rings = item["rings"]
        scaled = [np.rint(np.array(ring) * [shape[1], shape[0]] - 0.5).astype(np.int32) for ring in rings]
        cv2.fillPoly(layer, scaled, 1)
        mask[layer == 1] = item["id"]
    return mask


def ellipse(shape: tuple[int, int], label: int, hole: bool = False) -> Mask:
    """An ellipse of one label, with a hole if asked."""
    mask = np.zeros(shape, np.uint8)
    center = (shape[1] // 2, shape[0] // 2)
    cv2.ellipse(mask, center, (shape[1] // 3, shape[0] // 3), 20, 0, 360, label, -1)
    if hole:
        cv2.circle(mask, center, min(shape) // 8, 0, -1)
    return mask


@pytest.mark.parametrize("hole", [False, True], ids=["whole", "with a hole"])
@pytest.mark.parametrize("shape", [(512, 512), (120, 300)])
def test_outlines_painted_back_are_the_mask(shape: tuple[int, int], hole: bool) -> None:
    """Filling the rings by the even-odd rule gives the mask again, but for about a pixel at its edge."""
    mask = ellipse(shape, 2, hole)
    found = outlines(mask, ["background", "skull", "thalamus"])
    assert [(item["label"], item["id"], len(item["rings"])) for item in found] == [("thalamus", 2, 2 if hole else 1)]
    back = painted(found, shape)
    overlap = ((back == 2) & (mask == 2)).sum() / ((back == 2) | (mask == 2)).sum()
    assert overlap > 0.97


def test_labels_come_in_their_order_and_the_background_not_at_all() -> None:
    """Every label in the map has its outline, named by its number where it has no name."""
    mask = np.zeros((64, 64), np.uint8)
    mask[5:20, 5:20], mask[30:50, 30:50], mask[5:20, 40:60] = 1, 2, 9
    assert [(item["id"], item["label"]) for item in outlines(mask, ["background", "skull", "csp"])] == [
        (1, "skull"),
        (2, "csp"),
        (9, "9"),
    ]


def test_an_empty_mask_has_no_outlines() -> None:
    """Where the model found nothing, nothing is painted."""
    assert outlines(np.zeros((64, 64), np.uint8), ["background", "skull"]) == []


def test_specks_are_dropped_and_thin_lines_kept() -> None:
    """A lone pixel is noise; a midline of one pixel's width is not."""
    mask = np.zeros((64, 64), np.uint8)
    mask[10, 10] = 1
    assert outlines(mask) == []
    mask[30, 5:60] = 1
    ((ring,),) = [item["rings"] for item in outlines(mask)]
    assert max(x for x, _ in ring) - min(x for x, _ in ring) > 0.8


def test_noise_does_not_make_a_message_of_megabytes() -> None:
    """A label map of pure noise still gives a bounded number of rings and points."""
    mask = np.random.default_rng(1).integers(0, 256, (512, 512), dtype=np.uint8) % 3
    found = outlines(mask.astype(np.uint8))
    assert sum(len(item["rings"]) for item in found) <= MAX_RINGS
    assert sum(len(ring) for item in found for ring in item["rings"]) <= MAX_POINTS


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_coordinates_are_fractions(height: int, width: int, seed: int) -> None:
    """For every size of mask all points lie inside the picture."""
    mask = np.random.default_rng(seed).integers(0, 3, (height, width), dtype=np.uint8)
    for item in outlines(mask):
        assert all(0 < x < 1 and 0 < y < 1 for ring in item["rings"] for x, y in ring)


@pytest.mark.parametrize(
    "mask", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8)]
)
def test_what_is_no_label_map_is_refused(mask: Mask) -> None:
    """Another shape or dtype is a sentence with both in it."""
    with pytest.raises(ValueError, match=r"mask is .*; expected uint8 \[height, width\]"):
        outlines(mask)
