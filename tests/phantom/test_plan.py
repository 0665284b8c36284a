"""Which views a data set is made of."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from bedside.phantom.concepts import PLANES
from bedside.phantom.plan import AIMS, DEEPEST_MM, SHALLOWEST_MM, Aim, Shot, shots
from bedside.phantom.pose import Pose, View

STANDARD = {
    plane: View(Pose(40.0 * number, -50.0 * number, 90.0 * (number % 2), 5.0, 0.0), 100.0 + 10 * number)
    for number, plane in enumerate(PLANES)
}


def test_a_data_set_is_balanced_over_planes_and_none() -> None:
    """Each plane, and none, has a fifth of the pictures, and half of a plane's are standard."""
    wanted = Counter((shot.aim.plane, shot.aim.kind == "standard") for shot in shots(1000, range(10)))
    assert wanted == {**dict.fromkeys([(p, s) for p in PLANES for s in (True, False)], 100), ("", False): 200}


@pytest.mark.parametrize(("count", "seeds"), [(1, range(5)), (7, range(3, 10)), (100, range(1)), (60, range(20, 80))])
def test_all_seeds_have_their_share(count: int, seeds: range) -> None:
    """So many pictures as asked for, numbered, with a share of each seed that differs by one at most."""
    made = list(shots(count, seeds))
    assert [shot.number for shot in made] == list(range(count))
    shares = Counter(shot.seed for shot in made)
    assert set(shares) <= set(seeds) and max(shares.values()) - min(shares.values()) <= 1
    assert len({shot.name for shot in made}) == count


def test_what_is_tried_depends_on_seed_and_number_alone() -> None:
    """An interrupted data set goes on as it would have gone."""
    one, same, other = Shot(5, 3, AIMS[5]), Shot(5, 3, AIMS[5]), Shot(6, 3, AIMS[5])
    first = [list(islice(shot.tries(STANDARD), 4)) for shot in (one, same, other)]
    assert first[0] == first[1] != first[2]
    assert one.moment == same.moment != other.moment


def test_farther_aims_stray_farther() -> None:
    """Standard views lie within a few degrees, near ones beyond, far ones beyond those."""
    spread = {}
    for kind in ("standard", "near", "far"):
        tilts = [view.pose.tilt_deg for view, _ in islice(Shot(0, 0, Aim("head", kind)).tries(STANDARD), 200)]
        spread[kind] = float(np.std(tilts))
    assert spread["standard"] < 4 < spread["near"] < 12 < spread["far"]


@pytest.mark.parametrize("aim", sorted(set(AIMS), key=str), ids=lambda aim: f"{aim.plane}-{aim.kind}")
def test_knobs_stay_within_what_a_scanner_has(aim: Aim) -> None:
    """Depth in steps and in range, gain within 6 dB."""
    for view, gain_db in islice(Shot(1, 2, aim).tries(STANDARD), 50):
        assert SHALLOWEST_MM <= view.depth_mm <= DEEPEST_MM and view.depth_mm % 5 == 0
        assert -6 <= gain_db <= 6
