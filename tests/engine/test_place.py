"""Answers about a region, as answers about the whole picture."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.engine.picture import Look, Wanted
from bedside.engine.place import placed, whole_mask
from bedside_engine.check import check


@st.composite
def looks(draw: Any) -> Look:
    """A region somewhere in a picture."""
    width, height = draw(st.integers(2, 400)), draw(st.integers(2, 400))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    region = (x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))
    return Wanted(region).look(width, height)


fractions = st.floats(-1, 2)


@given(looks())
def test_corners_of_a_region_are_where_it_lies(look: Look) -> None:
    """(0, 0) and (1, 1) of the region, in pixels of the picture, are its corners."""
    (width, height), (x, y, across, down) = look.picture_px, look.region_px
    answer = {"points": [{"x": 0.0, "y": 0.0, "label": "a"}, {"x": 1.0, "y": 1.0, "label": "b"}]}
    first, second = placed(answer, look)["points"]
    assert (first["x"] * width, first["y"] * height) == pytest.approx((x, y))
    assert (second["x"] * width, second["y"] * height) == pytest.approx((x + across, y + down))
    assert (first["label"], second["label"]) == ("a", "b")


@given(looks(), fractions, fractions, st.floats(0, 2), st.floats(0, 2))
def test_every_shape_keeps_its_pixels(look: Look, x: float, y: float, width: float, height: float) -> None:
    """Whatever is drawn lies on the same pixels of the picture as of the region, and is still a result."""
    answer: dict[str, list[dict[str, Any]]] = {
        "boxes": [{"x": x, "y": y, "width": width, "height": height, "label": "head", "score": 0.5}],
        "points": [{"x": x, "y": y}],
        "lines": [{"x1": x, "y1": y, "x2": y, "y2": x}],
        "ellipses": [{"x": x, "y": y, "rx": width, "ry": height, "angle_deg": 30.0}],
    }
    found = placed(answer, look)
    check({name: [dict(item) for item in items] for name, items in found.items()})
    (picture_width, picture_height), (left, top, across, down) = look.picture_px, look.region_px
    start = {"x": left, "x1": left, "x2": left, "y": top, "y1": top, "y2": top}
    for name, items in answer.items():
        for key, value in items[0].items():
            told = found[name][0][key]
            if key in ("label", "score", "angle_deg"):
                assert told == value
                continue
            is_across = key in ("x", "x1", "x2", "width", "rx")
            here, there = (across, picture_width) if is_across else (down, picture_height)
            assert told * there == pytest.approx(start.get(key, 0) + value * here, abs=1e-6)


def test_the_whole_picture_stays_as_it_is() -> None:
    """Without a region, or with one that is everything, the answer is the very same object."""
    answer = {"points": [{"x": 0.5, "y": 0.5}], "mask": np.ones((2, 2), np.uint8)}
    for wanted in (Wanted(), Wanted((0, 0, 20, 10)), Wanted(size=(5, 5))):
        assert placed(answer, wanted.look(20, 10)) is answer


def test_what_has_no_place_stays() -> None:
    """Verdict, classes, concepts, measurements, guidance, images, text and labels are not touched."""
    answer = check(
        {
            "verdict": {"label": "Head", "level": "good"},
            "classes": [{"name": "x", "score": 0.5}],
            "concepts": [{"name": "x"}],
            "measurements": [{"name": "x", "value": 0.5}],
            "guidance": {"text": "x"},
            "images": [{"pixels": np.ones((2, 2), np.uint8)}],
            "text": "x",
            "mask": np.ones((2, 2), np.uint8),
            "labels": ["background", "head"],
        }
    )
    found = placed(answer, Wanted((5, 5, 5, 5)).look(20, 10))
    assert {name for name, value in found.items() if value is not answer[name]} == {"mask"}


@given(looks(), st.integers(0, 2**32))
def test_a_mask_of_the_regions_own_size_is_laid_where_it_lies(look: Look, seed: int) -> None:
    """Pixel for pixel, and background around it."""
    (width, height), (x, y, across, down) = look.picture_px, look.region_px
    mask = np.random.default_rng(seed).integers(0, 256, (down, across), dtype=np.uint8)
    whole = whole_mask(mask, look)
    expected = np.zeros((height, width), np.uint8)
    expected[y : y + down, x : x + across] = mask
    assert np.array_equal(whole, expected)


@given(looks(), st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32))
def test_a_mask_of_any_size_lands_where_it_should(look: Look, rows: int, columns: int, seed: int) -> None:
    """The middle of each pixel of the whole mask has the label that the region's mask has there, or none."""
    (width, height), (x, y, across, down) = look.picture_px, look.region_px
    mask = np.random.default_rng(seed).integers(1, 256, (rows, columns), dtype=np.uint8)
    whole = whole_mask(mask, look)
    assert whole.shape[0] <= max(height, rows) and whole.shape[1] <= max(width, columns)
    for row, column in np.random.default_rng(seed).integers(0, whole.shape, (50, 2)):
        v = ((row + 0.5) / whole.shape[0] * height - y) / down * rows
        u = ((column + 0.5) / whole.shape[1] * width - x) / across * columns
        if min(abs(v - round(v)), abs(u - round(u))) < 1e-6:
            continue  # on the very border of two pixels either is right
        is_inside = 0 <= v < rows and 0 <= u < columns
        assert whole[row, column] == (mask[int(v), int(u)] if is_inside else 0)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), (0.2, 0.2)),
        (Wanted(size=(960, 270)), (0.4, 0.8)),
        (Wanted((100, 100, 400, 300), (200, 300)), (0.4, 0.2)),
    ],
)
def test_pixel_spacing_is_that_of_the_pixels_that_the_engine_gets(
    wanted: Wanted, expected: tuple[float, float]
) -> None:
    """Cutting does not change it, resizing does, along each side by itself."""
    assert wanted.look(1920, 1080).told(0.2)["pixel_spacing_mm"] == pytest.approx(expected)
    assert wanted.look(1920, 1080).told(0.0)["pixel_spacing_mm"] is None


@pytest.mark.parametrize("region", [(0, 0, 641, 480), (600, 0, 41, 10), (0, 470, 1, 11), (-1, 0, 5, 5), (0, 0, 0, 5)])
def test_a_region_outside_the_picture_is_one_sentence(region: tuple[int, ...]) -> None:
    """It names both sizes, and what to do."""
    sentence = Wanted(region).misfit(640, 480)
    assert "the picture is 640x480; set a region [x, y, width, height] that lies inside the picture" in sentence
    assert f"its region {list(region)} reaches to {region[0] + region[2]}x{region[1] + region[3]}" in sentence


@pytest.mark.parametrize("region", [(), (0, 0, 640, 480), (639, 479, 1, 1)])
def test_a_region_inside_the_picture_fits(region: tuple[int, ...]) -> None:
    """Up to its very edge."""
    assert Wanted(region).misfit(640, 480) == ""
