"""Which pixels an engine wants, and what that means for pictures of one size."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FULL_HD = 1920 * 1080


@dataclass(frozen=True)
class Look:
    """What an engine sees of pictures of one size."""

    picture_px: tuple[int, int]
    """[width, height] of the whole picture."""
    region_px: tuple[int, int, int, int]
    """[x, y, width, height] of the part that it sees."""
    size: tuple[int, int]
    """[width, height] of what it gets."""
    color: str
    """rgb, bgr or grey."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one picture as it gets it, uint8."""
        width, height = self.size
        return (height, width) if self.color == "grey" else (height, width, 3)

    @property
    def is_quick(self) -> bool:
        """Whether drawing it is a plain copy of a usual size: under a millisecond."""
        return self.color == "rgb" and self.size == self.region_px[2:] and self.size[0] * self.size[1] <= FULL_HD

    @property
    def is_whole(self) -> bool:
        """Whether it sees the whole picture."""
        return self.region_px == (0, 0, *self.picture_px)

    def told(self, pixel_spacing_mm: float) -> Mapping[str, Any]:
        """What the engine is told of its pixels; `pixel_spacing_mm` is that of the whole picture, 0 is unknown."""
        across, down = self.region_px[2] / self.size[0], self.region_px[3] / self.size[1]
        spacing = [pixel_spacing_mm * across, pixel_spacing_mm * down] if pixel_spacing_mm else None
        return {
            "pixel_spacing_mm": spacing,
            "picture_px": list(self.picture_px),
            "region_px": list(self.region_px),
        }


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

    def misfit(self, width: int, height: int) -> str:
        """Why a picture of this size cannot be shown to the engine, in one sentence; empty when it can."""
        x, y, across, down = self.region or (0, 0, width, height)
        if x >= 0 and y >= 0 and across > 0 and down > 0 and x + across <= width and y + down <= height:
            return ""
        return (
            f"its region [{x}, {y}, {across}, {down}] reaches to {x + across}x{y + down} and the picture is "
            f"{width}x{height}; set a region [x, y, width, height] that lies inside the picture"
        )

    def look(self, width: int, height: int) -> Look:
        """What the engine sees of a picture of this size, which fits."""
        x, y, across, down = self.region or (0, 0, width, height)
        return Look(
            (width, height),
            (x, y, across, down),
            (self.size[0], self.size[1]) if self.size else (across, down),
            self.color,
        )
