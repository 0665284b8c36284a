"""What an answer says beside the picture: verdict, guidance, checklist, bars, numbers, small pictures, text."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from bedside.check.lettering import CAPITAL, fitting, width_of, wrapped, write
from bedside.check.palette import DIM, INK, LEVELS, PANEL, RAISED, Colour
from bedside.messages import Pixels

EDGE_PX = 18
ROW_PX = 30
SIZE_PX = 19.0
GAP_PX = 12
LEAST_IMAGE_PX = 60
MOST_CLASSES = 8
PARTLY = 0.3
"""A concept with so much of its highest value is partly there."""
ARROWS = {
    "up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0), "tilt_up": (0, -1), "tilt_down": (0, 1),
    "rotate_left": (-1, 0), "rotate_right": (1, 0),
}  # fmt: skip


class Panel:
    """Writes from top to bottom on `canvas`, uint8 [height, width, 3]; what does not fit is counted."""

    def __init__(self, canvas: Pixels) -> None:
        canvas[:] = PANEL
        self._canvas = canvas
        self._y = float(EDGE_PX)
        self._left_out = 0

    @property
    def _width(self) -> int:
        return int(self._canvas.shape[1]) - 2 * EDGE_PX

    def show(self, answer: Mapping[str, Any], error: str) -> None:
        """Everything that the answer says, in the order of the page; `error` takes its place."""
        if error:
            self._verdict({"label": "No answer for this picture", "level": "none"})
            self._lines(error, 8, INK)
        if "verdict" in answer:
            self._verdict(answer["verdict"])
        if "guidance" in answer:
            self._guidance(answer["guidance"])
        for concept in answer.get("concepts", ()):
            self._concept(concept)
        self._y += GAP_PX
        classes = sorted(answer.get("classes", ()), key=lambda one: -one["score"])
        self._left_out += max(0, len(classes) - MOST_CLASSES)
        for one in classes[:MOST_CLASSES]:
            self._class(one)
        self._y += GAP_PX
        for measurement in answer.get("measurements", ()):
            self._measurement(measurement)
        self._images(answer.get("images", ()))
        if "text" in answer:
            self._lines(answer["text"], 6, DIM)
        if self._left_out:
            height = self._canvas.shape[0]
            write(self._canvas, f"and {self._left_out} more", (EDGE_PX, height - 8), 15, DIM)

    def _room(self, height: float) -> bool:
        """Whether so much fits; what does not is counted."""
        fits = bool(self._y + height <= self._canvas.shape[0] - EDGE_PX)
        self._left_out += not fits
        return fits

    def _row(self, text: str, right: str = "", colour: Colour = INK, indent: int = 0, *, bold: bool = False) -> None:
        base = self._y + (ROW_PX + SIZE_PX * CAPITAL) / 2
        room = self._width - indent - (width_of(right, SIZE_PX) + 10 if right else 0)
        left = fitting(text, SIZE_PX, room, bold=bold)
        write(self._canvas, left, (EDGE_PX + indent, base), SIZE_PX, colour, bold=bold)
        write(self._canvas, right, (EDGE_PX + self._width - width_of(right, SIZE_PX), base), SIZE_PX, INK)
        self._y += ROW_PX

    def _lines(self, text: str, most: int, colour: Colour, size: float = 17.0) -> None:
        for line in wrapped(text, size, self._width, most):
            if self._room(size * 1.4):
                write(self._canvas, line, (EDGE_PX, self._y + size), size, colour)
                self._y += size * 1.4
        self._y += GAP_PX / 2

    def _verdict(self, verdict: Mapping[str, Any]) -> None:
        level = verdict.get("level", "none")
        glyph(self._canvas, level, (EDGE_PX + 17, self._y + 20), 16, LEVELS[level])
        size = 31.0
        for line in wrapped(verdict["label"], size, self._width - 46, 2, bold=True):
            write(self._canvas, line, (EDGE_PX + 46, self._y + 31), size, INK, bold=True)
            self._y += 38
        score = f"{verdict['score']:.0%}" if "score" in verdict else ""
        if beside := ", ".join(filter(None, [score, verdict.get("text", "")])):
            self._lines(beside, 2, DIM)
        self._y += GAP_PX

    def _guidance(self, guidance: Mapping[str, Any]) -> None:
        if not self._room(2 * ROW_PX):
            return
        top = round(self._y)
        towards = ARROWS.get(guidance.get("direction", ""))
        indent = 34 if towards else 0
        if towards:
            x, y = EDGE_PX + 11, top + ROW_PX // 2
            dx, dy = towards[0] * 10, towards[1] * 10
            cv2.arrowedLine(self._canvas, (x - dx, y - dy), (x + dx, y + dy), LEVELS["near"], 3, cv2.LINE_AA, 0, 0.5)
        for line in wrapped(guidance["text"], SIZE_PX, self._width - indent, 2, bold=True):
            self._row(line, indent=indent, bold=True)
        if "detail" in guidance:
            self._lines(guidance["detail"], 2, DIM)
        self._y += GAP_PX

    def _concept(self, concept: Mapping[str, Any]) -> None:
        if not self._room(ROW_PX):
            return
        value, most = concept.get("value"), concept.get("max")
        level = {True: "good", False: "poor", None: "none"}[concept.get("ok")]
        if level == "poor" and value is not None and most and value / most >= PARTLY:
            level = "near"
        glyph(self._canvas, level, (EDGE_PX + 10, self._y + ROW_PX / 2), 9, LEVELS[level])
        number = "" if value is None else f"{value:.3g}" + (f" / {most:g}" if most is not None else "")
        self._row(concept["name"], number, indent=30, bold=level == "poor")
        if concept.get("ok") is False and "hint" in concept and self._room(ROW_PX):
            hint = fitting(concept["hint"], 17, self._width - 30)
            write(self._canvas, hint, (EDGE_PX + 30, self._y + 16), 17, DIM)
            self._y += 24

    def _class(self, one: Mapping[str, Any]) -> None:
        if not self._room(ROW_PX + 8):
            return
        self._row(one["name"], f"{one['score']:.2f}")
        top, left = round(self._y), EDGE_PX
        cv2.rectangle(self._canvas, (left, top), (left + self._width, top + 5), RAISED, -1)
        cv2.rectangle(
            self._canvas, (left, top), (left + round(self._width * one["score"]), top + 5), LEVELS["near"], -1
        )
        self._y += 8

    def _measurement(self, one: Mapping[str, Any]) -> None:
        if self._room(ROW_PX):
            about = f" ± {one['uncertainty']:.3g}" if "uncertainty" in one else ""
            self._row(one["name"], f"{one['value']:.4g}{about} {one.get('unit', '')}".strip(), DIM)

    def _images(self, images: Sequence[Mapping[str, Any]]) -> None:
        """Two beside each other, each with its title above."""
        width = (self._width - GAP_PX) // 2
        self._y += GAP_PX if images else 0
        for at in range(0, len(images), 2):
            left_px = int(self._canvas.shape[0] - EDGE_PX - self._y - 24)
            most = max(LEAST_IMAGE_PX, min(150, left_px))
            pair = [thumbnail(image["pixels"], width, most) for image in images[at : at + 2]]
            height = max(one.shape[0] for one in pair)
            if not self._room(height + 24):
                continue
            for place, (image, one) in enumerate(zip(images[at : at + 2], pair, strict=True)):
                x = EDGE_PX + place * (width + GAP_PX)
                write(self._canvas, fitting(image.get("title", ""), 15, width), (x, self._y + 14), 15, DIM)
                y = round(self._y) + 22
                self._canvas[y : y + one.shape[0], x : x + one.shape[1]] = one
            self._y += height + 24 + GAP_PX


def thumbnail(pixels: Pixels, width: int, height: int) -> Pixels:
    """A picture of an answer, grey or RGB, as RGB and no larger than `width` x `height`."""
    share = min(width / pixels.shape[1], height / pixels.shape[0])
    size = (max(1, round(pixels.shape[1] * share)), max(1, round(pixels.shape[0] * share)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_NEAREST)
    coloured: Any = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)
    return np.asarray(coloured, np.uint8)


def glyph(canvas: Pixels, level: str, middle: tuple[float, float], radius: int, colour: Colour) -> None:
    """The page's signs: a disc with a tick is good, a half disc near, a ring poor, a dashed ring unknown."""
    x, y = round(middle[0]), round(middle[1])
    if level == "good":
        cv2.circle(canvas, (x, y), radius, colour, -1, cv2.LINE_AA)
        tick = np.array([[-0.45, 0.05], [-0.12, 0.4], [0.5, -0.35]]) * radius + [x, y]
        cv2.polylines(canvas, [tick.round().astype(np.int32)], False, PANEL, max(2, radius // 4), cv2.LINE_AA)
        return
    starts = range(0, 360, 45) if level == "none" else [0]
    for start in starts:
        cv2.ellipse(canvas, (x, y), (radius, radius), 0, start, start + (24 if level == "none" else 360), colour, 2,
                    cv2.LINE_AA)  # fmt: skip
    if level == "near":
        cv2.ellipse(canvas, (x, y), (radius - 1, radius - 1), 90, 0, 180, colour, -1, cv2.LINE_AA)
