"""`/api/spacing`: a person sets the scale by two marks of the scanner's ruler, from a page or a script."""

import math
from typing import Any

from aiohttp import web

from bedside.hub.asked import body_of, error_json, refused, seq_in
from bedside.hub.calibration import Points
from bedside.hub.feed import Feed
from bedside.messages import Scale

LEAST_MM, MOST_MM = 0.02, 2.0
"""Of a pixel: 960 pixels across then show 2 cm or 2 m, and every scanner's picture lies between."""
LEAST_SHARE = 0.1
"""So much of the picture's shorter side must lie between two marks: a finger's error of a pixel or two is a few percent
of a shorter distance already."""


class SpacingApi:
    """The handlers. An error is `{"error": "one sentence"}`."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def routes(self) -> list[web.RouteDef]:
        """Reads it, sets it, removes it."""
        return [
            web.get("/api/spacing", self.spacing),
            web.post("/api/spacing", self.set),
            web.post("/api/spacing/remove", self.remove),
        ]

    async def spacing(self, _: web.Request) -> web.Response:
        """The scale that holds now."""
        return web.json_response(self._feed.calibration.as_json())

    async def set(self, request: web.Request) -> web.Response:
        """Two marks of the ruler, and the distance between them."""
        asked = await body_of(request)
        seq, points, distance_mm = seq_in(asked), _points(asked), _number(asked, "distance_mm", 1, 1000)
        newest = self._feed.frame
        size = self._feed.recall.size(seq) if seq is not None else newest and (newest.width, newest.height)
        if size is None or newest is None:
            return error_json(409, "that picture is gone; hold a new one and tap its ruler")
        if size != (newest.width, newest.height):
            return error_json(409, "the picture's size has changed since; hold a new one and tap its ruler")
        scale = Scale(_spacing_mm(points, distance_mm, size), size)
        self._feed.calibration.set(scale, points, distance_mm)
        return web.json_response(self._feed.calibration.as_json(), status=201)

    async def remove(self, _: web.Request) -> web.Response:
        """The setting's holds again, or none."""
        self._feed.calibration.remove()
        return web.json_response(self._feed.calibration.as_json())


def _spacing_mm(points: Points, distance_mm: float, size: tuple[int, int]) -> float:
    """Millimetres a pixel, which is square, from two points of a picture of `size` (width, height), px."""
    x1, y1, x2, y2 = points
    distance_px = math.hypot((x2 - x1) * size[0], (y2 - y1) * size[1])
    least_px = LEAST_SHARE * min(size)
    if distance_px < least_px:
        raise refused(
            f"the two marks are {distance_px:.0f} pixels apart; expected {least_px:.0f} or more, "
            "take marks that are further apart"
        )
    spacing_mm = distance_mm / distance_px
    if not LEAST_MM <= spacing_mm <= MOST_MM:
        raise refused(
            f"{distance_mm:g} mm over {distance_px:.0f} pixels is {spacing_mm:.3g} mm a pixel; "
            f"expected {LEAST_MM:g} to {MOST_MM:g}, check the marks, the distance and its unit"
        )
    return round(spacing_mm, 6)


def _points(asked: dict[str, Any]) -> Points:
    x1, y1, x2, y2 = (_number(asked, name, 0, 1) for name in ("x1", "y1", "x2", "y2"))
    return x1, y1, x2, y2


def _number(asked: dict[str, Any], name: str, least: float, most: float) -> float:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise refused(f"{name} is {str(value)[:40]!r}; expected a number from {least:g} to {most:g}")
    return float(value)
