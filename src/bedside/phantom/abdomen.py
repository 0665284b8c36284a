"""The fetal trunk. Its coordinates: x to the fetus's left, y to its front, z to its head; (0, 0, 0) is the middle of
the standard plane, the one through the stomach and the portal part of the umbilical vein."""

from dataclasses import dataclass

import numpy as np

from bedside.phantom.pose import Vector
from bedside.phantom.solid import Frame, Solids, turned

LENGTH_MM = 74.0
"""From the standard plane to either end of the trunk."""


@dataclass(frozen=True)
class TrunkSize:
    """Outer half axes at the skin: half of TAD and half of APAD."""

    side_mm: float
    front_mm: float


def draw_trunk(random: np.random.Generator) -> TrunkSize:
    """AC about 270 to 330 mm."""
    mean = random.uniform(43, 52.5)
    return TrunkSize(mean * random.uniform(0.97, 1.05), mean * random.uniform(0.96, 1.02))


def add_trunk(solids: Solids, frame: Frame, size: TrunkSize, random: np.random.Generator) -> None:
    """Skin, bones and all in them."""
    skin = np.array([size.side_mm, size.front_mm, LENGTH_MM])
    for group, smaller in (("trunk skin", 0), ("trunk fat", 1.6), ("trunk wall", 4.0), ("bowel", 7.5)):
        solids.ellipsoid(group, frame, (0, 0, 0), skin - smaller)
    scale = np.array([size.side_mm, size.front_mm, 48]) / 48
    _add_chest(solids, frame, scale)
    _add_liver(solids, frame, scale)
    _add_kidneys(solids, frame, scale)
    _add_vessels(solids, frame, scale, random)
    _add_bones(solids, frame, skin, random)


def _add_chest(solids: Solids, frame: Frame, scale: Vector) -> None:
    """Lungs, and a heart of four chambers; its point looks to the left."""
    solids.ellipsoid("lung", frame, scale * [0, -2, 46], scale * [35, 34, 27])
    turn = turned(0, 0, -40)
    heart = scale * [6, 8, 40]
    solids.ellipsoid("heart", frame, heart, scale * [15, 20, 15], turn)
    for x, y in ((-5.5, 6), (5.5, 6), (-5.5, -8), (5.5, -8)):
        spot = heart + turn @ (scale * [x, y, 0])
        solids.ellipsoid("chamber", frame, spot, scale * [3.8, 5.5, 6], turn)


def _add_liver(solids: Solids, frame: Frame, scale: Vector) -> None:
    """The liver, more of it on the right, the stomach on the left, the gallbladder below, and the umbilical vein: from
    the navel up to the liver, then a third of the way in, bending to the right as the portal sinus."""
    solids.ellipsoid("liver", frame, scale * [-7, 3, 4], scale * [33, 35, 25])
    solids.ellipsoid("liver", frame, scale * [14, 10, 6], scale * [25, 24, 18])
    solids.ellipsoid("gallbladder", frame, scale * [-16, 16, -13], scale * [5, 11, 6], turned(0, 0, 25))
    for group, larger in (("stomach wall", 1.1), ("stomach", 0)):
        semi = scale * [10, 13.5, 9] + larger
        solids.ellipsoid(group, frame, scale * [20, -7, 0], semi, turned(0, 0, 20))
    rise = [(0, 46, -40), (0, 38, -26), (0, 28, -10)]
    sinus = [(0, 28, -5), (0, 21, -1.5), (-1, 14, 0), (-5, 8, 0.5), (-11, 4, 1), (-18, 2, 2)]
    for group, radius in (("vein wall", 4.1), ("vein", 3.2)):
        solids.tube(group, frame, scale * np.array(rise + sinus), radius)


def _add_kidneys(solids: Solids, frame: Frame, scale: Vector) -> None:
    """Beside the spine, below the standard plane."""
    for side in (-1, 1):
        turn = turned(0, side * 10, 0)
        solids.ellipsoid("kidney", frame, scale * [side * 17, -21, -26], scale * [11, 10.5, 16.5], turn)
        solids.ellipsoid("kidney pelvis", frame, scale * [side * 16.5, -20.5, -26], scale * [4.5, 3.8, 10], turn)


def _add_vessels(solids: Solids, frame: Frame, scale: Vector, random: np.random.Generator) -> None:
    """Aorta before the spine, a little left; inferior vena cava before it, on the right; the liver's veins."""
    for spot in random.uniform([-32, -12, 2], [-10, 26, 22], (9, 3)):
        turn = turned(*random.uniform(-90, 90, 3))
        solids.ellipsoid("vessel", frame, scale * spot, (random.uniform(5, 11), 1.1, 1.1), turn)
    for x, y in ((4, -17), (-8, -12)):
        for group, radius in (("vessel wall", 3.6), ("vessel", 2.8)):
            solids.ellipsoid(group, frame, scale * [x, y, 0], (radius, radius, 60 if x > 0 else 32))


def _add_bones(solids: Solids, frame: Frame, skin: Vector, random: np.random.Generator) -> None:
    """A spine of three ossification centres a vertebra, and ribs that slant down to the front."""
    back = -skin[1] + 15
    solids.ellipsoid("spine soft", frame, (0, back - 1, 0), (12, 9, 70))
    for level in np.arange(-8, 9) * 7.2 + random.uniform(-1.5, 1.5):
        solids.ellipsoid("spine", frame, (0, back + 4.5, level), (4.4, 3.4, 2.9))
        for side in (-1, 1):
            solids.ellipsoid("spine", frame, (side * 6.2, back - 4.5, level), (2.3, 3.6, 2.9), turned(0, 0, side * 35))
    wall = skin - 6.5
    turn = np.deg2rad(np.arange(24, 128, 7.0))
    for level in np.arange(-6, 62, 9.5) + random.uniform(0, 4):
        for side in (-1, 1):
            height = level - 16 * (turn / 2.2)
            ring = np.sqrt(np.clip(1 - (height / wall[2]) ** 2, 0.05, 1))
            path = np.stack([side * np.sin(turn) * wall[0] * ring, -np.cos(turn) * wall[1] * ring, height], 1)
            for spot, around in zip(path, turn, strict=True):
                semi = (3.6, 1.3, 2.0)
                solids.ellipsoid("rib", frame, spot, semi, turned(0, 0, side * np.rad2deg(around)))
