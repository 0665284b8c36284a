"""One mother and her fetus, chosen by a seed, and what a plane through them meets."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from bedside.phantom.abdomen import TrunkSize, add_trunk, draw_trunk
from bedside.phantom.cervix import CervixPlace, add_cervix, draw_cervix
from bedside.phantom.concepts import CLASSES
from bedside.phantom.cut import Cut, Solid, joined, mirrors, paint, to_polar
from bedside.phantom.geometry import BEAMS, DEPTHS, Geometry
from bedside.phantom.group import LABEL_OF, TISSUE_OF
from bedside.phantom.head import HeadSize, add_head, draw_head
from bedside.phantom.limb import add_limb, add_thigh, between
from bedside.phantom.mother import Layers, add_cord, add_womb, draw_layers
from bedside.phantom.pose import Pose, Vector, View
from bedside.phantom.section import Section
from bedside.phantom.solid import Frame, Solids, turned

_BEST = (
    ("head", 0.0, ("thalamus", "cavum")),
    ("head", 22.0, ("posterior fossa",)),
    ("abdomen", 0.0, ("stomach", "umbilical vein")),
    ("abdomen", 26.0, ("kidney",)),
    ("cervix", 0.0, ("bladder",)),
)
"""Where each organ is largest: how far to the mother's head of the plane."""


@dataclass(frozen=True)
class Fetus:
    """Where its parts lie, and how large they are."""

    head: Frame
    head_size: HeadSize
    trunk: Frame
    trunk_size: TrunkSize
    thigh: Frame
    femur_mm: float


class Anatomy:
    """The same seed gives the same anatomy."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.seed = seed
        self.layers: Layers = draw_layers(random)
        self.cervix: CervixPlace = draw_cervix(random, self.layers.womb_mm)
        self.fetus: Fetus = _draw_fetus(random, self.layers.womb_mm)
        solids = Solids()
        add_womb(solids, self.layers, random)
        add_cervix(solids, self.cervix)
        _add_fetus(solids, self.fetus, random)
        self._solid = Solid(np.stack(solids.centres), np.stack(solids.to_unit), np.array(solids.groups, np.uint8))
        self.standard: dict[str, View] = _standard(self.fetus, self.cervix)
        """The view of each plane that meets every criterion."""
        self.target: dict[str, Vector] = _targets(self.fetus, self.cervix)
        """[3] each: the middle of the structure that a plane looks for, in the world."""

    @cached_property
    def best_mm2(self) -> dict[str, float]:
        """The largest cross-section of each organ that a plane should or should not show."""
        best = {}
        for plane, below_mm, names in _BEST:
            pose = self.standard[plane].pose
            cut = self.cut(aim(self.target[plane] + below_mm * pose.axes().normal, pose.axes().normal))
            canvas = np.zeros((600, 600), np.uint8)
            middle = np.array([0, self.target[plane][1]])
            paint(canvas, (cut.outline_mm - middle) * 2 + 300, cut.group)
            for name in names:
                best[name] = float((LABEL_OF[canvas] == CLASSES.index(name)).sum() / 4)
        return best

    def cut(self, pose: Pose) -> Cut:
        """Outlines of everything that the pose's plane meets, in the order of painting."""
        axes = pose.axes()
        return joined(self.layers.cut(axes), self._solid.cut(axes))

    def section(self, pose: Pose, geometry: Geometry) -> Section:
        """What the pose's plane meets, on the probe's own grid."""
        axes, cut = pose.axes(), self.cut(pose)
        polar = to_polar(cut.outline_mm, geometry)
        painted = np.zeros((DEPTHS, BEAMS), np.uint8)
        paint(painted, polar, cut.group)
        to_world = np.stack([axes.lateral, axes.depth, axes.origin], 1).astype(np.float32)
        return Section(
            np.asarray(cv2.LUT(painted, TISSUE_OF), np.uint8),
            mirrors(cut, polar, painted, geometry),
            np.asarray(cv2.LUT(painted, LABEL_OF), np.uint8),
            np.asarray(cv2.transform(geometry.plane_mm, to_world), np.float32),
        )

    def label(self, pose: Pose, geometry: Geometry) -> npt.NDArray[np.uint8]:
        """[height, width] of the screen: place in CLASSES, cut to the fan."""
        cut = self.cut(pose)
        painted = np.zeros(geometry.size[::-1], np.uint8)
        paint(painted, geometry.to_screen(cut.outline_mm).astype(np.float64), cut.group)
        return np.asarray(np.where(geometry.inside, LABEL_OF[painted], 0), np.uint8)


