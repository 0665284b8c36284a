"""The mother's cervix below the womb, and the bladder in front of it."""

from dataclasses import dataclass

import numpy as np

from bedside.phantom.pose import Vector
from bedside.phantom.solid import WORLD, Solids

RADIUS_MM = 13.0
"""Of the cervix."""
CANAL_MM = (5.0, 1.1)
"""Half width of the canal, which is a flat slit, across the mother, and half of its height."""


@dataclass(frozen=True)
class CervixPlace:
    """The canal's line [N, 3], from the inner orifice to the outer one, and the bladder's middle and half axes."""

    path: Vector
    bladder: Vector
    bladder_semi: Vector


def draw_cervix(random: np.random.Generator, womb_mm: float) -> CervixPlace:
    """A canal of 30 to 40 mm that runs down and back."""
    length, slope = random.uniform(30, 40), np.deg2rad(random.uniform(20, 38))
    inner = np.array([random.uniform(-12, 12), womb_mm + random.uniform(40, 46), -124.0])
    aside = np.deg2rad(random.uniform(-10, 10))
    down = np.array([np.sin(aside), np.sin(slope), -np.cos(slope)])
    bend = np.array([0, 1.0, 0.6]) * random.uniform(-2, 3)
    path = np.stack([inner + t * length * down + 4 * t * (1 - t) * bend for t in np.linspace(0, 1, 9)])
    semi = np.array([30, random.uniform(13, 17), random.uniform(23, 28)])
    bladder = path[4] - [0, RADIUS_MM + semi[1] + 5, 0] + [0, 0, random.uniform(-4, 6)]
    return CervixPlace(path, bladder, semi)


def add_cervix(solids: Solids, place: CervixPlace) -> None:
    """Bladder, cervix, a half of it to either orifice, the canal in its mucosa."""
    for group, larger in (("bladder wall", 2.5), ("bladder", 0.0)):
        solids.ellipsoid(group, WORLD, place.bladder, place.bladder_semi + larger)
    middle = (len(place.path) - 1) / 2
    for at in sorted(range(len(place.path)), key=lambda at: abs(at - middle)):  # from the middle: neither half wins
        half = "inner cervix" if at <= middle else "outer cervix"
        solids.ellipsoid(half, WORLD, place.path[at], (RADIUS_MM, RADIUS_MM, RADIUS_MM))
    solids.tube("mucosa", WORLD, place.path, 3.4, flat=(2, 1, 1))
    solids.tube("canal", WORLD, place.path, CANAL_MM[1], flat=(CANAL_MM[0] / CANAL_MM[1], 1, 1))
