"""A frame on its way to every subscriber."""

import json

from bedside import wire
from bedside.messages import Frame


class Announcement:
    """What subscribers are told of one frame; all who left out as many frames share one JSON."""

    __slots__ = ("_texts", "frame", "lost_at_source")

    def __init__(self, frame: Frame, lost_at_source: int) -> None:
        self.frame = frame
        self.lost_at_source = lost_at_source
        self._texts: dict[int, str] = {}

    def text(self, thinned: int) -> str:
        """The frame's JSON for a subscriber for whom so many were left out."""
        found = self._texts.get(thinned)
        if found is None:
            found = self._texts[thinned] = json.dumps(self.header(thinned))
        return found

    def header(self, thinned: int) -> dict[str, object]:
        """The same as an object, for a message that brings the picture along."""
        return wire.frame_header(self.frame, wire.Tally(self.lost_at_source, thinned))
