"""A recording as the player sees it: pictures in order, each with its time, made only when it is shown."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from bedside.messages import Pixels


@dataclass(frozen=True, slots=True)
class Still:
    """One picture of a recording."""

    at_s: float
    """When it is due, seconds from the start of the recording."""
    lasts_s: float
    """How long it stands when no other follows."""
    pixels: Callable[[], Pixels]
    """Makes the picture, RGB uint8 [height, width, 3], full range; the receiver owns it. May raise SourceError."""


class Reel(Protocol):
    """An opened recording."""

    description: str
    """Name, size and rate, for a person."""
    color_range: str
    """What the file holds: `full`, `limited`, or empty when unknown."""

    def stills(self, start_s: float) -> Iterator[Still]:
        """From the picture that stands at `start_s` to the end. Ends any earlier iteration. May raise SourceError."""

    @property
    def complaint(self) -> str:
        """What was wrong with the recording so far, as one sentence; empty when nothing was."""

    def close(self) -> None:
        """Give the file back; harmless when done twice."""
