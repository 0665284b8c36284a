"""PCBM's 27 property concepts, from what is there and what of it can be seen.

A quality from 0 to 10 is the share of a structure's best cross-section that the picture shows; what a bone's shadow or
the fan's edge takes does not count. The criteria are those of ISUOG's image score (Salomon), as PCBM uses them.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bedside.phantom.anatomy import Anatomy
from bedside.phantom.cervix import CANAL_MM
from bedside.phantom.concepts import CLASSES, CONCEPTS, ENOUGH, INDEX
from bedside.phantom.cut import Cut
from bedside.phantom.group import NUMBER
from bedside.phantom.limb import END_MM
from bedside.phantom.pose import Vector
from bedside.phantom.seen import Seen

FILLS = {"head": 0.5, "abdomen": 0.5, "femur": 0.35, "cervix": 0.48}
"""Share of the fan's width or height that the structure's box has to fill. ISUOG asks for half of the picture; a convex
fan is so wide that most femora fill less of it. PCBM asks 0.75 for a cervix seen from close by; here it lies under the
belly's wall."""
LEAN_DEG, NOD_DEG = 9.0, 10.0
"""How far a symmetrical plane may lean to one side, and how far to front or back."""
CENTRED = 0.2
"""How far off its middle the midline may lie, as a share of the half width."""
STRETCH_DEG = 16.0
"""Of the outline to either side of a caliper's point."""
FULL = 0.92
"""From this share of the best cross-section on, a quality is 10."""


def label(name: str) -> int:
    """A class's number in the label map."""
    return CLASSES.index(name)


def quality(share: float) -> float:
    """0 to 10."""
    return float(np.clip(10 * share / FULL, 0, 10))


class Picture:
    """All that the criteria look at: the anatomy, its cut, what is seen of it, and the label map on the screen."""

    def __init__(self, anatomy: Anatomy, cut: Cut, seen: Seen, labels: npt.NDArray[np.uint8]) -> None:
        self.anatomy, self.cut, self.seen, self.labels = anatomy, cut, seen, labels

    def organ(self, name: str) -> float:
        """Quality of a class that fills an area."""
        number = label(name)
        return quality(self.seen.area_mm2(number) / self.anatomy.best_mm2[name])

    def fills(self, plane: str, *names: str) -> bool:
        """Whether the box of these classes is as wide or as high as it has to be."""
        rows, columns = np.nonzero(np.isin(self.labels, [label(name) for name in names]))
        if not len(rows):
            return False
        _, _, width, height = self.seen.geometry.fan_px
        wide, high = (np.ptp(columns) + 1) / width, (np.ptp(rows) + 1) / height
        return bool(max(high, 0 if plane == "cervix" else wide) >= FILLS[plane])

    def caliper(self, group: str, towards: Vector) -> float:
        """Quality of an outline where it is farthest along a direction of the plane [2]."""
        number = NUMBER[group]
        places = np.flatnonzero(self.cut.group == number)
        if not len(places):
            return 0.0
        outline, normal = self.cut.outline_mm[places[0]], self.cut.normal[places[0]]
        away = outline - outline.mean(0)
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        tip = (away @ (towards / np.linalg.norm(towards))) > np.cos(np.deg2rad(STRETCH_DEG))
        lit = self.seen.lit_at(outline[tip] - 1.2 * away[tip], label("skull" if group == "skull" else "abdomen"))
        square = self.seen.square_at(outline[tip], normal[tip])
        return quality(float((lit * (0.45 + 0.55 * square)).mean()))

    def lean_nod(self, axes: Vector) -> tuple[float, float]:
        """How far the plane leans to a part's side and nods to its front, degrees; `axes` are the part's columns."""
        normal = self.seen.axes.normal @ axes
        normal = normal * np.sign(normal[2] or 1)
        return float(np.rad2deg(np.arcsin(abs(normal[0])))), float(np.rad2deg(np.arcsin(abs(normal[1]))))


def femur(picture: Picture) -> dict[str, float]:
    """Both ends, the angle to the horizontal, the size."""
    thigh, half = picture.anatomy.fetus.thigh, picture.anatomy.fetus.femur_mm / 2
    ends: list[tuple[float, float]] = []
    for end in (-1, 1):
        points = thigh.to_world(np.stack([end * np.linspace(half - 10, half - 0.5, 7), np.zeros(7), np.zeros(7)], 1))
        plane_mm, off = picture.seen.project(points)
        share = np.clip(1 - (off / END_MM) ** 2, 0, 1)
        lit = picture.seen.lit_at(plane_mm - [0, END_MM], label("femur"))
        ends.append((float(plane_mm[-1, 0]), quality(float((share * lit).mean()))))
    ends.sort()
    across, down = np.abs(np.array([axis @ thigh.axes[:, 0] for axis in _in_plane(picture)]))
    there = float((picture.labels == label("femur")).any())
    return {
        "femur_left_end": ends[0][1],
        "femur_right_end": ends[1][1],
        "femur_angle": there * float(down <= across),
        "femur_size": float(picture.fills("femur", "femur")),
    }


