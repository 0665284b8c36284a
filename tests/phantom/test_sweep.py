"""The scripted sweep."""

import numpy as np

from bedside.phantom.anatomy import Anatomy
from bedside.phantom.concepts import PLANES
from bedside.phantom.geometry import Geometry
from bedside.phantom.pose import View
from bedside.phantom.sweep import LOOP_S, Sweep
from bedside.phantom.truth import truth_of


def numbers(view: View) -> list[float]:
    """Its mm and degrees."""
    pose = view.pose
    return [pose.x_mm, pose.z_mm, pose.rotate_deg, pose.tilt_deg, pose.rock_deg]


def test_a_sweep_rests_on_each_standard_plane() -> None:
    """In one loop of about a minute all four are reached, and each stays for some seconds."""
    anatomy = Anatomy(6)
    sweep, rested = Sweep(anatomy), dict.fromkeys(PLANES, 0)
    for second in range(round(LOOP_S)):
        view = sweep.at(second)
        truth = truth_of(anatomy, view, Geometry(view.depth_mm))
        if truth.is_standard:
            rested[truth.plane] += 1
    assert min(rested.values()) >= 3
    assert 45 < LOOP_S < 75


def test_the_probe_glides() -> None:
    """From frame to frame it goes less than 3 mm and 3 degrees, also where the loop closes."""
    sweep = Sweep(Anatomy(2))
    path = np.array([numbers(sweep.at(t)) for t in np.arange(0, 2 * LOOP_S, 0.04)])
    assert np.abs(np.diff(path, axis=0)).max() < 3


def test_the_same_time_gives_the_same_view() -> None:
    """A sweep is a function of the anatomy and the time."""
    assert Sweep(Anatomy(2)).at(17.3) == Sweep(Anatomy(2)).at(17.3)
