"""Crop and privacy mask."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bedside.errors import Misfit
from bedside.messages import Pixels
from bedside.source.crop import Crop

WIDTH, HEIGHT = 64, 48
Rectangle = tuple[int, int, int, int]


def picture() -> Pixels:
    """A picture that is nowhere black, with another value at every place."""
    return (np.arange(HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3) % 255 + 1).astype(np.uint8)


@st.composite
def inside(draw: st.DrawFn) -> Rectangle:
    """A rectangle within the picture."""
    x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return x, y, draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y))


RECTANGLES = st.tuples(st.integers(0, 80), st.integers(0, 80), st.integers(1, 80), st.integers(1, 80))


@settings(deadline=None)
@given(inside(), st.lists(inside(), max_size=4))
def test_no_masked_pixel_survives_and_all_others_do(crop: Rectangle, masks: list[Rectangle]) -> None:
    """What comes out is the crop, black exactly where a mask of the whole picture lies, and contiguous."""
    expected = picture()
    for x, y, width, height in masks:
        expected[y : y + height, x : x + width] = 0
    x, y, width, height = crop
    out = Crop(crop, masks).apply(picture())
    assert np.array_equal(out, expected[y : y + height, x : x + width])
    assert out.flags.c_contiguous


@settings(deadline=None)
@given(RECTANGLES, st.booleans())
def test_whatever_reaches_outside_is_refused(rectangle: Rectangle, is_mask: bool) -> None:
    """A crop or a mask that leaves the picture by one pixel lets nothing out, and the sentence has the numbers."""
    x, y, width, height = rectangle
    assume(x + width > WIDTH or y + height > HEIGHT)
    crop = Crop((), [rectangle]) if is_mask else Crop(rectangle)
    with pytest.raises(Misfit, match=f"{x + width} x {y + height}.*{WIDTH} x {HEIGHT}"):
        crop.apply(picture())


@pytest.mark.parametrize("areas", [((), ()), ((0, 0, 4, 4), ()), ((), ((0, 0, 4, 4),))])
def test_a_picture_of_another_size_is_refused(areas: Any) -> None:
    """What was made for one size lets nothing of another out, not even where it hides nothing."""
    with pytest.raises(Misfit, match=f"{WIDTH + 1}x{HEIGHT}.*{WIDTH} x {HEIGHT}"):
        Crop(areas[0], areas[1], size=(WIDTH + 1, HEIGHT)).apply(picture())
    Crop(areas[0], areas[1], size=(WIDTH, HEIGHT)).apply(picture())


def test_without_a_crop_nothing_is_copied() -> None:
    """The very array comes back when there is nothing to cut."""
    pixels = picture()
    assert Crop().apply(pixels) is pixels


@pytest.mark.parametrize("rectangle", [(1, 2, 3), (-1, 0, 5, 5), (0, 0, 0, 5), (0, 0, 5, -5), (1, 2, 3, 4, 5)])
def test_a_rectangle_that_is_none_is_refused_at_once(rectangle: tuple[int, ...]) -> None:
    """Wrong count, negative place or empty size are said before a picture comes."""
    with pytest.raises(Misfit, match=r"expected \[x, y, width, height\]"):
        Crop(rectangle)
    with pytest.raises(Misfit, match=r"mask.*expected \[x, y, width, height\]"):
        Crop((), [rectangle])
