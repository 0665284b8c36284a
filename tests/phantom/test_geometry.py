"""The probe's fan and the screen."""

import numpy as np
import pytest

from bedside.phantom.geometry import DEPTHS, FIELD_DEG, Geometry


@pytest.mark.parametrize("size", [(960, 720), (640, 480), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("depth_mm", [50.0, 140.0, 220.0])
def test_the_fan_stays_in_its_place(depth_mm: float, size: tuple[int, int]) -> None:
    """At every depth and size the fan lies below the header, between ruler and panel, and fills much of it."""
    geometry = Geometry(depth_mm, size)
    rows, columns = np.nonzero(geometry.inside)
    width, height = size
    assert rows.min() >= height * 60 // 720 and rows.max() < height
    assert columns.min() >= width * 81 // 960 and columns.max() < width * 874 // 960 + 1
    assert geometry.inside.mean() > 0.3


def test_the_screen_and_the_plane_agree() -> None:
    """A pixel's place in the plane leads back to the pixel, and pixels are square."""
    geometry = Geometry(140.0)
    assert geometry.to_screen(geometry.screen_mm[300, 400]) == pytest.approx([400, 300], abs=1e-3)
    step = geometry.screen_mm[301, 402] - geometry.screen_mm[300, 400]
    assert step == pytest.approx([2 * geometry.mm_per_px, geometry.mm_per_px], rel=1e-3)


def test_beams_leave_the_curved_face_at_right_angles() -> None:
    """The middle beam starts at (0, 0) and goes straight down; all others start on the arc and keep their direction."""
    geometry = Geometry(120.0)
    middle = geometry.plane_mm.shape[1] // 2
    assert geometry.plane_mm[0, middle] == pytest.approx([0, 0], abs=0.2)
    assert geometry.plane_mm[-1, middle] == pytest.approx([0, 120], abs=0.6)
    assert geometry.plane_mm[-1] - geometry.plane_mm[0] == pytest.approx(120 * geometry.beam, abs=1e-3)
    assert np.rad2deg(np.arccos(geometry.beam[0] @ geometry.beam[-1])) == pytest.approx(FIELD_DEG, abs=0.01)


def test_what_lies_on_a_beam_appears_where_the_plane_says() -> None:
    """A bright sample of the polar grid comes out at its own place on the screen."""
    geometry = Geometry(140.0)
    polar = np.zeros(geometry.plane_mm.shape[:2], np.uint8)
    polar[300:304, 60:64] = 255
    x, y, _, _ = geometry.fan_px
    rows, columns = np.nonzero(geometry.convert(polar) > 100)
    place = geometry.to_screen(geometry.plane_mm[300:304, 60:64].reshape(-1, 2)).mean(0)
    assert (columns.mean() + x, rows.mean() + y) == pytest.approx(place, abs=1.0)
    assert len(polar) == DEPTHS
