"""Colours of what is drawn over a picture: those of the page (page/palette.js), where each label keeps its own."""

from dataclasses import dataclass

Colour = tuple[int, int, int]
"""Red, green, blue."""

COLOURS: tuple[Colour, ...] = (
    (0x5F, 0x9C, 0xF7),
    (0xEE, 0x8F, 0x4D),
    (0x86, 0xF2, 0xA4),
    (0xE0, 0x8F, 0xD0),
    (0xCF, 0xC4, 0xFF),
    (0xFF, 0xF6, 0xE8),
)
DASHES: tuple[tuple[int, int], ...] = ((0, 0), (9, 6), (3, 5))
"""Pixels drawn and left out; past the sixth label the colours come again, dashed."""

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
        self._places: dict[str, int] = {}

    def of(self, label: str) -> Ink:
        """The label's ink; its place comes from its letters, and moves on where another label sits already."""
        if label not in self._places:
            self._places[label] = self._free(label)
        place = self._places[label]
        return Ink(COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)])

    def _free(self, label: str) -> int:
        taken, most = set(self._places.values()), len(COLOURS) * len(DASHES)
        place = 7
        for letter in label:
            place = (place * 31 + ord(letter)) % 65521
        place %= len(COLOURS)
        while place in taken and len(taken) < most:
            place = (place + 1) % (len(COLOURS) if len(taken) < len(COLOURS) else most)
        return place
