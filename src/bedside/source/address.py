"""What follows the scheme in a source's address: a place and its options, `clip.mp4?loop=1&speed=2`."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from bedside.errors import SourceError


@dataclass(frozen=True)
class Address:
    """One source's address, taken apart; `whole` is how it was written, for messages."""

    whole: str
    place: str
    options: Mapping[str, str]

    def number(self, name: str, default: float, least: float = 0.0) -> float:
        """The option as a number of at least `least`. Raises SourceError for anything else."""
        text = self.options.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value < float("inf"):
            raise SourceError(f"{self.whole}: {name} is {text!r}; expected a number of {least:g} or more")
        return value

    def flag(self, name: str) -> bool:
        """The option as yes or no; no when it is absent. Raises SourceError for anything else."""
        text = self.options.get(name, "0")
        if text not in ("0", "1", "true", "false", ""):
            raise SourceError(f"{self.whole}: {name} is {text!r}; expected 1 or 0")
        return text in ("1", "true", "")

    def size(self, default: tuple[int, int], setting: str = "") -> tuple[int, int]:
        """(width, height) from the option `size`, else from `setting`, else `default`. Raises SourceError."""
        text = self.options.get("size", setting)
        if not text:
            return default
        width, _, height = text.lower().partition("x")
        if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
            raise SourceError(f"{self.whole}: size is {text!r}; expected WIDTHxHEIGHT such as 1920x1080")
        return int(width), int(height)


def parse_address(scheme: str, text: str, known: tuple[str, ...]) -> Address:
    """Take the text after the scheme apart. Raises SourceError for an option that is not in `known`."""
    place, _, query = text.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    whole = f"{scheme}:{text}"
    for name in options:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean '{close[0]}'?" if close else f"it may be one of {', '.join(known)}"
            raise SourceError(f"{whole}: unknown option '{name}'; {meant}")
    return Address(whole, place, options)