def abdomen(picture: Picture) -> dict[str, float]:
    """Symmetry, stomach and vein, no kidneys, size, and the skin line where calipers are set. The four of them are
    told in PCBM's order: the worst, the best, the mean and the median."""
    trunk = picture.anatomy.fetus.trunk
    ways = _ways(picture, trunk.axes)
    points = [picture.caliper("trunk skin", way) for way in (ways[0], -ways[0], ways[1], -ways[1])]
    calipers = (min(points), max(points), float(np.mean(points)), float(np.median(points)))
    return {
        "abdomen_symmetry": float(max(picture.lean_nod(trunk.axes)) <= LEAN_DEG),
        "stomach": picture.organ("stomach"),
        "umbilical_vein": picture.organ("umbilical vein"),
        "kidney": picture.organ("kidney"),
        "abdomen_size": float(picture.fills("abdomen", "abdomen")),
        **{f"ac_{number}": value for number, value in enumerate(calipers, 1)},
    }


def head(picture: Picture) -> dict[str, float]:
    """Symmetry, thalami and cavum, no posterior fossa, size, and the skull where calipers are set."""
    frame = picture.anatomy.fetus.head
    lean, nod = picture.lean_nod(frame.axes)
    side, front = _ways(picture, frame.axes)
    near = side if side[1] < 0 else -side
    symmetrical = lean <= LEAN_DEG and nod <= NOD_DEG and _centred(picture)
    return {
        "head_symmetry": float(symmetrical),
        "thalamus": picture.organ("thalamus"),
        "cavum": picture.organ("cavum"),
        "posterior_fossa": picture.organ("posterior fossa"),
        "head_size": float(picture.fills("head", "skull")),
        "bpd_near": picture.caliper("skull", near),
        "bpd_far": picture.caliper("skull", -near),
        "ofd_occipital": picture.caliper("skull", -front),
        "ofd_frontal": picture.caliper("skull", front),
    }


def cervix(picture: Picture) -> dict[str, float]:
    """Size, bladder, the whole canal, and both orifices."""
    place = picture.anatomy.cervix
    plane_mm, off = picture.seen.project(place.path)
    shown = np.clip(1 - (off / CANAL_MM[0]) ** 2, 0, 1) * picture.seen.lit_at(plane_mm, label("cervical canal"))
    return {
        "cervix_size": float(
            picture.fills("cervix", "bladder", "cervical canal", "outer cervix", "inner cervix"),
        ),
        "bladder": picture.organ("bladder"),
        "cervix_whole": float(shown.min() >= ENOUGH / 20),
        "inner_orifice": quality(float(shown[0])),
        "outer_orifice": quality(float(shown[-1])),
    }


CRITERIA: dict[str, Callable[[Picture], dict[str, float]]] = {
    "femur": femur,
    "abdomen": abdomen,
    "head": head,
    "cervix": cervix,
}


def concepts_of(plane: str, picture: Picture) -> npt.NDArray[np.float32]:
    """[27] in the order of CONCEPTS; those of other planes are 0, all of them where there is no plane."""
    found = np.zeros(len(CONCEPTS), np.float32)
    if plane:
        for name, value in CRITERIA[plane](picture).items():
            found[INDEX[name]] = value
    return found


def is_standard(plane: str, concepts: npt.NDArray[np.float32]) -> bool:
    """Whether a plane meets all of its criteria: every one for itself, but calipers as a mean."""
    if not plane:
        return False
    calipers: list[float] = []
    for concept, value in zip(CONCEPTS, concepts, strict=True):
        if concept.plane != plane or concept.name == "bladder":
            continue
        if concept.name.startswith(("ac_", "bpd_", "ofd_")):
            calipers.append(float(value))
        elif (value >= (0.5 if concept.is_binary else ENOUGH)) == concept.should_be_absent:
            return False
    return not calipers or float(np.mean(calipers)) >= ENOUGH


def _in_plane(picture: Picture) -> tuple[Vector, Vector]:
    """The picture's two directions in the world."""
    return picture.seen.axes.lateral, picture.seen.axes.depth


def _ways(picture: Picture, axes: Vector) -> Vector:
    """[2, 2]: a part's side and front as the picture shows them, each (lateral, depth)."""
    return np.asarray((np.stack(_in_plane(picture)) @ axes[:, :2]).T, np.float64)


def _centred(picture: Picture) -> bool:
    """Whether the head's midline halves the section."""
    head, size = picture.anatomy.fetus.head, picture.anatomy.fetus.head_size
    skull = picture.cut.outline_mm[picture.cut.group == NUMBER["skull"]]
    if not len(skull):
        return False
    middle = picture.seen.axes.origin + skull[0].mean(0) @ np.stack(_in_plane(picture))
    return bool(abs((middle - head.origin) @ head.axes[:, 0]) <= CENTRED * size.side_mm)
