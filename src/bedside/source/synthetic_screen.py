"""The screen that the synthetic scanner shows, drawn picture by picture.

What never changes is painted once; a picture costs one copy of that, the fan, the clock, the cursor and the counter.
"""

import math

import cv2
import numpy as np

from bedside.messages import Pixels
from bedside.source import counter
from bedside.source.synthetic_fan import Fan

TITLE = "SYNTHETIC SCANNER - NOT A PATIENT"
GREY = (170, 170, 170)
DIM = (70, 70, 70)
LIT = (225, 225, 225)
LIST = (150, 160, 170)


class Screen:
    """Draws pictures of `width` x `height`; the same arguments always give the same picture."""

    def __init__(self, width: int, height: int, seed: int = 0) -> None:
        self.width, self.height = width, height
        self._unit = height / 72
        across = round(width * 0.64) // 2 * 2
        down = round(height * 0.8) // 2 * 2
        self._fan = Fan(across, down, seed)
        self.fan_x, self.fan_y = (width - self._fan.width) // 2, round(8 * self._unit)
        self._still = self._paint_still()

    @property
    def fan(self) -> tuple[int, int, int, int]:
        """Where the scan moves: x, y, width, height in pixels."""
        return self.fan_x, self.fan_y, self._fan.width, self._fan.height

    def draw(self, number: int, scan: int, elapsed_s: float, frozen: bool) -> Pixels:
        """Picture `number`, showing scan `scan` (which stands still while frozen) at `elapsed_s` of its clock."""
        pixels = self._still.copy()
        x, y, width, height = self.fan
        self._fan.draw(scan, pixels[y : y + height, x : x + width])
        seconds = 36000 + elapsed_s
        clock = f"{int(seconds // 3600) % 24:02d}:{int(seconds // 60) % 60:02d}:{seconds % 60:04.1f}"
        self._text(pixels, clock, 112, 3, 1.2)
        self._freeze_button(pixels, frozen)
        self._cursor(pixels, elapsed_s)
        counter.draw(pixels, number)
        return pixels

    def list_over(self, pixels: Pixels) -> Pixels:
        """The same with a list of patients over all but the lowest rows, where the counter stands; painted in place."""
        pixels[: round(62 * self._unit)] = LIST
        for row in range(10):
            self._text(
                pixels,
                f"{row + 1:2d}   EXAMPLE PATIENT {row + 1:03d}   01.01.19{70 + row}",
                6,
                8 + row * 5.4,
                1.4,
                (20, 20, 20),
            )
        return pixels

    def _paint_still(self) -> Pixels:
        pixels = np.zeros((self.height, self.width, 3), np.uint8)
        self._text(pixels, TITLE, 1.5, 3, 1.2)
        self._text(pixels, "EXAMPLE SITE   C5-1   OB HEAD   FR 30   14 cm", 1.5, 5.8, 0.9)
        self._text(pixels, "MI 0.9  TIS 0.2", 108, 5.8, 0.9)
        self._ruler(pixels)
        self._grey_bar(pixels)
        return pixels

    def _ruler(self, pixels: Pixels) -> None:
        """Depth in centimetres, left of the fan."""
        x, top, _, height = self.fan
        x -= round(3 * self._unit)
        for tick in range(15):
            y = top + round(tick * (height - 1) / 14)
            length = round((2 if tick % 5 == 0 else 1) * self._unit)
            pixels[y : y + max(1, self.height // 720), x : x + length] = GREY
            if tick % 5 == 0:
                self._text(pixels, f"{tick}", x / self._unit - 3, y / self._unit + 0.6, 0.8)

    def _grey_bar(self, pixels: Pixels) -> None:
        """All grey levels, from white to black, right of the fan."""
        x = self.fan_x + self.fan[2] + round(2 * self._unit)
        top, length = round(12 * self._unit), round(30 * self._unit)
        levels = np.linspace(255, 0, length).astype(np.uint8)
        pixels[top : top + length, x : x + round(2 * self._unit)] = levels[:, None, None]

    def _freeze_button(self, pixels: Pixels, frozen: bool) -> None:
        left, top = self._panel_left(), round(46 * self._unit)
        right, bottom = left + round(13 * self._unit), top + round(5 * self._unit)
        color = LIT if frozen else DIM
        cv2.rectangle(pixels, (left, top), (right, bottom), color, -1 if frozen else max(1, round(self._unit / 5)))
        text = (0, 0, 0) if frozen else GREY
        self._text(pixels, "FROZEN" if frozen else "FREEZE", left / self._unit + 1.8, 49.3, 1.2, text)

    def _cursor(self, pixels: Pixels, elapsed_s: float) -> None:
        """An arrow that wanders below the button, in the frozen picture too."""
        x = self._panel_left() + (6 + 4 * math.sin(elapsed_s * 0.9)) * self._unit
        y = (59 + 3 * math.cos(elapsed_s * 1.3)) * self._unit
        arrow = np.array([[0, 0], [0, 3], [0.8, 2.3], [1.4, 3.4], [1.9, 3.1], [1.3, 2.1], [2.2, 2]]) * self._unit
        cv2.fillPoly(pixels, [np.rint(arrow + np.array([x, y])).astype(np.int32)], (240, 240, 240))

    def _panel_left(self) -> int:
        return self.width - round(16 * self._unit)

    def _text(
        self, pixels: Pixels, text: str, x: float, y: float, scale: float, color: tuple[int, int, int] = GREY
    ) -> None:
        """Text whose baseline starts at x, y, in units of 1/72 of the height."""
        place = (round(x * self._unit), round(y * self._unit))
        size = scale * self._unit / 20
        cv2.putText(pixels, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, color, max(1, round(self._unit / 8)))


def blue(width: int, height: int) -> Pixels:
    """What a capture box shows when its cable carries nothing."""
    return np.full((height, width, 3), (16, 32, 200), np.uint8)
