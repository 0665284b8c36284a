"""The mother's belly: layers under the skin, the womb with its water, the placenta, and loops of the cord."""

from dataclasses import dataclass

import numpy as np

from bedside.phantom.cut import CORNERS, Cut
from bedside.phantom.group import NUMBER
from bedside.phantom.pose import Axes, Vector
from bedside.phantom.solid import WORLD, Solids, turned

WALL_MM = 6.0
"""Of the uterus."""
_SPAN_MM = np.linspace(-120, 120, CORNERS // 2)
"""Wider than the fan where the layers are."""
_ABOVE_MM = -18.0
"""Higher than the probe's curved face anywhere."""


@dataclass(frozen=True)
class Layers:
    """How deep each layer of the belly ends."""

    skin_mm: float
    fat_mm: float
    muscle_mm: float
    wave: Vector
    """[3]: phases of the layers' ripples."""

    @property
    def womb_mm(self) -> float:
        """Where the water begins, in the middle."""
        return self.muscle_mm + WALL_MM

    def cut(self, axes: Axes) -> Cut:
        """The layers as outlines that reach beyond the fan. Below them, where nothing else is, is bowel."""
        depths = (self.muscle_mm, self.fat_mm, self.skin_mm)
        outlines = np.stack([self._above(axes, depth) for depth in depths])
        normal = np.zeros_like(outlines)
        normal[..., 1] = 1
        group = np.array([NUMBER[name] for name in ("muscle", "fat", "skin")], np.uint8)
        return Cut(outlines, normal, group)

    def _above(self, axes: Axes, depth_mm: float) -> Vector:
        """[CORNERS, 2]: everything between the probe and a rippled surface at this depth."""
        base = axes.origin + _SPAN_MM[:, None] * axes.lateral
        x, z = base[:, 0] + 2 * depth_mm, base[:, 2] - 3 * depth_mm
        one, two, three = self.wave
        ripple = np.sin(x / 16 + one) + np.sin(z / 21 + two) + 0.6 * np.sin((x + z) / 9 + three)
        reach = (depth_mm * (1 + 0.045 * ripple) - base[:, 1]) / max(axes.depth[1], 0.2)
        line = np.stack([_SPAN_MM, reach], 1)
        top = np.stack([_SPAN_MM[::-1], np.full(len(_SPAN_MM), _ABOVE_MM)], 1)
        return np.concatenate([line, top])


def draw_layers(random: np.random.Generator) -> Layers:
    """A belly of this person's."""
    skin = random.uniform(1.6, 2.4)
    fat = skin + random.uniform(6, 14)
    return Layers(skin, fat, fat + random.uniform(5, 8), random.uniform(0, 6, 3))


def add_womb(solids: Solids, layers: Layers, random: np.random.Generator) -> None:
    """The uterus, its water and the placenta; the fetus comes on top."""
    top = layers.womb_mm
    upper = ((0, top + 74, 58), np.array([126, 74, 140]))
    lower = ((0, top + 58, -55), np.array([78, 58, 74]))
    for grown, group in ((WALL_MM, "uterus"), (0, "fluid")):
        for centre, semi in (upper, lower):
            solids.ellipsoid(group, WORLD, centre, semi + grown)
    _add_placenta(solids, np.array(upper[0]), upper[1], random)


def _add_placenta(solids: Solids, centre: Vector, semi: Vector, random: np.random.Generator) -> None:
    """A cake on the wall: in front, behind or to a side."""
    around = np.deg2rad(random.choice([-90, 90, 90, 0, 180]) + random.uniform(-25, 25))
    high = random.uniform(-0.1, 0.4)
    out = np.array([np.cos(around) * np.cos(high), np.sin(around) * np.cos(high), np.sin(high)])
    place = centre + 0.95 * semi * out
    size = random.uniform(0.85, 1.15)
    for shift in (-0.35, 0.0, 0.35):
        turn = turned(0, 0, np.rad2deg(around))
        spot = place + np.array([0, 0, shift * 70 * size])
        solids.ellipsoid("placenta", WORLD, spot, np.array([15, 48, 38]) * size, turn)


def add_cord(solids: Solids, start: Vector, random: np.random.Generator) -> None:
    """Loops of the cord: two arteries about a vein, in the water beside the belly."""
    steps = np.linspace(0, 1, 9)[:, None]
    wander = np.cumsum(random.normal(0, 1, (9, 3)) * [9, 7, 11], axis=0)
    path = start + steps * np.array([0, -8, 25]) + wander - wander[0]
    solids.tube("cord", WORLD, path, 6.0)
    twist = 2 * np.pi * 3 * steps[:, 0]
    for phase, radius in ((0.0, 2.6), (2.4, 1.5), (3.9, 1.5)):
        away = np.stack([np.cos(twist + phase), np.sin(twist + phase), 0 * twist], 1) * (4.6 - radius)
        solids.tube("cord blood", WORLD, path + away, radius)
