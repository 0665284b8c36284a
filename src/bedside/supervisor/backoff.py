"""How long to wait before a process is started again."""

from collections import deque

from bedside.clock import NS_PER_S, monotonic_ns

FIRST_S = 0.25
LONGEST_S = 5.0
WINDOW_S = 60.0
DEATHS = 5
SLOW_S = 10.0


class Backoff:
    """At once after a first death, then 0.25 s doubling to 5 s; slowly when it keeps dying; never not at all.

    More than `deaths` deaths within `window_s` turn `is_flapping` true, which a person should see. A process that
    lives for `window_s` is forgiven everything.
    """

    def __init__(self, deaths: int = DEATHS, window_s: float = WINDOW_S, slow_s: float = SLOW_S) -> None:
        self._deaths: deque[int] = deque(maxlen=deaths + 1)
        self._most = deaths
        self._window_ns = int(window_s * NS_PER_S)
        self._slow_s = slow_s

    @property
    def is_flapping(self) -> bool:
        """Whether it died more often within the window than a process should."""
        return self.recent > self._most

    @property
    def recent(self) -> int:
        """Deaths within the window, counted to one more than what counts as too many."""
        since = monotonic_ns() - self._window_ns
        return sum(1 for died_ns in self._deaths if died_ns >= since)

    def died(self) -> float:
        """Note a death now; returns the seconds to wait before the next start."""
        self._deaths.append(monotonic_ns())
        recent = self.recent
        if recent > self._most:
            return self._slow_s
        return 0.0 if recent <= 1 else min(FIRST_S * 2.0 ** (recent - 2), LONGEST_S)
