"""The fetal limbs. A limb's coordinates: x along its bone, (0, 0, 0) the bone's middle."""

import numpy as np

from bedside.phantom.pose import Vector
from bedside.phantom.solid import Frame, Solids

SHAFT_MM, END_MM = 3.6, 5.2
"""Radius of the femur in its middle and at its flared ends."""
BOW_MM = 2.0
"""How far the femur's middle is bent forward."""


def add_thigh(solids: Solids, frame: Frame, femur_mm: float) -> None:
    """Skin, muscle, and the femur: its ossified shaft with flared ends, and soft gristle beyond them."""
    half = femur_mm / 2
    for group, smaller in (("limb skin", 0.0), ("limb", 1.8)):
        solids.ellipsoid(group, frame, (0, 2, 0), (half + 22 - smaller, 21 - smaller, 21 - smaller))
    for end in (-1, 1):
        solids.ellipsoid("cartilage", frame, (end * (half + 3.5), 0, 0), (8, 9, 9))
    along = np.array([-1, -0.8, -0.5, 0, 0.5, 0.8, 1.0])
    radius = np.array([END_MM, END_MM - 0.7, SHAFT_MM + 0.3, SHAFT_MM, SHAFT_MM + 0.3, END_MM - 0.7, END_MM])
    path = np.stack([along * (half - 1.5), BOW_MM * (along**2 - 1), 0 * along], 1)
    solids.tube("femur", frame, path, radius, flat=(0.4, 1, 1))


def add_limb(solids: Solids, frame: Frame, length_mm: float, *, bones: int) -> None:
    """An arm or a leg below the knee, with one bone or two."""
    for group, smaller in (("limb skin", 0.0), ("limb", 1.6)):
        solids.ellipsoid(group, frame, (0, 0, 0), (length_mm / 2 + 9 - smaller, 12 - smaller, 12 - smaller))
    for side in (-5.0, 5.0) if bones == 2 else (0.0,):
        solids.ellipsoid("other bone", frame, (0, 0, side), (length_mm / 2, 2.3, 2.3))
        for end in (-0.9, 0.9):
            solids.ellipsoid("other bone", frame, (end * length_mm / 2, 0, side), (3.5, 3, 3))


def between(start: Vector, end: Vector) -> Frame:
    """A limb's frame, its x axis from start to end, its z axis level."""
    x = (end - start) / np.linalg.norm(end - start)
    z = np.cross(x, [0.0, 1.0, 0.0])
    z /= np.linalg.norm(z)
    return Frame((start + end) / 2, np.stack([x, np.cross(z, x), z], 1))
