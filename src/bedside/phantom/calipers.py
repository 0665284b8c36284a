"""The measurements that a sonographer takes on a frozen standard plane, taken from the truth."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from bedside.phantom.concepts import CLASSES
from bedside.phantom.truth import Truth

Points = npt.NDArray[np.float64]

DOT_PX = 7.0
LEAST_PX = 100
"""A structure of fewer pixels is not measured."""


@dataclass(frozen=True)
class Caliper:
    """One measurement on the screen."""

    ends_px: Points
    """[2, 2]: x, y of the two crosses."""
    dots_px: Points
    """[N, 2]: the dotted line between them, or the dotted ellipse."""
    text: str


def calipers_of(truth: Truth) -> list[Caliper]:
    """Head: BPD, OFD and the circumference; abdomen: its circumference; femur and cervix: their length; else none."""
    if truth.plane in ("head", "abdomen"):
        return _ellipse(truth, "skull" if truth.plane == "head" else "abdomen")
    if truth.plane in ("femur", "cervix"):
        name, text = ("femur", "FL") if truth.plane == "femur" else ("cervical canal", "CL")
        found = _points(truth, name)
        return [] if len(found) < LEAST_PX else [_line(*_extremes(found), text, truth.mm_per_px)]
    return []


def _ellipse(truth: Truth, name: str) -> list[Caliper]:
    """About the outer outline; the circumference by Ramanujan's second approximation of an ellipse's perimeter."""
    found = _points(truth, name)
    if len(found) < LEAST_PX:
        return []
    outer = cv2.convexHull(found.astype(np.float32))
    if len(outer) < 5:
        return []
    (x, y), (wide, high), turn_deg = cv2.fitEllipse(outer)
    half, turn = np.array([wide, high]) / 2, np.deg2rad(turn_deg)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * half[:, None]
    middle = np.array([x, y])
    ratio = ((half[0] - half[1]) / half.sum()) ** 2
    round_px = np.pi * half.sum() * (1 + 3 * ratio / (10 + np.sqrt(4 - 3 * ratio)))
    angle = np.linspace(0, 2 * np.pi, int(round_px / DOT_PX), endpoint=False)[:, None]
    dots = middle + np.cos(angle) * axes[0] + np.sin(angle) * axes[1]
    short, long = (np.array([middle - axis, middle + axis]) for axis in axes)
    text = f"{'HC' if name == 'skull' else 'AC'} {round_px * truth.mm_per_px:.0f}mm"
    if name != "skull":
        return [Caliper(long, dots, text)]
    scale = truth.mm_per_px
    return [_line(short[0], short[1], "BPD", scale), _line(long[0], long[1], "OFD", scale), Caliper(long, dots, text)]


def _line(start: Points, end: Points, text: str, mm_per_px: float) -> Caliper:
    length = float(np.linalg.norm(end - start))
    part = np.linspace(0, 1, max(2, int(length / DOT_PX)))[:, None]
    return Caliper(np.array([start, end]), start + part * (end - start), f"{text} {length * mm_per_px:.0f}mm")


def _points(truth: Truth, name: str) -> Points:
    """[N, 2]: x, y of the pixels of this class."""
    rows, columns = np.nonzero(truth.label == CLASSES.index(name))
    return np.stack([columns, rows], 1).astype(np.float64)


def _extremes(points: Points) -> tuple[Points, Points]:
    """The two ends along the direction in which the points spread most."""
    middle = points.mean(0)
    along = np.linalg.svd((points - middle)[:: max(1, len(points) // 500)], full_matrices=False)[2][0]
    place = (points - middle) @ along
    return middle + place.min() * along, middle + place.max() * along
