"""The scale that a person measured on the scanner's ruler: what engines are told, until the picture's size changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bedside import clock
from bedside.messages import Scale

Points = tuple[float, float, float, float]
"""x1, y1, x2, y2 of two marks of the ruler, fractions of the picture."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A distance on a picture's ruler."""

    scale: Scale
    points: Points
    distance_mm: float
    wall_ns: int
    """When it was said."""


class Calibration:
    """The pixel spacing that holds now: a person's, else that of the settings. Belongs to one event loop.

    `tell` passes it on to the engines, `changed` hears why it changed: `set`, `removed` or `size`.
    """

    def __init__(self, setting_mm: float, changed: Callable[[str], None]) -> None:
        self.tell: Callable[[Scale | None], None] = lambda _: None
        self.measured: Measured | None = None
        self.dropped = ""
        """Why a scale was dropped, one sentence; empty once a new one is set."""
        self._setting_mm = setting_mm
        self._changed = changed

    @property
    def pixel_spacing_mm(self) -> float | None:
        """What engines are told of the whole picture's pixels; None while nobody knows."""
        return self.measured.scale.pixel_spacing_mm if self.measured else self._setting_mm or None

    @property
    def source(self) -> str:
        """Who says so: `ruler`, `setting` or `none`."""
        return "ruler" if self.measured else "setting" if self._setting_mm else "none"

    def set(self, scale: Scale, points: Points, distance_mm: float) -> None:
        """A person measured it."""
        self.measured, self.dropped = Measured(scale, points, distance_mm, clock.wall_ns()), ""
        self.tell(scale)
        self._changed("set")

    def remove(self) -> None:
        """A person takes it back: the setting's holds again."""
        if self.measured is not None:
            self._let_go("removed", "")

    def saw(self, width: int, height: int) -> None:
        """A frame of this size came: another size has other pixels, and the scale is dropped."""
        if self.measured is None or self.measured.scale.picture_px == (width, height):
            return
        before = "x".join(str(length) for length in self.measured.scale.picture_px)
        self._let_go("size", f"the picture is {width}x{height} now, and was {before}; set the scale anew")

    def as_json(self) -> dict[str, Any]:
        """As pages and programs read it."""
        measured = self.measured
        return {
            "pixel_spacing_mm": self.pixel_spacing_mm,
            "source": self.source,
            "set_wall_ns": measured.wall_ns if measured else None,
            "distance_mm": measured.distance_mm if measured else None,
            "picture_px": list(measured.scale.picture_px) if measured else None,
            "dropped": self.dropped,
        }

    def as_mark(self) -> dict[str, Any]:
        """As the session keeps it."""
        measured = self.measured
        return {
            "pixel_spacing_mm": self.pixel_spacing_mm,
            "source": self.source,
            "picture_px": list(measured.scale.picture_px) if measured else None,
            "points": list(measured.points) if measured else None,
            "distance_mm": measured.distance_mm if measured else None,
        }

    def _let_go(self, why: str, dropped: str) -> None:
        self.measured, self.dropped = None, dropped
        self.tell(None)
        self._changed(why)
