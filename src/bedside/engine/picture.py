"""Which pixels an engine wants."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """The part of a frame, its size and colour, and how many frames at once."""

    region: tuple[int, ...] = ()
    """[x, y, width, height] in pixels of the frame; empty is all of it."""
    size: tuple[int, ...] = ()
    """[width, height]; empty is the region's own."""
    color: str = "rgb"
    """rgb, bgr or grey."""
    window: int = 0
    """The last so many frames at once; 0 is one frame, without a dimension for it."""
