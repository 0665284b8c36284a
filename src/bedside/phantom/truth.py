"""What is true of a picture, known exactly because it was drawn."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bedside.phantom.anatomy import Anatomy
from bedside.phantom.concepts import CLASSES, PLANES
from bedside.phantom.criteria import Picture, concepts_of, is_standard
from bedside.phantom.geometry import Geometry
from bedside.phantom.pose import View
from bedside.phantom.section import Section
from bedside.phantom.seen import Seen


@dataclass(frozen=True)
class Offset:
    """How far the probe is from the nearest standard plane, and what would bring it there."""

    plane: str
    distance_mm: float
    """Between the two planes, at the structure that is looked for."""
    angle_deg: float
    move: str
    """The command that helps most now, such as `tilt -6`; empty on the plane."""


@dataclass(frozen=True)
class Truth:
    """Of one picture."""

    label: npt.NDArray[np.uint8]
    """[height, width] of the screen: place in `CLASSES`."""
    plane: str
    """One of PLANES, by PCBM's rule; empty where there is none."""
    is_standard: bool
    concepts: npt.NDArray[np.float32]
    """[27], in the order of CONCEPTS; those of other planes are 0."""
    view: View
    offset: Offset
    mm_per_px: float


LEAST_SEEN, LEAST_PLANE = 0.0005, 0.002
"""Share of the fan's place on the screen from which on a class counts as seen, and that a plane's classes have."""
_PLANE_OF_CLASS = ("", "cervix", "cervix", "cervix", "", "femur", *["abdomen"] * 4, *["head"] * 4)
_STEP = {"right": 8.0, "up": 8.0, "rotate": 12.0, "tilt": 12.0, "rock": 20.0, "depth": 30.0}
"""How much of each move spoils a standard plane about as much as the others."""


def truth_of(anatomy: Anatomy, view: View, geometry: Geometry, section: Section | None = None) -> Truth:
    """What is true of the picture of this view; `section` spares its making where it is there already."""
    axes, cut = view.pose.axes(), anatomy.cut(view.pose)
    seen = Seen(section or anatomy.section(view.pose, geometry), axes, geometry)
    label = anatomy.label(view.pose, geometry)
    plane = plane_of(label, geometry)
    concepts = concepts_of(plane, Picture(anatomy, cut, seen, label))
    standard = is_standard(plane, concepts)
    offset = offset_of(anatomy, view, plane if standard else "")
    return Truth(label, plane, standard, concepts, view, offset, geometry.mm_per_px)


def plane_of(label: npt.NDArray[np.uint8], geometry: Geometry) -> str:
    """PCBM's rule on a label map: two of the three largest classes of one plane decide, then a femur, then the largest
    class. Nothing, too little, and a bladder alone are no plane: the rule of the paper has no answer to them."""
    place = label.size * (660 * 793) / (720 * 960)
    found = np.bincount(label.ravel(), minlength=len(CLASSES))
    found[0] = 0
    found[found < LEAST_SEEN * place] = 0
    largest = [int(one) for one in np.argsort(-found, kind="stable")[:3] if found[one]]
    if found[largest].sum() < LEAST_PLANE * place:
        return ""
    planes = [_PLANE_OF_CLASS[one] for one in largest]
    for plane in ("head", "abdomen", "cervix"):
        if planes.count(plane) >= 2:
            return plane
    return "femur" if "femur" in planes else planes[0]


def offset_of(anatomy: Anatomy, view: View, on_plane: str = "") -> Offset:
    """To the nearest standard plane; on one there is no move to make."""
    planes = (on_plane,) if on_plane else PLANES
    offset = min((_offset_to(anatomy, view, plane) for plane in planes), key=lambda one: one[0])[1]
    return replace(offset, move="") if on_plane else offset


def _offset_to(anatomy: Anatomy, view: View, plane: str) -> tuple[float, Offset]:
    """How far a plane is, as a number to compare planes by, and as an offset."""
    standard = anatomy.standard[plane]
    here, there = view.pose.axes(), standard.pose.axes()
    away = anatomy.target[plane] - here.origin
    miss = float(np.linalg.norm(away - (away @ here.depth) * here.depth))
    angle = float(np.rad2deg(np.arccos(np.clip(abs(here.normal @ there.normal), 0, 1))))
    one = view.pose
    other = standard.pose if here.normal @ there.normal >= 0 else standard.pose.mirrored()
    moves = {
        "right": other.x_mm - one.x_mm,
        "up": other.z_mm - one.z_mm,
        "rotate": (other.rotate_deg - one.rotate_deg + 180) % 360 - 180,
        "tilt": other.tilt_deg - one.tilt_deg,
        "rock": other.rock_deg - one.rock_deg,
        "depth": standard.depth_mm - view.depth_mm,
    }
    name = max(moves, key=lambda move: abs(moves[move]) / _STEP[move])
    number = round(moves[name])
    if name in ("right", "up") and number < 0:
        name, number = {"right": "left", "up": "down"}[name], -number
    return miss + angle, Offset(plane, abs(float(away @ here.normal)), angle, f"{name} {number}" if number else "")
