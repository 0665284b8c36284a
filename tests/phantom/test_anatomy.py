"""The anatomy: the same seed, the same mother; a plane meets what lies in it."""

from functools import cache

import numpy as np
import pytest

from bedside.phantom.anatomy import Anatomy, aim
from bedside.phantom.concepts import CLASSES, PLANES
from bedside.phantom.geometry import Geometry
from bedside.phantom.section import Section

anatomy = cache(Anatomy)
geometry = cache(Geometry)
SEEDS = range(20)
SHOWS = {
    "femur": {"femur"},
    "abdomen": {"abdomen", "stomach", "umbilical vein"},
    "head": {"skull", "thalamus", "cavum"},
    "cervix": {"cervical canal", "outer cervix", "inner cervix", "bladder"},
}
HIDES = {"femur": {"thalamus"}, "abdomen": {"kidney"}, "head": {"posterior fossa"}, "cervix": {"femur"}}


def standard(seed: int, plane: str) -> Section:
    """The section at a standard plane."""
    view = anatomy(seed).standard[plane]
    return anatomy(seed).section(view.pose, geometry(view.depth_mm))


def names(section: Section) -> set[str]:
    """The classes that a section has."""
    return {CLASSES[number] for number in np.unique(section.label) if number}


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_standard_plane_shows_its_structures_and_hides_those_that_should_be_absent(seed: int, plane: str) -> None:
    """In every anatomy each standard plane meets all that it looks for, and not what tells a wrong plane."""
    found = names(standard(seed, plane))
    assert SHOWS[plane] <= found
    assert not HIDES[plane] & found


def test_the_same_seed_gives_the_same_anatomy_and_another_seed_another() -> None:
    """A seed is the whole choice."""
    view = anatomy(3).standard["head"]
    one, again, other = (a.section(view.pose, geometry(150.0)) for a in (anatomy(3), Anatomy(3), anatomy(4)))
    np.testing.assert_array_equal(one.tissue, again.tissue)
    np.testing.assert_array_equal(one.mirror, again.mirror)
    assert (one.tissue != other.tissue).mean() > 0.05


def test_the_head_in_the_picture_is_as_large_as_the_head_in_the_anatomy() -> None:
    """The skull on the standard plane is BPD high and OFD wide, to 2 mm."""
    for seed in SEEDS:
        section, size = standard(seed, "head"), anatomy(seed).fetus.head_size
        skull = section.label == CLASSES.index("skull")
        points = section.world[skull] - anatomy(seed).fetus.head.origin
        side, front, crown = (points @ anatomy(seed).fetus.head.axes).T
        assert np.ptp(side) == pytest.approx(2 * size.side_mm, abs=2)
        assert np.ptp(front) == pytest.approx(2 * size.front_mm, abs=2)
        assert np.abs(crown).max() < 0.1


def test_the_middle_beam_of_an_aimed_probe_meets_what_it_aims_at() -> None:
    """`aim` gives the plane of the normal that was asked for, through the point that was asked for."""
    centre, normal = np.array([12.0, 80.0, -40.0]), np.array([0.2, -0.15, 0.96])
    axes = aim(centre, normal).axes()
    np.testing.assert_allclose(axes.normal, normal / np.linalg.norm(normal), atol=1e-9)
    away = centre - axes.origin
    np.testing.assert_allclose(np.cross(away, axes.depth), 0, atol=1e-9)
    assert axes.origin[1] == pytest.approx(0)


def test_a_surface_that_the_beam_meets_squarely_mirrors_more_than_one_along_the_beam() -> None:
    """The skull mirrors above and below, and hardly at its sides."""
    view = anatomy(2).standard["head"]
    section = standard(2, "head")
    away = section.world - anatomy(2).fetus.head.origin.astype(np.float32)
    skull = section.label == CLASSES.index("skull")
    middle = np.abs(away @ view.pose.axes().lateral) < 10
    side = np.abs(away @ view.pose.axes().lateral) > anatomy(2).fetus.head_size.front_mm - 3
    assert section.mirror[skull & middle].max() > 0.9
    assert section.mirror[skull & side].max() < 0.4


def test_mirrors_are_lines_and_tissue_between_them_is_not() -> None:
    """Few samples mirror, and none mirrors more than all."""
    for plane in PLANES:
        mirror = standard(5, plane).mirror
        assert 0.001 < (mirror > 0).mean() < 0.1
        assert mirror.max() <= 1


def test_the_fetus_lies_on_either_side() -> None:
    """Backs look to the mother's right and to her left."""
    fronts = {np.sign(anatomy(seed).fetus.trunk.axes[0, 1]) for seed in SEEDS}
    assert fronts == {-1.0, 1.0}


def test_the_stomach_is_on_the_fetus_s_left() -> None:
    """Left is where the axes say, and the axes are those of a body: left is head times front."""
    for seed in (0, 1, 2, 3):
        trunk = anatomy(seed).fetus.trunk
        left, front, up = trunk.axes.T
        np.testing.assert_allclose(np.cross(up, front), left, atol=1e-9)
        section = standard(seed, "abdomen")
        stomach = section.world[section.label == CLASSES.index("stomach")].mean(0) - trunk.origin
        assert stomach @ left > 10
