"""The fetal head. Its coordinates: x to the fetus's left, y to its forehead, z to its crown; (0, 0, 0) is the middle
of the standard plane, the one through the thalami and the cavum septi pellucidi."""

from dataclasses import dataclass

import numpy as np

from bedside.phantom.pose import Vector
from bedside.phantom.solid import Frame, Solids, turned

BONE_MM = 2.8
"""Of the skull."""


@dataclass(frozen=True)
class HeadSize:
    """Outer half axes of the skull: half of BPD, half of OFD, and its half height."""

    side_mm: float
    front_mm: float
    crown_mm: float


def draw_head(random: np.random.Generator) -> HeadSize:
    """BPD 80 to 94 mm, cephalic index 0.75 to 0.83."""
    bpd = random.uniform(80, 94)
    ofd = float(np.clip(bpd / random.uniform(0.75, 0.83), 101, 118))
    return HeadSize(bpd / 2, ofd / 2, ofd * random.uniform(0.42, 0.46))


def add_head(solids: Solids, frame: Frame, size: HeadSize, random: np.random.Generator) -> None:
    """Skull, brain and all in it."""
    skull = np.array([size.side_mm, size.front_mm, size.crown_mm])
    for group, smaller in (("scalp", -3.2), ("skull", 0), ("brain fluid", BONE_MM), ("brain", BONE_MM + 1.3)):
        solids.ellipsoid(group, frame, (0, 0, 0), skull - smaller)
    inner = skull - BONE_MM - 1.3
    _add_sutures(solids, frame, skull, random)
    _add_surface(solids, frame, inner, random)
    scale = inner / [40, 50, 44]
    _add_falx(solids, frame, inner, random)
    _add_ventricles(solids, frame, scale, random)
    _add_base(solids, frame, scale)
    _add_fossa(solids, frame, scale)
    _add_middle(solids, frame, scale)


def _add_sutures(solids: Solids, frame: Frame, skull: Vector, random: np.random.Generator) -> None:
    """Gaps between the skull's bones, at the temples and behind."""
    for around in np.array([38, -38, 142, -142]) + random.uniform(-9, 9, 4):
        turn = np.deg2rad(around)
        spot = (skull - BONE_MM / 2) * [np.sin(turn), np.cos(turn), 0]
        lean = np.rad2deg(np.arctan2(np.sin(turn) / skull[0], np.cos(turn) / skull[1]))
        solids.ellipsoid("suture", frame, spot, (random.uniform(0.8, 1.8), BONE_MM / 2 + 0.1, 14), turned(0, 0, -lean))


def _add_falx(solids: Solids, frame: Frame, inner: Vector, random: np.random.Generator) -> None:
    """The midline: a thin sheet before the cavum and one behind the thalami, not quite straight, with gaps."""
    for start, end in ((0.56, 0.97), (-0.97, -0.42)):
        middle, half = (start + end) / 2 * inner[1], (end - start) / 2 * inner[1]
        for part in (-0.5, 0.5):
            spot = (random.uniform(-0.5, 0.5), middle + part * half, 2)
            semi = (random.uniform(0.4, 0.65), half * random.uniform(0.42, 0.56), inner[2] * 0.75)
            solids.ellipsoid("falx", frame, spot, semi, turned(0, 0, random.uniform(-2, 2)))


def _add_base(solids: Solids, frame: Frame, scale: Vector) -> None:
    """The skull's base below the plane: an X of ridges, and the orbits."""
    for side in (-1, 1):
        for front, high, lean in ((-10, -24, -35), (18, -22, 25)):
            turn = turned(0, 0, side * lean)
            solids.ellipsoid("skull base", frame, scale * [side * 16.5, front, high], scale * [16.5, 2.1, 5], turn)
        for group, semi in (("skull base", 7.6), ("ventricle", 6.4)):
            solids.ellipsoid(group, frame, scale * [side * 15, 31, -25], (semi, semi, semi))


def _add_surface(solids: Solids, frame: Frame, inner: Vector, random: np.random.Generator) -> None:
    """Folds of the brain's surface, and the insula on each side: short bright lines."""
    for side in (-1, 1):
        solids.ellipsoid("sulcus", frame, (side * 0.66 * inner[0], 8, -1), (0.9, 10, 9), turned(0, 0, side * 8))
        solids.ellipsoid("sulcus", frame, (side * 0.74 * inner[0], 14, -1), (5, 0.9, 8), turned(0, 0, side * 20))
        for around, height in zip(np.linspace(12, 168, 27), np.tile([0, 0.5, -0.45], 9), strict=True):
            turn, ring = np.deg2rad(around + random.uniform(-6, 6)), 0.88 * np.sqrt(1 - height**2)
            spot = inner * [side * ring * np.sin(turn), ring * np.cos(turn), height + random.uniform(-0.1, 0.1)]
            semi = (0.7, random.uniform(3, 6), random.uniform(5, 10))
            solids.ellipsoid("sulcus", frame, spot, semi, turned(0, 0, -side * (around + random.uniform(40, 70))))


def _add_ventricles(solids: Solids, frame: Frame, scale: Vector, random: np.random.Generator) -> None:
    """The lateral ventricles, above the plane or just in it, with the choroid plexus; their front horns."""
    high = random.uniform(8, 14)
    for side in (-1, 1):
        turn = turned(0, 0, -side * 14)
        solids.ellipsoid("ventricle", frame, scale * [side * 15, -18, high], scale * [4.6, 20, 9], turn)
        solids.ellipsoid("choroid", frame, scale * [side * 15, -20, high], scale * [3.6, 12, 7.5], turn)
        solids.ellipsoid("ventricle", frame, scale * [side * 8, 26, 8], scale * [2.6, 7, 6], turned(0, 0, -side * 25))


def _add_fossa(solids: Solids, frame: Frame, scale: Vector) -> None:
    """The posterior fossa, behind and below the plane: water about the cerebellum's two halves."""
    solids.ellipsoid("fossa", frame, scale * [0, -32, -23], scale * [24, 14, 13])
    for side in (-1, 1):
        solids.ellipsoid("cerebellum", frame, scale * [side * 10.5, -29, -23], scale * [11, 8.5, 11])
    solids.ellipsoid("vermis", frame, scale * [0, -29, -23], scale * [3, 6, 8])


def _add_middle(solids: Solids, frame: Frame, scale: Vector) -> None:
    """Thalami with the third ventricle between them, and the cavum, a box with two bright walls."""
    for side in (-1, 1):
        solids.ellipsoid("thalamus", frame, scale * [side * 8, -5, 0], scale * [8, 13, 9.5], turned(0, 0, side * 12))
    solids.ellipsoid("brain fluid", frame, scale * [0, -5, 0], scale * [1.1, 9, 6])
    solids.ellipsoid("cavum wall", frame, scale * [0, 20, 0.5], scale * [5.2, 9.0, 7.0])
    solids.ellipsoid("cavum", frame, scale * [0, 20, 0.5], scale * [3.9, 8.2, 6.6])
