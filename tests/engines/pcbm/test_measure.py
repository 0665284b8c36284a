"""Circumferences and lengths, on shapes whose lengths are known."""

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.pcbm import drawn
from tests.engines.pcbm.loaded import module

geometry, measure, frame = module("geometry"), module("measure"), module("frame")
SCREEN = (720, 960, 3)
PIXEL_MM = 0.25


def label_of(screen: drawn.Label) -> drawn.Label:
    """A label map of the whole screen as the nets have it."""
    return np.asarray(frame.cropped_label(screen), np.uint8)


def ring(name: str, middle: tuple[int, int], half: tuple[int, int], turn_deg: int, thick: int = 15) -> drawn.Label:
    """A band inside of an ellipse on the screen: its outer border is the ellipse."""
    label = np.zeros(SCREEN[:2], np.uint8)
    cv2.ellipse(label, middle, half, turn_deg, 0, 360, drawn.LABEL[name], -1)
    cv2.ellipse(label, middle, (half[0] - thick, half[1] - thick), turn_deg, 0, 360, 0, -1)
    return label


def measured(label: drawn.Label, plane: str, shape: Any = SCREEN, spacing: Any = (PIXEL_MM, PIXEL_MM)) -> Any:
    """Biometry with measurements as {name: value}."""
    found = measure.biometry(label, plane, geometry.Geometry(shape, SimpleNamespace(pixel_spacing_mm=spacing)))
    return found._replace(measurements={one["name"]: one["value"] for one in found.measurements})


@pytest.mark.parametrize("turn_deg", [0, 25, 80, 140])
def test_a_head_is_measured_along_its_outer_border(turn_deg: int) -> None:
    """HC is the perimeter of the ellipse, BPD and OFD are its axes: each to 1 %."""
    found = measured(label_of(ring("skull", (480, 390), (240, 190), turn_deg)), "head").measurements
    a, b = 240 * PIXEL_MM, 190 * PIXEL_MM
    steps = np.linspace(0, 2 * np.pi, 2000)
    around = np.hypot(np.diff(a * np.cos(steps)), np.diff(b * np.sin(steps))).sum()
    assert found == pytest.approx({"HC": around, "BPD": 2 * b, "OFD": 2 * a}, rel=0.01)


def test_an_outline_with_gaps_is_measured_too() -> None:
    """Shadow at the sides of a skull hides a third of it, and the circumference stays within 2 %."""
    label = ring("skull", (480, 390), (240, 190), 10)
    whole = measured(label_of(label), "head").measurements["HC"]
    label[330:450] = 0
    assert measured(label_of(label), "head").measurements["HC"] == pytest.approx(whole, rel=0.02)
    label[330:] = 0
    assert measured(label_of(label), "head").measurements == {}


def test_pixels_of_a_shrunk_picture_are_not_square() -> None:
    """A picture of 1920 x 1080 that the engine gets as 960 x 720: a circle in mm is a circle, and drawn as one."""
    spacing = (0.2, 0.15)  # mm of a pixel that the engine gets
    label = np.zeros(SCREEN[:2], np.uint8)
    for half, value in ((50, drawn.LABEL["abdomen"]), (46, 0)):
        cv2.ellipse(label, (480, 390), (int(half / spacing[0]), int(half / spacing[1])), 0, 0, 360, value, -1)
    found = measured(label_of(label), "abdomen", spacing=spacing)
    assert found.measurements == pytest.approx({"AC": 2 * np.pi * 50}, rel=0.01)
    (ellipse,) = found.ellipses
    assert ellipse["rx"] * 1920 == pytest.approx(ellipse["ry"] * 1080, rel=0.02)


@given(st.floats(0, 180), st.floats(60, 150))
def test_a_femur_is_measured_along_itself(angle_deg: float, length: float) -> None:
    """FL is the bone's length, to 3 %, whichever way it lies; its line joins the two ends."""
    label = drawn.femur(angle_deg, length)
    found = measured(label, "femur", shape=(224, 288), spacing=(PIXEL_MM, PIXEL_MM))
    across, down = np.cos(np.deg2rad(angle_deg)) * 793 / 960, np.sin(np.deg2rad(angle_deg)) * 660 / 720
    assert found.measurements == pytest.approx({"FL": length * np.hypot(across, down) * PIXEL_MM}, rel=0.03)
    (line,) = found.lines
    assert line["x1"] <= line["x2"]


def test_without_a_pixel_size_shapes_are_drawn_and_nothing_is_measured() -> None:
    """No millimetres are invented."""
    found = measured(drawn.head(), "head", spacing=None)
    assert [one["label"] for one in found.ellipses] == ["HC"]
    assert [one["label"] for one in found.lines] == ["OFD", "BPD"]
    assert found.measurements == {}


@pytest.mark.parametrize("plane", ["head", "abdomen", "femur", "cervix"])
def test_what_is_not_there_is_not_measured(plane: str) -> None:
    """Nothing on the label map, or a handful of pixels: no shape, no number."""
    label = np.zeros(drawn.SHAPE, np.uint8)
    assert measured(label, plane) == ([], [], {})
    label[100:104, 100:104] = {"head": 13, "abdomen": 7, "femur": 5, "cervix": 1}[plane]
    assert measured(label, plane) == ([], [], {})


def test_the_mask_lies_where_the_structures_are() -> None:
    """The whole frame's mask, from the nets' crop, differs from the truth at borders only; beside the crop it is 0."""
    truth = ring("skull", (480, 390), (240, 190), 30, thick=40)
    mask = geometry.whole_mask(label_of(truth))
    expected = cv2.resize(truth, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    both, either = ((mask > 0) & (expected > 0)).sum(), ((mask > 0) | (expected > 0)).sum()
    assert both / either > 0.93
    full = geometry.whole_mask(np.full(drawn.SHAPE, 3, np.uint8))
    rows, columns = np.flatnonzero(full.any(1)), np.flatnonzero(full.any(0))
    assert (rows[0] / 360, (rows[-1] + 1) / 360) == pytest.approx((60 / 720, 1), abs=1 / 360)
    assert (columns[0] / 480, (columns[-1] + 1) / 480) == pytest.approx((81 / 960, 874 / 960), abs=1 / 480)
