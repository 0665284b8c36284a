"""The truth of a picture: standard on the standard plane, not beside it, and between the two without a jump."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.phantom.anatomy import Anatomy
from bedside.phantom.concepts import CLASSES, CONCEPTS, INDEX, PLANES
from bedside.phantom.geometry import Geometry
from bedside.phantom.pose import Pose, View
from bedside.phantom.truth import Truth, plane_of, truth_of

anatomy = cache(Anatomy)
geometry = cache(Geometry)
SEEDS = range(20)
ACROSS = {"femur": "z_mm", "abdomen": "z_mm", "head": "z_mm", "cervix": "x_mm"}
"""The move that leaves a plane."""


def at(seed: int, plane: str, **off: float) -> Truth:
    """The truth this far off a standard plane."""
    view = anatomy(seed).standard[plane]
    pose = replace(view.pose, **{name: getattr(view.pose, name) + value for name, value in off.items()})
    return truth_of(anatomy(seed), View(pose, view.depth_mm), geometry(view.depth_mm))


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_standard_view_is_standard(seed: int, plane: str) -> None:
    """On the plane every criterion is met, and there is nothing to move."""
    truth = at(seed, plane)
    assert (truth.plane, truth.is_standard) == (plane, True)
    assert (truth.offset.plane, truth.offset.move) == (plane, "")
    assert truth.offset.distance_mm < 0.1 and truth.offset.angle_deg < 0.1


@pytest.mark.parametrize("plane", PLANES)
def test_a_few_millimetres_or_degrees_off_it_is_no_longer_standard(plane: str) -> None:
    """8 mm across the plane or 12 degrees of tilt spoil it, and the offset says so."""
    for seed in range(5):
        for off in ({ACROSS[plane]: 8.0}, {ACROSS[plane]: -8.0}, {"tilt_deg": 12.0}, {"tilt_deg": -12.0}):
            truth = at(seed, plane, **off)
            assert not truth.is_standard, (seed, off)
            assert truth.offset.distance_mm > 5 or truth.offset.angle_deg > 8


@pytest.mark.parametrize("plane", PLANES)
def test_the_move_that_the_offset_names_brings_the_probe_back(plane: str) -> None:
    """Its command undoes a single move."""
    truth = at(1, plane, tilt_deg=7.0)
    assert (truth.offset.plane, truth.offset.move) == (plane, "tilt -7")
    back = at(1, plane, **{ACROSS[plane]: 6.0}).offset.move.split()
    assert back == [{"z_mm": "down", "x_mm": "left"}[ACROSS[plane]], "6"]


def test_concepts_of_other_planes_are_nought() -> None:
    """A head's picture says nothing of an abdomen."""
    truth = at(0, "head")
    assert all(truth.concepts[INDEX[c.name]] == 0 for c in CONCEPTS if c.plane != "head")


def test_binary_concepts_are_yes_or_no_and_qualities_go_from_nought_to_ten() -> None:
    """As the paper has them."""
    for plane in PLANES:
        for off in (0.0, 4.0, 9.0):
            for concept, value in zip(CONCEPTS, at(2, plane, rotate_deg=off).concepts, strict=True):
                assert value in (0, 1) if concept.is_binary else 0 <= value <= 10


def test_qualities_fade_as_the_probe_leaves() -> None:
    """Half a millimetre never changes the cavum's quality by much, and at last it is gone."""
    seen = [at(4, "head", z_mm=off).concepts[INDEX["cavum"]] for off in np.arange(0, 9.5, 0.5)]
    assert seen[0] == 10 and seen[-1] == 0
    assert np.abs(np.diff(seen)).max() < 3.5


def test_a_plane_too_low_shows_what_should_be_absent() -> None:
    """Below the standard plane the posterior fossa and the kidneys come into view."""
    assert at(0, "head", z_mm=20.0).concepts[INDEX["posterior_fossa"]] > 5
    assert at(0, "abdomen", z_mm=24.0).concepts[INDEX["kidney"]] > 5


def test_too_deep_a_picture_is_not_filled() -> None:
    """The same plane, seen small, fails in its size alone."""
    view = anatomy(0).standard["head"]
    truth = truth_of(anatomy(0), View(view.pose, 240.0), geometry(240.0))
    assert truth.concepts[INDEX["head_size"]] == 0 and not truth.is_standard
    assert truth.concepts[INDEX["cavum"]] > 5


def test_labels_end_with_the_fan() -> None:
    """No label lies beside the fan, and the map has the screen's size."""
    truth = at(0, "cervix", z_mm=15.0)
    assert truth.label.shape == (720, 960)
    assert not truth.label[~geometry(truth.view.depth_mm).inside].any()


@pytest.mark.parametrize(
    ("pixels", "plane"),
    [
        ({}, ""),
        ({"bladder": 9000}, ""),
        ({"skull": 9000}, "head"),
        ({"femur": 4000, "abdomen": 9000}, "femur"),
        ({"stomach": 4000, "abdomen": 9000, "femur": 9000}, "abdomen"),
        ({"cervical canal": 900, "outer cervix": 2000, "skull": 3000}, "cervix"),
        ({"thalamus": 300}, ""),
    ],
)
def test_the_plane_follows_from_the_three_largest_classes(pixels: dict[str, int], plane: str) -> None:
    """PCBM's rule, and no plane where nothing fits."""
    label = np.zeros(720 * 960, np.uint8)
    label[: sum(pixels.values())] = np.repeat([CLASSES.index(name) for name in pixels], list(pixels.values()))
    assert plane_of(label.reshape(720, 960), geometry(150.0)) == plane


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 3),
    move=st.tuples(*(st.floats(-reach, reach) for reach in (130, 230, 180, 60, 45))),
    depth_mm=st.sampled_from([50.0, 120.0, 240.0]),
)
def test_wherever_the_probe_is_there_is_a_truth(seed: int, move: tuple[float, ...], depth_mm: float) -> None:
    """No pose or depth is too odd: a section of the probe's grid, labels, a plane or none, and an offset."""
    view = View(Pose(*move), depth_mm)
    section = anatomy(seed).section(view.pose, geometry(depth_mm))
    assert section.tissue.shape == section.mirror.shape == section.label.shape == section.world.shape[:2]
    assert np.isfinite(section.world).all() and np.isfinite(section.mirror).all()
    truth = truth_of(anatomy(seed), view, geometry(depth_mm), section)
    assert truth.plane in ("", *PLANES) and truth.offset.plane in PLANES
    assert np.isfinite(truth.concepts).all()
    assert truth.plane or not truth.concepts.any()


@pytest.mark.parametrize("plane", PLANES)
def test_a_probe_that_is_turned_half_round_needs_not_turn_back(plane: str) -> None:
    """The same plane the other way round is as good: the move that helps is the small one, told for that side."""
    standard = anatomy(1).standard[plane]
    turned = standard.pose.mirrored()
    for axis in ("lateral", "normal"):
        assert np.allclose(getattr(turned.axes(), axis), -getattr(standard.pose.axes(), axis))
    off = View(replace(turned, tilt_deg=turned.tilt_deg + 7), standard.depth_mm)
    offset = truth_of(anatomy(1), off, geometry(standard.depth_mm)).offset
    assert (offset.plane, offset.move) == (plane, "tilt -7")
