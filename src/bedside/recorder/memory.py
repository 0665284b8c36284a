"""The last seconds as packets, in memory, so that a clip of them can be kept at any time."""

from collections import deque
from dataclasses import dataclass

from av.video.stream import VideoStream

from bedside import clock
from bedside.recorder.coding import Coding
from bedside.recorder.encoder import Chunk

MOST_BYTES = 40_000_000
"""Of a busy picture at 1080p these are the last 20 seconds; less is remembered where they are used up."""
LATE_NS = 2 * clock.NS_PER_S
"""So much later a clip may be asked for and still has all its seconds."""


@dataclass(frozen=True)
class Kept:
    """One coded picture in memory."""

    chunk: Chunk
    captured_ns: int
    template: VideoStream
    """Of the encoder that made it."""
    coding: Coding


class Memory:
    """The newest `seconds` of packets, from a key frame on. One thread uses it."""

    def __init__(self, seconds: float) -> None:
        self._ns = round(seconds * clock.NS_PER_S)
        self._kept: deque[Kept] = deque()
        self._bytes = 0

    @property
    def newest_ns(self) -> int:
        """Time of capture of the newest picture; 0 when there is none."""
        return self._kept[-1].captured_ns if self._kept else 0

    def add(self, kept: Kept) -> None:
        """One more; the oldest go, as many as lie before a key frame that is old enough or over the bound."""
        if not self._ns or not (self._kept or kept.chunk.is_key):
            return
        self._kept.append(kept)
        self._bytes += len(kept.chunk.data)
        if kept.chunk.is_key:
            self._forget(kept.captured_ns - self._ns - LATE_NS)

    def clear(self) -> None:
        """Forgets everything."""
        self._kept.clear()
        self._bytes = 0

    def until(self, until_ns: int) -> list[Kept]:
        """The pictures up to the one captured then, from the last key frame before the seconds; empty if too old."""
        found: list[Kept] = []
        start = 0
        for kept in reversed(self._kept):
            if kept.captured_ns > until_ns:
                continue
            if found and _shape(kept) != _shape(found[0]):
                break
            found.append(kept)
            if kept.chunk.is_key:
                start = len(found)
                if kept.captured_ns <= found[0].captured_ns - self._ns:
                    break
        return found[:start][::-1]

    def _forget(self, before_ns: int) -> None:
        while True:
            second = next((i for i, kept in enumerate(self._kept) if i and kept.chunk.is_key), 0)
            is_old = second and self._kept[second].captured_ns <= before_ns
            if not second or not (is_old or self._bytes > MOST_BYTES):
                return
            for _ in range(second):
                self._bytes -= len(self._kept.popleft().chunk.data)


def _shape(kept: Kept) -> tuple[object, ...]:
    return kept.template.width, kept.template.height, kept.template.codec_context.extradata
