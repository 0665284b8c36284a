"""A scripted sweep of the probe: past all four planes, resting on each, in a loop."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bedside.phantom.anatomy import Anatomy
from bedside.phantom.pose import Pose, Vector, View

_ORDER = ("cervix", "abdomen", "femur", "head")
_TRAVEL_S, _SEARCH_S, _REST_S = 4.5, 5.0, 5.5
LOOP_S = len(_ORDER) * (_TRAVEL_S + _SEARCH_S + _REST_S)
"""The sweep's length; then it starts again."""


@dataclass(frozen=True)
class _Stop:
    """Where the probe is at a moment: x, z, rotate, tilt, rock, depth."""

    at_s: float
    place: tuple[float, ...]


class Sweep:
    """To each plane, a search around it as a hand would do it, a rest on it."""

    def __init__(self, anatomy: Anatomy) -> None:
        random = np.random.default_rng(anatomy.seed + 1)
        self._stops: list[_Stop] = []
        now = 0.0
        for plane in _ORDER:
            there = _numbers(anatomy.standard[plane])
            for wait_s, far in ((_TRAVEL_S, 1.0), (_SEARCH_S / 2, -0.6), (_SEARCH_S / 2, 0.0), (_REST_S, 0.0)):
                now += wait_s
                off = far * np.sign(random.uniform(-1, 1, 6)) * random.uniform(0.5, 1, 6) * [9, 12, 12, 9, 4, 0]
                self._stops.append(_Stop(now, tuple(there + off)))
        last = self._stops[-1]
        self._stops.insert(0, _Stop(last.at_s - LOOP_S, last.place))

    def at(self, t_s: float) -> View:
        """Where the probe is `t_s` seconds after the start."""
        now = t_s % LOOP_S
        start, end = next(pair for pair in pairwise(self._stops) if now <= pair[1].at_s)
        part = (now - start.at_s) / (end.at_s - start.at_s)
        part = part * part * (3 - 2 * part)
        x, z, rotate, tilt, rock, depth = (1 - part) * np.array(start.place) + part * np.array(end.place)
        return View(Pose(x, z, rotate, tilt, rock).trembling(t_s), round(float(depth) / 5) * 5.0)


def _numbers(view: View) -> Vector:
    """[6]: a view as numbers to go between."""
    pose = view.pose
    return np.array([pose.x_mm, pose.z_mm, pose.rotate_deg, pose.tilt_deg, pose.rock_deg, view.depth_mm])
