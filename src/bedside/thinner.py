"""Leaves pictures out evenly, by their times of capture."""

from bedside.clock import NS_PER_S


class Thinner:
    """Lets at most `fps` pictures a second through; all of them when it is 0."""

    def __init__(self, fps: float) -> None:
        self._period_ns = round(NS_PER_S / fps) if fps > 0 else 0
        self._due_ns = -self._period_ns

    def takes(self, captured_ns: int) -> bool:
        """Whether this picture goes on. A quarter of a period early is in time: devices are not that even."""
        if not self._period_ns:
            return True
        if captured_ns < self._due_ns - self._period_ns // 4:
            return False
        is_in_step = captured_ns - self._due_ns < self._period_ns
        self._due_ns = (self._due_ns if is_in_step else captured_ns) + self._period_ns
        return True
