"""Draws an answer's mask, ellipses, boxes, lines and points over a picture, with their names, as a page does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.check.lettering import CAPITAL, width_of, write
from bedside.check.palette import HALO, Colour, Ink, Inks
from bedside.hub.outline import outlines
from bedside.messages import Pixels

Points = NDArray[np.float64]
TINT = 0.16
SMALL_SHARE = 0.06
ARM_PX = 8.0


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    w: float
    h: float

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.w * self.h

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share a pixel."""
        across = self.x < other.x + other.w and other.x < self.x + self.w
        return across and self.y < other.y + other.h and other.y < self.y + self.h


@dataclass(frozen=True)
class Shape:
    """Strokes of one colour with a name. A closed stroke is a ring; all rings of a shape together are filled."""

    name: str
    label: str
    strokes: Sequence[Points]
    closed: bool = True
    filled: bool = False

    @property
    def around(self) -> Box:
        """Where the shape is."""
        every = np.concatenate(self.strokes)
        (left, top), (right, bottom) = every.min(axis=0), every.max(axis=0)
        return Box(float(left), float(top), float(right - left), float(bottom - top))


def draw(canvas: Pixels, answer: Mapping[str, Any], inks: Inks) -> None:
    """Draw on `canvas`, uint8 [height, width, 3], in place."""
    height, width = canvas.shape[:2]
    shapes = list(_shapes(answer, width, height))
    thick = min(3, max(2, round(width / 480)))
    for shape in shapes:
        if shape.filled:
            _tint(canvas, shape, inks.of(shape.name).colour)
    for shape in shapes:
        for stroke in shape.strokes:
            _stroke(canvas, stroke, shape.closed, Ink(HALO, (0, 0)), thick + 2)
    for shape in shapes:
        for stroke in shape.strokes:
            _stroke(canvas, stroke, shape.closed, inks.of(shape.name), thick)
    _tags(canvas, [shape for shape in shapes if shape.label], inks)


def _shapes(answer: Mapping[str, Any], width: int, height: int) -> Iterator[Shape]:
    size = np.array([width, height], np.float64)
    if "mask" in answer:
        for found in outlines(answer["mask"], answer.get("labels", ())):
            if rings := [np.asarray(ring) * size for ring in found["rings"]]:
                yield Shape(found["label"], found["label"], rings, filled=True)
    for ellipse in answer.get("ellipses", ()):
        yield Shape(ellipse.get("label") or "ellipse", ellipse.get("label", ""), [_ellipse(ellipse, size)])
    for box in answer.get("boxes", ()):
        x, y = box["x"], box["y"]
        right, bottom = x + box["width"], y + box["height"]
        corners = np.array([[x, y], [right, y], [right, bottom], [x, bottom]]) * size
        yield Shape(box.get("label") or "box", _named(box), [corners])
    for line in answer.get("lines", ()):
        ends = np.array([[line["x1"], line["y1"]], [line["x2"], line["y2"]]]) * size
        yield Shape(line.get("label") or "line", line.get("label", ""), _caliper(ends), closed=False)
    for point in answer.get("points", ()):
        at = np.array([point["x"], point["y"]]) * size
        arms = [np.array([at - arm, at + arm]) for arm in (np.array([ARM_PX, 0]), np.array([0, ARM_PX]))]
        yield Shape(point.get("label") or "point", point.get("label", ""), arms, closed=False)


def _named(box: Mapping[str, Any]) -> str:
    score = f" {box['score']:.2f}" if "score" in box else ""
    return f"{box.get('label', '')}{score}".strip()


def _ellipse(ellipse: Mapping[str, Any], size: NDArray[np.float64]) -> Points:
    turn = np.radians(np.arange(0, 360, 4))
    angle = np.radians(ellipse.get("angle_deg", 0.0))
    x, y = np.cos(turn) * abs(ellipse["rx"]) * size[0], np.sin(turn) * abs(ellipse["ry"]) * size[1]
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)
    ring: Points = turned + np.array([ellipse["x"], ellipse["y"]]) * size
    return ring


