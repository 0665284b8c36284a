"""The furniture about the fan, and the calipers."""

import re

import numpy as np
import pytest

from bedside.phantom.calipers import calipers_of
from bedside.phantom.geometry import Geometry
from bedside.phantom.scanner import Scanner
from bedside.phantom.screen import Screen


@pytest.mark.parametrize("size", [(960, 720), (640, 480), (1920, 1080)])
def test_the_furniture_stays_out_of_the_fan(size: tuple[int, int]) -> None:
    """With an empty fan, nothing is drawn inside of it, and something on each side of it."""
    geometry = Geometry(140.0, size)
    x, y, width, height = geometry.fan_px
    pixels = Screen(geometry).draw(np.zeros((height, width), np.uint8), 0.0, 0.0)
    assert not pixels[geometry.inside].any()
    assert pixels[:y].any() and pixels[:, :x].any() and pixels[:, x + width :].any()


def test_the_ruler_measures() -> None:
    """Its ticks, left of the fan, are a centimetre apart, and the first is at the probe's face."""
    geometry = Geometry(120.0)
    _, _, width, height = geometry.fan_px
    pixels = Screen(geometry).draw(np.zeros((height, width), np.uint8), 0.0, 0.0)
    ticks = 60 + np.flatnonzero(pixels[60:, 71, 0])
    assert len(ticks) == 13
    assert np.diff(ticks) == pytest.approx(10 / geometry.mm_per_px, abs=1.01)
    assert ticks[0] == pytest.approx(geometry.to_screen(np.zeros(2))[1], abs=1)


def test_the_grey_bar_shows_every_grey() -> None:
    """From white above to black below."""
    geometry = Geometry(120.0)
    _, _, width, height = geometry.fan_px
    bar = Screen(geometry).draw(np.zeros((height, width), np.uint8), 0.0, 0.0)[80:260, 905, 0].astype(int)
    assert (bar[0], bar[-1]) == (255, 0) and (np.diff(bar) <= 0).all()


def test_a_frozen_standard_plane_is_measured() -> None:
    """Freezing on a plane draws calipers; what they say agrees with the anatomy that was drawn."""
    scanner = Scanner(3)
    size, femur_mm = scanner.anatomy.fetus.head_size, scanner.anatomy.fetus.femur_mm

    def measured(plane: str) -> dict[str, float]:
        scanner.apply(f"show {plane}")
        found = (re.fullmatch(r"([A-Z]+) (\d+)mm", caliper.text) for caliper in calipers_of(scanner.truth()))
        return {match[1]: float(match[2]) for match in found if match}

    head = measured("head")
    assert head["BPD"] == pytest.approx(2 * size.side_mm, abs=3)
    assert head["OFD"] == pytest.approx(2 * size.front_mm, abs=3)
    assert head["HC"] == pytest.approx(np.pi * (size.side_mm + size.front_mm), rel=0.03)
    assert measured("femur")["FL"] == pytest.approx(femur_mm, abs=3)
    assert measured("abdomen")["AC"] > 200
    scanner.apply("show head")
    plain = scanner.frame(1.0)
    scanner.apply("freeze")
    assert (scanner.frame(1.0) != plain).any(axis=2).sum() > 500


def test_without_a_plane_nothing_is_measured() -> None:
    """Freezing where no plane is recognised draws no calipers."""
    scanner = Scanner(3)
    scanner.apply("right 130")
    scanner.apply("up 230")
    assert scanner.truth().plane == ""
    assert calipers_of(scanner.truth()) == []
