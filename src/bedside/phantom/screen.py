"""The scanner's screen about the fan: header, depth ruler, grey bar, settings, freeze box, calipers.

What does not change is painted once for each depth. Texts name no person and no maker.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from bedside.messages import Pixels
from bedside.phantom.beam import FOCUS
from bedside.phantom.bmode import DYNAMIC_DB
from bedside.phantom.calipers import Caliper
from bedside.phantom.geometry import Geometry

TITLE = "PHANTOM - NOT A PATIENT"
SETTINGS = "EXAMPLE SITE   C5-1   OB 3RD TRIMESTER"
STARTS_S = 9 * 3600
"""The clock's time when the scanner is switched on."""
GREY, DIM, LIT = (170, 170, 170), (70, 70, 70), (225, 225, 225)
FONT = cv2.FONT_HERSHEY_SIMPLEX


class Screen:
    """Of one geometry. Places are in px of a screen of 960x720, and scale with the screen."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        width, height = geometry.size
        self._across, self._down = width / 960, height / 720
        self._still = self._paint_still()

    def draw(
        self,
        fan: npt.NDArray[np.uint8],
        gain_db: float,
        elapsed_s: float,
        is_frozen: bool = False,
        calipers: Sequence[Caliper] = (),
    ) -> Pixels:
        """RGB [height, width, 3] of `fan` [height, width] grey, at `elapsed_s` of the scanner's clock."""
        pixels = self._still.copy()
        x, y, width, height = self._geometry.fan_px
        box = pixels[y : y + height, x : x + width]
        cv2.cvtColor(fan, cv2.COLOR_GRAY2RGB, box)
        seconds = STARTS_S + elapsed_s
        clock = f"{int(seconds // 3600) % 24:02d}:{int(seconds // 60) % 60:02d}:{int(seconds % 60):02d}"
        self._text(pixels, clock, 858, 24, 0.55)
        self._text(pixels, f"GN {gain_db:+.0f}", 886, 300, 0.45)
        self._freeze_box(pixels, is_frozen)
        self._measure(pixels, calipers)
        return pixels

    def _paint_still(self) -> Pixels:
        pixels = np.zeros((*self._geometry.size[::-1], 3), np.uint8)
        self._text(pixels, TITLE, 16, 24, 0.55)
        self._text(pixels, SETTINGS, 16, 48, 0.45)
        self._text(pixels, "MI 1.1  TIS 0.3", 834, 48, 0.42)
        for line, text in enumerate((f"D {self._geometry.depth_mm / 10:.1f} cm", "FR 31 Hz", f"DR {DYNAMIC_DB:.0f}")):
            self._text(pixels, text, 886, 324 + 24 * line, 0.42)
        self._ruler(pixels)
        self._grey_bar(pixels)
        return pixels

    def _ruler(self, pixels: Pixels) -> None:
        """Depth in centimetres at the left, from the middle of the probe's face, and the focus."""
        for tick in range(int(self._geometry.depth_mm / 10) + 1):
            y = round(float(self._geometry.to_screen(np.array([0.0, 10.0 * tick]))[1]))
            length = 12 if tick % 5 == 0 else 6
            right = round(72 * self._across)
            pixels[y : y + 1, right - round(length * self._across) : right] = GREY
            if tick % 5 == 0:
                self._text(pixels, f"{tick}", 36 if tick > 9 else 45, y / self._down + 4, 0.4)
        y = round(float(self._geometry.to_screen(np.array([0.0, FOCUS * self._geometry.depth_mm]))[1]))
        mark = np.array([[66, 0], [76, -5], [76, 5]]) * [self._across, self._down] + [8 * self._across, y]
        cv2.fillPoly(pixels, [np.rint(mark).astype(np.int32)], LIT)

    def _grey_bar(self, pixels: Pixels) -> None:
        """All grey levels, from white to black, right of the fan."""
        top, length, left = round(80 * self._down), round(180 * self._down), round(900 * self._across)
        levels = np.linspace(255, 0, length).astype(np.uint8)
        pixels[top : top + length, left : left + round(14 * self._across)] = levels[:, None, None]

    def _freeze_box(self, pixels: Pixels, is_frozen: bool) -> None:
        left, top = self._at(880, 672)
        right, bottom = self._at(950, 700)
        cv2.rectangle(pixels, (left, top), (right, bottom), LIT if is_frozen else DIM, -1 if is_frozen else 1)
        text, color = ("FROZEN", (0, 0, 0)) if is_frozen else ("FREEZE", GREY)
        self._text(pixels, text, 885, 691, 0.45, color)

    def _measure(self, pixels: Pixels, calipers: Sequence[Caliper]) -> None:
        """Crosses joined by dots, and what they measure in a box."""
        for number, caliper in enumerate(calipers):
            self._text(pixels, f"{number + 1} {caliper.text}", 884, 440 + 22 * number, 0.38, LIT)
            for x, y in np.rint(caliper.dots_px).astype(int):
                cv2.circle(pixels, (int(x), int(y)), 0, LIT, -1)
            for x, y in np.rint(caliper.ends_px).astype(int):
                cv2.drawMarker(pixels, (int(x), int(y)), LIT, cv2.MARKER_CROSS, self._at(12, 12)[1], 1)
        if calipers:
            cv2.rectangle(pixels, self._at(878, 422), self._at(956, 428 + 22 * len(calipers)), DIM, 1)

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return round(x * self._across), round(y * self._down)

    def _text(
        self, pixels: Pixels, text: str, x: float, y: float, scale: float, color: tuple[int, int, int] = GREY
    ) -> None:
        """Text whose baseline starts at x, y."""
        unit = min(self._across, self._down)
        cv2.putText(pixels, text, self._at(x, y), FONT, scale * unit, color, max(1, round(unit)), cv2.LINE_AA)
