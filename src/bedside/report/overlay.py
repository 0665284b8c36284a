"""An answer's outlines, boxes, lines and points as SVG over its picture: names of labels and numbers, nothing else."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bedside.inks import COLOURS, Places

DASHES = ("", "9 6", "3 5")
MOST_SHAPES = 400
ARM = 0.012


@dataclass(frozen=True)
class Shape:
    """One stroke with a name; an SVG path in pixels of the picture."""

    label: str
    path: str
    colour: str
    dash: str
    is_area: bool


class Inks:
    """The same label has the same colour on every picture of a report: the live page's."""

    def __init__(self) -> None:
        self._places = Places()

    def of(self, label: str) -> tuple[str, str]:
        """Colour and dashes of a label."""
        colour, dash = self._places.of(label)
        return COLOURS[colour], DASHES[dash]


def shapes(answer: Mapping[str, Any], width: int, height: int, inks: Inks) -> list[Shape]:
    """What lies over a picture of `width` x `height`; `answer` is the page's, with `outlines` for the mask.

    What cannot be drawn is left out: the answer comes from a file.
    """
    found: list[Shape] = []
    for label, points, is_closed, is_area in _strokes(answer, width / max(1, height)):
        pixels = [(x * width, y * height) for x, y in points]
        if len(found) >= MOST_SHAPES or not all(math.isfinite(value) for point in pixels for value in point):
            continue
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in pixels) + ("Z" if is_closed else "")
        found.append(Shape(label, path, *inks.of(label), is_area))
    return found


def _strokes(answer: Mapping[str, Any], aspect: float) -> Iterator[tuple[str, list[tuple[float, float]], bool, bool]]:
    for area in _dicts(answer, "outlines"):
        for ring in area.get("rings", ()):
            yield str(area.get("label", "")), [(float(x), float(y)) for x, y in ring], True, True
    for ellipse in _dicts(answer, "ellipses"):
        yield _name(ellipse, "ellipse"), _ellipse(ellipse, aspect), True, False
    for box in _dicts(answer, "boxes"):
        x, y, w, h = (_number(box, key) for key in ("x", "y", "width", "height"))
        yield _name(box, "box"), [(x, y), (x + w, y), (x + w, y + h), (x, y + h)], True, False
    for line in _dicts(answer, "lines"):
        x1, y1, x2, y2 = (_number(line, key) for key in ("x1", "y1", "x2", "y2"))
        yield _name(line, "line"), [(x1, y1), (x2, y2)], False, False
    for point in _dicts(answer, "points"):
        x, y = _number(point, "x"), _number(point, "y")
        yield _name(point, "point"), [(x - ARM, y), (x + ARM, y)], False, False
        yield _name(point, "point"), [(x, y - ARM * aspect), (x, y + ARM * aspect)], False, False


def _ellipse(ellipse: Mapping[str, Any], aspect: float) -> list[tuple[float, float]]:
    """Its ring; the angle is that on the screen, where a fraction of the width is `aspect` times one of the height."""
    rx, ry = _number(ellipse, "rx") * aspect, _number(ellipse, "ry")
    angle = math.radians(_number(ellipse, "angle_deg", 0.0))
    ring = []
    for degrees in range(0, 360, 5):
        x, y = rx * math.cos(math.radians(degrees)), ry * math.sin(math.radians(degrees))
        turned = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
        ring.append((_number(ellipse, "x") + turned[0] / aspect, _number(ellipse, "y") + turned[1]))
    return ring


def _dicts(answer: Mapping[str, Any], field: str) -> Sequence[Mapping[str, Any]]:
    values = answer.get(field)
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []


def _name(shape: Mapping[str, Any], without: str) -> str:
    return str(shape.get("label") or without)


def _number(shape: Mapping[str, Any], key: str, without: float = math.nan) -> float:
    value = shape.get(key, without)
    return float(value) if isinstance(value, int | float) and abs(value) < 1e6 else math.nan
