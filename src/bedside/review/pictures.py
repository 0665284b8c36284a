"""The pictures of a session's video, each exactly, by row of `frames.csv`; also from a file that was broken off."""

from collections.abc import Iterator

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from bedside.errors import SessionError
from bedside.messages import Pixels
from bedside.review.reel import Reel, rgb
from bedside.session.recorded import Recorded


class Pictures:
    """Reads pictures of one session. Blocking, and for one thread at a time."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._table = recorded.frames
        self._reformatter = VideoReformatter()
        self._reel: Reel | None = None
        self.missing = 0
        """Rows that `frames` has passed over since the video lacks them."""

    def frame(self, index: int) -> Pixels:
        """The picture of row `index` of the session's FrameTable, in an array of its own.

        Raises SessionError when the table has no such row, or the video lacks it.
        """
        if not 0 <= index < len(self._table):
            raise SessionError(f"session {self._recorded.name} has no frame {index}; it has {len(self._table)}")
        return self._pixels(self._found(index))

    def frames(self, first: int = 0, stop: int | None = None) -> Iterator[tuple[int, Pixels]]:
        """Rows `first` to `stop` (the end) with their pictures, in order; those that the video lacks are counted."""
        rows = range(first, len(self._table) if stop is None else min(stop, len(self._table)))
        for index in rows:
            try:
                found = self._found(index)
            except SessionError:
                self.missing += 1
            else:
                yield index, self._pixels(found)

    def close(self) -> None:
        """Closes the video."""
        if self._reel is not None:
            self._reel.close()
            self._reel = None

    def _found(self, index: int) -> av.VideoFrame:
        reel = self._reel_of(int(self._table.segment[index]))
        try:
            found = reel.picture(int(self._table.pts[index]))
        except SessionError:
            self.close()
            raise
        if found is None:
            raise SessionError(
                f"frame {self._table.seq[index]} is not in {reel.name}: the file was broken off there, or is damaged"
            )
        return found

    def _pixels(self, found: av.VideoFrame) -> Pixels:
        assert self._reel is not None
        height, width = self._reel.shape
        return np.ascontiguousarray(rgb(self._reformatter, found)[:height, :width])

    def _reel_of(self, number: int) -> Reel:
        if self._reel is not None and self._reel.number == number:
            return self._reel
        self.close()
        segment = self._recorded.segments.get(number)
        if segment is None:
            raise SessionError(f"session {self._recorded.name} has no file of its video segment {number}")
        self._reel = Reel(segment)
        return self._reel
