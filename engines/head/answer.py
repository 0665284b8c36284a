"""What the page shows: verdict, checklist, guidance, shapes and numbers."""

import math

import numpy as np
from outline import FINE

NOTE = "Trained on HC18, two scanners of one hospital; it has seen no abdomen and no femur. Research use only."
SET_SPACING = "Set the pixel spacing (or calibrate on the ruler) to read HC, BPD and OFD in millimetres."
VISIBLE, FITS, FILLS = 0.9, 0.93, 0.5
"""From here on a line of the checklist is met: share of the outline, overlap, share of the scan's width or height."""
HC_MM = (30, 450)
"""Head circumferences that there are, from 9 weeks on."""
LIT = 10
"""Grey level above which the scan is not black."""


def no_head(score):
    """The answer where no head is found."""
    return {
        "verdict": {"label": "No head", "level": "none", "score": score, "text": "no fetal head is outlined here"},
        "concepts": [{"name": name} for name in ("whole outline visible", "fills half", "ellipse fits")],
        "text": NOTE,
    }


def head_answer(outline, mask, placed, score, measured):
    """The answer about a head; `measured` is {name: (mm, uncertainty in mm)}, None without a pixel spacing."""
    ellipse = (outline.x_px, outline.y_px), (outline.width_px, outline.height_px), outline.angle_deg
    points = boundary(ellipse)
    concepts = checklist(outline, points, placed)
    low = [one for one in concepts if not one["ok"]]
    text = "whole, large enough, and an even oval" if not low else "not yet: " + ", ".join(one["name"] for one in low)
    high, wide = placed.height * FINE, placed.width * FINE
    top, left = placed.top * FINE, placed.left * FINE
    words = spacing_words(measured)
    return {
        "verdict": {"label": "Head", "level": "near" if low else "good", "score": score, "text": text},
        "concepts": concepts,
        "guidance": guidance(low, points, placed),
        "mask": mask[top : top + high, left : left + wide].astype(np.uint8),
        "labels": ["background", "head"],
        **shapes(outline, placed),
        "measurements": measurements(outline, measured),
        "text": f"{words} {NOTE}".strip(),
    }


def spacing_words(measured):
    """What is to be said of the pixel spacing: that it is missing, that it cannot be right, or nothing."""
    if not measured:
        return SET_SPACING
    hc_mm = measured["HC"][0]
    return "" if HC_MM[0] <= hc_mm <= HC_MM[1] else f"An HC of {hc_mm:.0f} mm cannot be: check the pixel spacing."


def boundary(ellipse, count=90):
    """Points on an ellipse, [count, 2], in the picture's pixels."""
    (x, y), (width, height), angle = ellipse
    round_ = np.linspace(0, 2 * math.pi, count, endpoint=False)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    u, v = width / 2 * np.cos(round_), height / 2 * np.sin(round_)
    return np.stack([x + c * u - s * v, y + s * u + c * v], 1)


def checklist(outline, points, placed):
    """Three lines with 0 to 10 points each."""
    return [
        line("whole outline visible", visible(points, placed), VISIBLE, "show the whole skull"),
        line("fills half", filling(points, placed), FILLS, "reduce the depth, or enlarge the picture"),
        line("ellipse fits", outline.agreement, FITS, "tilt until the skull is an even oval"),
    ]


def line(name, share, enough, hint):
    """One line of the checklist."""
    found = {"name": name, "ok": bool(share >= enough), "value": round(10 * share, 1), "max": 10}
    return found if found["ok"] else {**found, "hint": hint}


def visible(points, placed):
    """Share of the outline that lies on the picture, where the scan is not black close by."""
    x = np.floor(points[:, 0] * placed.scale).astype(int)
    y = np.floor(points[:, 1] * placed.scale).astype(int)
    there = (x >= 1) & (x < placed.width - 1) & (y >= 1) & (y < placed.height - 1)
    near = np.arange(-3, 4)
    rows = np.clip(placed.top + y[:, None, None] + near[:, None], 0, placed.grey.shape[0] - 1)
    columns = np.clip(placed.left + x[:, None, None] + near, 0, placed.grey.shape[1] - 1)
    return float((there & (placed.grey[rows, columns].max((1, 2)) > LIT)).mean())


def filling(points, placed):
    """The larger of two shares: the head's width of the scan's, and the head's height of the scan's."""
    lit = placed.grey > LIT
    rows, columns = np.flatnonzero(lit.mean(1) > 0.02), np.flatnonzero(lit.mean(0) > 0.02)
    scan = [max(1, np.ptp(each)) if len(each) else 1 for each in (columns, rows)]
    size = np.ptp(points, axis=0) * placed.scale
    return float(min(1.0, max(size / scan)))


def guidance(low, points, placed):
    """What to do first; where the picture's edge cuts the head, the way there."""
    if not low:
        return {"text": "Hold still", "direction": "hold", "detail": "the head can be measured"}
    right, bottom = placed.width / placed.scale, placed.height / placed.scale
    beyond = {
        "left": -points[:, 0].min() / right,
        "right": points[:, 0].max() / right - 1,
        "up": -points[:, 1].min() / bottom,
        "down": points[:, 1].max() / bottom - 1,
    }
    side = max(beyond, key=beyond.get)
    first = low[0]
    if beyond[side] > 0 and first["name"] == "whole outline visible":
        if side == "down":
            return {"text": "Increase the depth", "detail": "the picture ends before the head does"}
        if side == "up":
            return {"text": "Centre the head", "detail": "it is cut at the upper edge"}
        return {"text": f"Slide to the {side}", "direction": side, "detail": "the picture's edge cuts the head"}
    return {"text": first["hint"][0].upper() + first["hint"][1:], "detail": f"missing: {first['name']}"}


def shapes(outline, placed):
    """The ellipse and its two axes, as fractions of the picture."""
    width, height = placed.width / placed.scale, placed.height / placed.scale
    turn = math.radians(outline.angle_deg)
    axes = [(outline.width_px, turn), (outline.height_px, turn + math.pi / 2)]
    lines = []
    for name, (length, angle) in zip(("OFD", "BPD"), sorted(axes, reverse=True), strict=True):
        x, y = length / 2 * math.cos(angle), length / 2 * math.sin(angle)
        ends = {"x1": outline.x_px - x, "y1": outline.y_px - y, "x2": outline.x_px + x, "y2": outline.y_px + y}
        place = {end: bounded(at / (width if end[0] == "x" else height)) for end, at in ends.items()}
        lines.append({**place, "label": name})
    ellipse = {
        "x": bounded(outline.x_px / width),
        "y": bounded(outline.y_px / height),
        "rx": min(2.0, outline.width_px / 2 / width),
        "ry": min(2.0, outline.height_px / 2 / height),
        "angle_deg": outline.angle_deg,
        "label": "HC",
    }
    return {"ellipses": [ellipse], "lines": lines}


def bounded(fraction):
    """Shapes may reach so far outside."""
    return float(min(2.0, max(-1.0, fraction)))


def measurements(outline, measured):
    """In mm where that is known; the ratio of the axes always."""
    short, long = sorted((outline.width_px, outline.height_px))
    ratio = {"name": "BPD / OFD", "value": round(100 * short / long), "unit": "%"}
    found = []
    for name, (value, uncertainty) in (measured or {}).items():
        found.append({"name": name, "value": round(value, 1), "unit": "mm", "uncertainty": round(uncertainty, 1)})
    return [*found, ratio]
