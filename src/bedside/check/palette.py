"""Colours of what is drawn over a picture: those of the page (page/palette.js), where each label keeps its own."""

from dataclasses import dataclass

from bedside.inks import COLOURS, Places

Colour = tuple[int, int, int]
"""Red, green, blue."""

DASHES: tuple[tuple[int, int], ...] = ((0, 0), (9, 6), (3, 5))
"""Pixels drawn and left out; past the last colour they come again, dashed."""

GROUND: Colour = (0x0A, 0x0D, 0x11)
PANEL: Colour = (0x11, 0x16, 0x1C)
RAISED: Colour = (0x24, 0x2D, 0x37)
INK: Colour = (0xEE, 0xF2, 0xF6)
DIM: Colour = (0x9A, 0xA7, 0xB4)
HALO: Colour = (0x04, 0x06, 0x09)
LEVELS: dict[str, Colour] = {
    "good": (0x5A, 0xD1, 0xA0),
    "near": (0xA9, 0xB8, 0xFF),
    "poor": (0xC3, 0xCC, 0xD5),
    "none": (0x8B, 0x97, 0xA3),
}


@dataclass(frozen=True)
class Ink:
    """How one label is drawn."""

    colour: Colour
    dash: tuple[int, int]


class Inks:
    """The same label has the same colour on every picture, the one that a page gives it."""

    def __init__(self) -> None:
        self._places = Places()

    def of(self, label: str) -> Ink:
        """The label's ink."""
        colour, dash = self._places.of(label)
        red, green, blue = bytes.fromhex(COLOURS[colour][1:])
        return Ink((red, green, blue), DASHES[dash])
