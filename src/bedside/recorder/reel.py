"""One run of the encoder: pictures of one kind, from its start to its end. In memory only."""

import av

from bedside import clock
from bedside.messages import Frame
from bedside.recorder.coding import Coding
from bedside.recorder.encoder import Chunk, Encoder
from bedside.session.rows import TIME_BASE, Row, RowKind

KEY_AFTER_NS = 950 * clock.NS_PER_MS
"""A key frame when the last one is so old: with 30 pictures a second one is at most a second before the next."""


class Reel:
    """Names each picture's time in the video, and asks for key frames. One thread uses it."""

    def __init__(self, coding: Coding, first: Frame, *, is_recorded: bool) -> None:
        """Raises SessionError when the encoder does not start."""
        self.encoder = Encoder(coding, first.width, first.height)
        self.first = first
        self.is_recorded = is_recorded
        """Whether its packets go to the disk."""
        self.waits_for_key = False
        """A packet was lost: those after it are of no use until the next key frame."""
        self._pts = -1
        self._seq = first.seq - 1
        self._key_ns = first.captured_ns - KEY_AFTER_NS
        self._rows: dict[int, Row] = {}

    def fits(self, frame: Frame, coding: Coding, *, is_recorded: bool, segment_ns: int) -> str:
        """Why `frame` cannot be in it: a word of `segments.jsonl`; empty when it can."""
        if (frame.width, frame.height) != (self.first.width, self.first.height):
            return "size"
        if is_recorded != self.is_recorded or coding is not self.encoder.coding:
            return "stopped"
        if not is_recorded:
            return ""  # in memory there is no segment
        if frame.signal is not self.first.signal or frame.seq <= self._seq:
            return "signal"
        return "length" if frame.captured_ns - self.first.captured_ns >= segment_ns else ""

    def encode(self, frame: Frame, picture: av.VideoFrame) -> list[tuple[Chunk, Row]]:
        """What the encoder gives out, each with its row. Raises SessionError."""
        since_ns = frame.captured_ns - self.first.captured_ns
        self._pts = max(self._pts + 1, round(since_ns * TIME_BASE / clock.NS_PER_S))
        self._seq = frame.seq
        is_key = self.waits_for_key or frame.captured_ns - self._key_ns >= KEY_AFTER_NS
        if is_key:
            self._key_ns = frame.captured_ns
        signal = str(frame.signal)
        self._rows[self._pts] = Row(
            RowKind.FRAME, frame.seq, 1, frame.captured_ns, frame.wall_ns, signal, -1, self._pts
        )
        return self._with_rows(self.encoder.encode(picture, self._pts, is_key=is_key))

    def finish(self) -> list[tuple[Chunk, Row]]:
        """What the encoder still held. Raises SessionError."""
        return self._with_rows(self.encoder.finish())

    def _with_rows(self, chunks: list[Chunk]) -> list[tuple[Chunk, Row]]:
        return [(chunk, self._rows.pop(chunk.pts)) for chunk in chunks]
