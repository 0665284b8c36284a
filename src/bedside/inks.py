"""Which colour a label has, wherever it is drawn: the live page's (page/palette.js)."""

import re

COLOURS = ("#5f9cf7", "#ee8f4d", "#86f2a4", "#e08fd0", "#cfc4ff", "#fff6e8", "#5fa39a", "#a89562")
"""Distinct in hue and in lightness, so that they stay apart for colour-blind eyes. Red, yellow and cyan are alarms'."""
DASHES = 3
"""Past the last colour they come again, dashed in one way and then in another."""
STRUCTURES = {
    **dict.fromkeys(("skull", "head", "abdomen"), 0),
    **dict.fromkeys(("cavum", "stomach", "cervical canal"), 1),
    **dict.fromkeys(("posterior fossa", "kidney", "bladder"), 2),
    **dict.fromkeys(("thalamus", "umbilical vein", "inner cervix"), 3),
    **dict.fromkeys(("femur", "bpd"), 4),
    **dict.fromkeys(("outer cervix", "hc", "ac", "fl"), 5),
    "ofd": 6,
}
"""Structures of the standard planes, and what is measured on them: what is seen together differs most."""
LENGTH = re.compile(r"[\d.,]+\s*(mm|cm|%|°|g|ml)(?![a-z])", re.IGNORECASE)


class Places:
    """The same label has the same place on every picture: a structure's own, or one that comes from its letters."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def of(self, label: str) -> tuple[int, int]:
        """Place in COLOURS, and which dashes, 0 for none. What was measured does not count: `HC 281 mm` is `HC`."""
        name = LENGTH.sub("", label).strip().lower() or label
        if name in STRUCTURES:
            return STRUCTURES[name], 0
        if name not in self._places:
            self._places[name] = self._free(name)
        place = self._places[name]
        return place % len(COLOURS), place // len(COLOURS) % DASHES

    def _free(self, name: str) -> int:
        taken, most = set(self._places.values()), len(COLOURS) * DASHES
        place = 7
        for letter in name:
            place = (place * 31 + ord(letter)) % 65521
        place %= len(COLOURS)
        while place in taken and len(taken) < most:
            place = (place + 1) % (len(COLOURS) if len(taken) < len(COLOURS) else most)
        return place
