"""One thing that the doctor saw."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; it works all the same."""
    WRONG = "wrong"
    """It cannot work like this."""


@dataclass(frozen=True)
class Finding:
    """What was seen, and what to do about it."""

    part: str
    """settings, device, source, port, disk, memory or engine."""
    level: Level
    what: str
    do: str = ""
