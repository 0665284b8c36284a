"""What `predict(frame, info)` learns of its frame beside the pixels."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from bedside_engine.server import BadRequest

STATES = ("live", "frozen")
NUMBER = re.compile("[0-9]{1,18}$")
MOST = 1e300


class Info:
    """The frame that `predict` is asked about; of a window, the newest one of it.

    seq               number of the frame, the same in every log and on the page
    time_s            when it was captured, seconds since 1970
    state             "live", or "frozen" while the scanner's picture stands still
    pixel_spacing_mm  (x, y), width and height of one pixel that the engine gets; None when nobody has said
    picture_px        (width, height) of the whole picture
    region_px         (x, y, width, height) of the part of it that the engine sees
    seqs, times_s     the same of each frame in a window, oldest first
    """

    __slots__ = ("picture_px", "pixel_spacing_mm", "region_px", "seq", "seqs", "state", "time_s", "times_s")

    def __init__(
        self,
        seqs: Sequence[int],
        times_s: Sequence[float],
        state: str = "live",
        pixel_spacing_mm: Optional[Tuple[float, float]] = None,
        picture_px: Tuple[int, int] = (0, 0),
        region_px: Tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> None:
        self.seqs = tuple(seqs)
        self.times_s = tuple(times_s)
        self.seq = self.seqs[-1]
        self.time_s = self.times_s[-1]
        self.state = state
        self.pixel_spacing_mm = pixel_spacing_mm
        self.picture_px = picture_px
        self.region_px = region_px

    def __repr__(self) -> str:
        return "Info(%s)" % ", ".join("%s=%r" % (name, getattr(self, name)) for name in self.__slots__)


def info_of(head: Dict[str, Any], shape: Sequence[int], is_window: bool) -> Info:
    """What the request's parameter `frame_info` says of pictures of this shape.

    A client that sends none gets by with what there is: the request's id where it is a number, the time now, the
    engine's own picture as the whole one. Raises BadRequest for a parameter that is there and is no use.
    """
    count = shape[0] if is_window else 1
    height, width = shape[1:3] if is_window else shape[:2]
    parameters = head.get("parameters")
    sent = parameters.get("frame_info") if isinstance(parameters, dict) else None
    told = {} if sent is None else _parsed(sent)
    newest = int(head["id"]) if isinstance(head.get("id"), str) and NUMBER.match(head["id"]) else 0
    picture = _numbers(told, "picture_px", 2, [width, height], int)
    return Info(
        _numbers(told, "seqs", count, list(range(newest - count + 1, newest + 1)), int),
        _numbers(told, "times_s", count, [time.time()] * count, float),
        _state(told),
        tuple(_numbers(told, "pixel_spacing_mm", 2, [], float)) or None,
        tuple(picture),
        tuple(_numbers(told, "region_px", 4, [0, 0, *picture], int)),
    )


def _parsed(sent: Any) -> Dict[str, Any]:
    try:
        told = json.loads(sent) if isinstance(sent, str) else sent
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, "parameter frame_info is not JSON: %s" % error)
    if not isinstance(told, dict):
        raise BadRequest(400, "parameter frame_info is %s; expected one JSON object" % type(told).__name__)
    return told


def _state(told: Dict[str, Any]) -> str:
    state = told.get("state", "live")
    if state not in STATES:
        raise BadRequest(400, "frame_info.state is %.40r; expected one of %s" % (state, ", ".join(STATES)))
    return str(state)


def _numbers(told: Dict[str, Any], name: str, count: int, default: List[Any], kind: Any) -> List[Any]:
    """`count` numbers of one kind; `default` when nothing is said."""
    value = told.get(name)
    if value is None:
        return default
    kinds = (int,) if kind is int else (int, float)
    fits = isinstance(value, list) and len(value) == count
    if not fits or any(type(one) not in kinds or not -MOST < one < MOST for one in value):
        what = "whole numbers" if kind is int else "numbers"
        raise BadRequest(400, "frame_info.%s is %.60r; expected %d %s" % (name, value, count, what))
    return [kind(one) for one in value]
