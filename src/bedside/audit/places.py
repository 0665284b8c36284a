"""Where text stands: boxes of many pictures, joined where they are the same place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from bedside.audit.pictures import Look
from bedside.messages import Pixels

SAME = 0.5
"""Two boxes that share so much of both together are one place."""
INSIDE = 0.8
"""A box of which so much lies in a known area is known."""


class Placed(Protocol):
    """A box as a text finder gives it: fractions of the picture."""

    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...


Finds = Callable[[Pixels], Sequence[Placed]]


@dataclass(frozen=True)
class Area:
    """A rectangle, as fractions of the picture."""

    x: float
    y: float
    width: float
    height: float

    def shared(self, other: "Area") -> float:
        """The area of what both cover."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, across) * max(0.0, down)

    @property
    def size(self) -> float:
        """Its area."""
        return self.width * self.height

    def is_same(self, other: "Area") -> bool:
        """Whether both are one place."""
        shared = self.shared(other)
        return shared > SAME * (self.size + other.size - shared)

    def is_in(self, other: "Area") -> bool:
        """Whether it lies in a known area."""
        return self.shared(other) >= INSIDE * self.size


@dataclass
class Place:
    """One place with text in the session's pictures of one kind."""

    area: Area
    file: str
    """Where it was seen first."""
    time_s: float | None
    crop: Pixels
    """That place of that picture."""
    pictures: int = 1

    def told(self) -> dict[str, Any]:
        """For a program; without pixels."""
        place = {name: round(getattr(self.area, name), 4) for name in ("x", "y", "width", "height")}
        return {**place, "file": self.file, "time_s": self.time_s, "pictures": self.pictures}


@dataclass
class Places:
    """All places with text of a session but the known ones."""

    finds: Finds
    known: Sequence[Area] = ()
    found: list[Place] = field(default_factory=list)
    pictures: int = 0
    """So many were looked at."""
    hidden: int = 0
    """So many boxes lay in known areas."""

    def look(self, look: Look) -> None:
        """Find the text of one picture. Raises EngineError."""
        self.pictures += 1
        for box in self.finds(look.pixels):
            area = Area(box.x, box.y, box.width, box.height)
            if any(area.is_in(known) for known in self.known):
                self.hidden += 1
                continue
            kind = look.file.partition("#")[0].partition("-")[0]
            for place in self.found:
                if place.file.partition("#")[0].partition("-")[0] == kind and area.is_same(place.area):
                    place.pictures += 1
                    break
            else:
                self.found.append(Place(area, look.file, look.time_s, _crop(look.pixels, area)))


def _crop(pixels: Pixels, area: Area) -> Pixels:
    height, width = pixels.shape[:2]
    left, top = int(area.x * width), int(area.y * height)
    right, bottom = round((area.x + area.width) * width), round((area.y + area.height) * height)
    return np.array(pixels[top : max(bottom, top + 1), left : max(right, left + 1)])