def _caliper(ends: Points) -> list[Points]:
    """A line with a bar across each end."""
    along = ends[1] - ends[0]
    across = np.array([-along[1], along[0]]) / (np.hypot(*along) or 1.0) * ARM_PX
    return [ends, *(np.array([end - across, end + across]) for end in ends)]


def _tint(canvas: Pixels, shape: Shape, colour: Colour) -> None:
    """Large shapes get less, so that the tissue stays as it is."""
    is_large = shape.around.area > canvas.shape[0] * canvas.shape[1] * SMALL_SHARE
    painted = canvas.copy()
    cv2.fillPoly(painted, [_whole(ring) for ring in shape.strokes], colour)
    share = TINT / 2 if is_large else TINT
    cv2.addWeighted(painted, share, canvas, 1 - share, 0, dst=canvas)


def _stroke(canvas: Pixels, stroke: Points, closed: bool, ink: Ink, thick: int) -> None:
    if not ink.dash[0]:
        cv2.polylines(canvas, [_whole(stroke)], closed, ink.colour, thick, cv2.LINE_AA)
        return
    for dash in _dashes(np.concatenate([stroke, stroke[:1]]) if closed else stroke, *ink.dash):
        cv2.polylines(canvas, [_whole(dash)], False, ink.colour, thick, cv2.LINE_AA)


def _dashes(path: Points, drawn: float, left_out: float) -> Iterator[Points]:
    """Pieces of a path: so many pixels drawn, then so many left out."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    for start in np.arange(0.0, along[-1], drawn + left_out):
        inner = along[(along > start) & (along < start + drawn)]
        at = np.concatenate([[start], inner, [min(start + drawn, along[-1])]])
        yield np.stack([np.interp(at, along, path[:, 0]), np.interp(at, along, path[:, 1])], axis=1)


def _whole(points: Points) -> NDArray[np.int32]:
    return np.clip(np.round(points), -30000, 30000).astype(np.int32)


def _tags(canvas: Pixels, shapes: Sequence[Shape], inks: Inks) -> None:
    """Each name goes to the first free place around its shape, small shapes first: those have the least room."""
    height, width = canvas.shape[:2]
    size = min(26.0, max(15.0, width / 40))
    small = [shape.around for shape in shapes if shape.around.area < width * height * SMALL_SHARE]
    names: list[Box] = []
    for shape in sorted(shapes, key=lambda shape: shape.around.area):
        text_width = width_of(shape.label, size, bold=True)
        others = [box for box in small if box != shape.around]
        place = _free_place(_anchor(shape), text_width, size * 1.25, (width, height), names, others)
        names.append(place)
        base = place.y + (place.h + size * CAPITAL) / 2
        write(canvas, shape.label, (place.x, base), size, inks.of(shape.name).colour, bold=True, rim=True)


def _anchor(shape: Shape) -> Box:
    """Beside the right edge of a filled shape, since its box may reach far past it; else the shape's box."""
    if not shape.filled:
        return shape.around
    every = np.concatenate(shape.strokes)
    x, y = every[every[:, 0].argmax()]
    return Box(float(x) - 2, float(y) - 2, 4, 4)


def _free_place(
    shape: Box, w: float, h: float, size: tuple[int, int], names: Sequence[Box], others: Sequence[Box]
) -> Box:
    """The first place that is clear of everything; else of names and of its own shape; else of names."""
    gap = h * 0.35
    right, bottom = shape.x + shape.w, shape.y + shape.h
    spots = [
        (right + gap, shape.y + shape.h / 2 - h / 2),
        (shape.x - gap - w, shape.y + shape.h / 2 - h / 2),
        (shape.x + shape.w / 2 - w / 2, shape.y - h),
        (shape.x + shape.w / 2 - w / 2, bottom),
        (right - w - gap, bottom - h - gap),
        (shape.x + gap, shape.y + gap),
    ]
    inside = [Box(max(gap, min(x, size[0] - w - gap)), max(0.0, min(y, size[1] - h)), w, h) for x, y in spots]
    readable = [spot for spot in inside if not any(spot.overlaps(name) for name in names)]
    own = [spot for spot in readable if not spot.overlaps(shape)]
    clear = [spot for spot in own if not any(spot.overlaps(other) for other in others)]
    return [*clear, *own, *readable, *inside][0]
