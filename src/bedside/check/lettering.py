"""Words on a picture: measured, cut to fit, with a dark rim where the ground is not plain."""

import cv2

from bedside.check.palette import HALO, Colour
from bedside.messages import Pixels

PLAIN, BOLD = cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX
RIM_PX = ((-2, 0), (2, 0), (0, -2), (0, 2), (-1, -1), (1, -1), (-1, 1), (1, 1))
CAPITAL = 0.72
"""Height of a capital letter, of the size."""


def width_of(text: str, size_px: float, *, bold: bool = False) -> int:
    """How wide a text will be, in pixels."""
    return int(cv2.getTextSize(text, BOLD if bold else PLAIN, size_px / 30, 1)[0][0])


def write(
    canvas: Pixels,
    text: str,
    at: tuple[float, float],
    size_px: float,
    colour: Colour,
    *,
    bold: bool = False,
    rim: bool = False,
) -> None:
    """One line; `at` is the left end of its base line."""
    x, y = round(at[0]), round(at[1])
    font, scale = (BOLD if bold else PLAIN), size_px / 30
    for dx, dy in RIM_PX if rim else ():
        cv2.putText(canvas, text, (x + dx, y + dy), font, scale, HALO, 1, cv2.LINE_AA)
    cv2.putText(canvas, text, (x, y), font, scale, colour, 1, cv2.LINE_AA)


def fitting(text: str, size_px: float, width: float, *, bold: bool = False) -> str:
    """The text, cut with dots where it is wider than `width`."""
    if width_of(text, size_px, bold=bold) <= width:
        return text
    while text and width_of(text + "...", size_px, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "..."


def wrapped(text: str, size_px: float, width: float, most: int, *, bold: bool = False) -> list[str]:
    """The text in at most so many lines; the last one is cut where there is more."""
    words, lines = text.split(), [""]
    for at, word in enumerate(words):
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size_px, bold=bold) <= width or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = " ".join([lines[-1], *words[at:]])
            break
    return [fitting(line, size_px, width, bold=bold) for line in lines if line]
