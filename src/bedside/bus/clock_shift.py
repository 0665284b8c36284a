"""How far a broadcaster's monotonic clock is from this machine's, so that a frame's age is true on both."""

from collections import deque
from dataclasses import replace

from bedside import clock
from bedside.messages import Frame

WINDOW = 20
"""Messages that are looked back on; at two a second, ten seconds: clocks of two machines drift apart."""
SAME_CLOCK_NS = 50 * clock.NS_PER_MS
"""A difference up to this is the delay of the message, not another clock."""


class ClockShift:
    """Learns from messages that say when they were sent; the fastest of the last ones is closest to the truth."""

    def __init__(self) -> None:
        self._delays: deque[int] = deque(maxlen=WINDOW)
        self._ns = 0

    def hear(self, sent_ns: int) -> None:
        """A message that left at `sent_ns` of the broadcaster's clock has just arrived."""
        self._delays.append(clock.monotonic_ns() - sent_ns)
        least = min(self._delays)
        self._ns = 0 if 0 <= least <= SAME_CLOCK_NS else least

    def apply(self, frame: Frame) -> Frame:
        """The frame with its times on this machine's clock; too young by the network's delay at most, never unborn."""
        if not self._ns:
            return frame
        # A first message that came slower than the frame would otherwise put the frame into the future.
        shift = min(self._ns, clock.monotonic_ns() - frame.captured_ns)
        return replace(frame, captured_ns=frame.captured_ns + shift, published_ns=frame.published_ns + shift)
