"""Where text stands on a picture: what a text finder is to whoever asks it. What the text says is never read."""

from collections.abc import Callable
from dataclasses import dataclass

from bedside.messages import Pixels


@dataclass(frozen=True, slots=True)
class TextBox:
    """Where a line of text stands, as fractions of the picture, 0 to 1; x and y are its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    score: float = 1.0
    """How sure the finder is, 0 to 1."""


Finds = Callable[[Pixels], list[TextBox]]
"""Finds the text on a picture, RGB uint8 [height, width, 3], at any size; blocks for a second or more, so it is called
in a thread of its own and never for each frame. Raises EngineError, whose sentence a person may be shown, where no
finder is built, or it fails or takes too long."""
