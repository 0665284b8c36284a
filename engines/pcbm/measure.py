"""HC, AC, FL, BPD and OFD from a label map: where they are drawn, and how long they are.

Ellipses run along the outer border of the skull, and of the abdomen's skin; BPD and OFD are the axes of the head's
ellipse, both outer to outer. FL goes from end to end along the bone. (ISUOG's guideline on fetal biometry, 2019.)
"""

from collections import namedtuple

import numpy as np
from concepts import LABEL
from outline import RAYS, bone_ends, ends, fit_ellipse, outermost, points_of
from rules import LEAST_PX

COVERED = 0.6
"""Share of the way around that an outline is seen on, from which on its ellipse is shown."""
SPREAD = 0.02
"""Error of a length that goes with it, as a share: about a pixel of the nets at each end of a head."""

Biometry = namedtuple("Biometry", "ellipses lines measurements")
"""Lists as docs/reference/result.md has them; no measurements where the size of a pixel is not known."""


def biometry(label, plane, geometry):
    """What can be measured on this plane; nothing of what cannot be seen."""
    if plane == "femur":
        return femur(points_of(label == LABEL["femur"]), geometry)
    if plane in ("head", "abdomen"):
        band = points_of(label == LABEL["skull" if plane == "head" else "abdomen"])
        return outline(band, plane == "head", geometry)
    return Biometry([], [], [])


def femur(points, geometry):
    """FL; `points` of the bone are in the nets' pixels."""
    if len(points) < LEAST_PX:
        return Biometry([], [], [])
    first, second = sorted(geometry.units(bone_ends(points)), key=lambda point: point[0])  # from the left
    length = float(np.hypot(*(second - first)))
    return Biometry([], [geometry.line(first, second, "FL")], lengths({"FL": length}, geometry))


def outline(band, is_head, geometry):
    """HC with BPD and OFD, or AC; `band` are the points of the skull or of the abdomen's outline."""
    rough = fit_ellipse(band) if len(band) >= LEAST_PX else None
    border = outermost(band, rough[0]) if rough else band[:0]
    ellipse = fit_ellipse(geometry.units(border)) if len(border) >= COVERED * RAYS else None
    if ellipse is None:
        return Biometry([], [], [])
    if not is_head:
        return Biometry([geometry.ellipse(ellipse, "AC")], [], lengths({"AC": perimeter(ellipse)}, geometry))
    left, right, near, far = ends(ellipse)
    shorter, longer = sorted(ellipse[1])
    lines = [geometry.line(left, right, "OFD"), geometry.line(near, far, "BPD")]
    found = {"HC": perimeter(ellipse), "BPD": shorter, "OFD": longer}
    return Biometry([geometry.ellipse(ellipse, "HC")], lines, lengths(found, geometry))


def perimeter(ellipse):
    """Of an ellipse, in units, by Ramanujan's second formula (1914): exact to 1e-5 for heads and abdomens."""
    a, b = ellipse[1][0] / 2, ellipse[1][1] / 2
    h = 3 * ((a - b) / (a + b)) ** 2
    return float(np.pi * (a + b) * (1 + h / (10 + np.sqrt(4 - h))))


def lengths(found, geometry):
    """Measurements in mm; none where units are no millimetres."""
    if not geometry.is_mm:
        return []
    return [
        {"name": name, "value": round(float(value), 1), "unit": "mm", "uncertainty": round(float(value) * SPREAD, 1)}
        for name, value in found.items()
    ]
