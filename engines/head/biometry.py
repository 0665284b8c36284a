"""Fetal biometry from outlines, in millimetres."""

import math

INNER_FROM_OUTER = (-0.403458, 0.9714153)
"""BPD outer-to-inner from outer-to-outer, mm: https://pmc.ncbi.nlm.nih.gov/articles/PMC8409806"""


def circumference(width, height):
    """Of an ellipse with these full axes, in their unit, by Ramanujan's second formula.

    For heads (axes 0.66 to 1) it is within a millionth of the exact integral.
    """
    a, b = width / 2, height / 2
    if a + b <= 0:
        return 0.0
    h = ((a - b) / (a + b)) ** 2
    return math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))


def ellipse_axes_mm(width_px, height_px, angle_deg, spacing_mm):
    """Long and short axis in mm of an ellipse on pixels that need not be square.

    The axes width_px and height_px stand at angle_deg and angle_deg + 90 (clockwise from the picture's x axis);
    spacing_mm is (x, y), the width and the height of one pixel.
    """
    turned = math.radians(angle_deg)
    sx, sy = spacing_mm
    a = (width_px / 2 * math.cos(turned) * sx, width_px / 2 * math.sin(turned) * sy)
    b = (-height_px / 2 * math.sin(turned) * sx, height_px / 2 * math.cos(turned) * sy)
    # a and b span the stretched ellipse; the singular values of the matrix [a b] are its half axes
    total = a[0] ** 2 + a[1] ** 2 + b[0] ** 2 + b[1] ** 2
    area = abs(a[0] * b[1] - a[1] * b[0])
    long = math.sqrt(max(0.0, (total + math.sqrt(max(0.0, total**2 - 4 * area**2))) / 2))
    return (2 * long, 2 * area / long) if long else (0.0, 0.0)


def head_mm(long_mm, short_mm):
    """HC, BPD outer-to-outer and OFD of an ellipse on the outer skull, in mm."""
    return {"HC": circumference(long_mm, short_mm), "BPD": short_mm, "OFD": long_mm}


def bpd_inner_mm(bpd_outer_mm):
    """BPD outer-to-inner (Hadlock) from outer-to-outer (INTERGROWTH)."""
    return INNER_FROM_OUTER[0] + INNER_FROM_OUTER[1] * bpd_outer_mm