def _draw_fetus(random: np.random.Generator, womb_mm: float) -> Fetus:
    """Head down, on its side; its back to the mother's right or left; each joint a little bent."""
    front = random.choice([-1.0, 1.0])
    base = np.array([[0, front, 0], [-front, 0, 0], [0, 0, -1.0]])
    head_size, trunk_size = draw_head(random), draw_trunk(random)
    head = Frame(
        np.array([random.uniform(-14, 14), womb_mm + 6 + head_size.side_mm + random.uniform(0, 8), -50.0]),
        turned(random.uniform(-10, 10), random.uniform(-12, 12), random.uniform(-12, 12)) @ base,
    )
    middle = np.array([random.uniform(-14, 14), womb_mm + 6 + trunk_size.side_mm + random.uniform(0, 8), 64.0])
    turn = turned(random.uniform(-10, 10), random.uniform(-12, 12), random.uniform(-14, 14))
    trunk = Frame(middle + np.array([0, 0, head_size.crown_mm - 46]), turn @ base)
    length = random.uniform(60, 74)
    lift, sink = np.deg2rad([random.uniform(-26, 0), random.uniform(-14, 14)])
    way = np.array([front * np.cos(lift) * np.cos(sink), np.sin(sink), np.sin(lift) * np.cos(sink)])
    hip = trunk.to_world((front * 18, 7, -69))
    hip[1] = max(hip[1], womb_mm + 22)
    start = hip + 12 * way
    return Fetus(head, head_size, trunk, trunk_size, between(start, start + length * way), length)


def _add_fetus(solids: Solids, fetus: Fetus, random: np.random.Generator) -> None:
    """Cord and limbs first, so that they lie around the trunk; the head last."""
    near = np.sign(fetus.trunk.axes[0, 1])
    add_cord(solids, fetus.trunk.to_world((0, fetus.trunk_size.front_mm, -38)), random)
    far_hip, far_knee = (fetus.trunk.to_world(p) for p in ((-near * 18, 10, -62), (-near * 26, 62, -50)))
    add_limb(solids, between(far_hip, far_knee), fetus.femur_mm - 4, bones=1)
    shoulder, elbow = (fetus.trunk.to_world(p) for p in ((-near * 34, 20, 50), (-near * 22, 58, 18)))
    add_limb(solids, between(shoulder, elbow), 55, bones=1)
    hand = elbow + fetus.trunk.axes @ np.array([near * 30, 12, 30])
    add_limb(solids, between(elbow, hand), 48, bones=2)
    knee = fetus.thigh.to_world((fetus.femur_mm / 2 + 12, 0, 0))
    add_limb(solids, between(knee, knee + np.array([-knee[0] * 0.3, 42, 12])), 54, bones=2)
    add_trunk(solids, fetus.trunk, fetus.trunk_size, random)
    add_thigh(solids, fetus.thigh, fetus.femur_mm)
    add_head(solids, fetus.head, fetus.head_size, random)


def _targets(fetus: Fetus, cervix: CervixPlace) -> dict[str, Vector]:
    """What each plane looks for."""
    middle = np.asarray((cervix.path[0] + cervix.path[-1]) / 2, np.float64)
    return {
        "femur": fetus.thigh.origin,
        "abdomen": fetus.trunk.origin,
        "head": fetus.head.origin,
        "cervix": middle,
    }


def _standard(fetus: Fetus, cervix: CervixPlace) -> dict[str, View]:
    """Straight on each plane, its structure in the middle beam, and as deep as it needs."""
    femur, canal = fetus.thigh.axes[:, 0], cervix.path[0] - cervix.path[-1]
    targets = _targets(fetus, cervix)
    planes = {
        "femur": (np.cross(femur * np.sign(femur[0]), [0, 1.0, 0]), 24.0),
        "abdomen": (-fetus.trunk.axes[:, 2], fetus.trunk_size.side_mm + 14),
        "head": (-fetus.head.axes[:, 2], fetus.head_size.side_mm + 14),
        "cervix": (np.cross(canal, [0, 1.0, 0]), 26.0),
    }
    return {
        plane: View(aim(targets[plane], normal), float(np.ceil((targets[plane][1] + beyond) / 5) * 5))
        for plane, (normal, beyond) in planes.items()
    }


def aim(centre: Vector, normal: Vector) -> Pose:
    """The pose whose plane has this normal [3] and whose middle beam meets `centre` [3]."""
    x, y, z = normal / np.linalg.norm(normal)
    rotate, tilt = np.rad2deg([np.arctan2(-x, z), np.arcsin(-y)])
    axes = Pose(rotate_deg=float(rotate), tilt_deg=float(tilt)).axes()
    start = centre - axes.depth * (centre[1] / axes.depth[1])
    return Pose(float(start[0]), float(start[2]), float(rotate), float(tilt))
