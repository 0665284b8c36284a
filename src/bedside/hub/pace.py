"""How large pictures are made for one page, by how long they take until the page has painted them.

On a slow link every picture waits behind the one before it. Smaller ones are there sooner, and a late picture is worse
than a coarse one: a page calls a picture late at 0.5 s.
"""

from dataclasses import dataclass

SLOW_MS = 150.0
"""Pictures that take longer are made smaller."""
LATE_MS = 500.0
"""So old a page greys a picture; after one that took longer the smallest are made at once, or the link stays full."""
QUICK_MS = 60.0
"""Pictures that take less may be made larger again."""
SLOW_IN_A_ROW = 3
QUICK_IN_A_ROW = 40
PATIENCE = 16
"""A larger picture that proved too slow is tried again after up to so many times as many quick ones."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to make pictures."""

    share: float
    """Of the width that the page wants."""
    quality: int
    """JPEG quality at the most."""
    credit: int
    """So many pictures of a stream may be on their way to a page that has not said yet that it painted them."""


LADDER = (Rung(1.0, 100, 2), Rung(1.0, 60, 2), Rung(0.75, 50, 1), Rung(0.5, 45, 1))


class Pace:
    """One page's rung of the ladder; both of its streams share the link, and so the rung."""

    def __init__(self) -> None:
        self._rung = 0
        self._slow = 0
        self._quick = 0
        self._patience = 1

    @property
    def now(self) -> Rung:
        """How the next picture is made."""
        return LADDER[self._rung]

    def painted(self, way_ms: float) -> None:
        """A picture was painted so long after it was sent."""
        self._slow = self._slow + 1 if way_ms > SLOW_MS else 0
        self._quick = self._quick + 1 if way_ms < QUICK_MS else 0
        lower = len(LADDER) - 1 - self._rung
        if lower > 0 and (way_ms > LATE_MS or self._slow >= SLOW_IN_A_ROW):
            self._step(lower if way_ms > LATE_MS else 1)
            self._patience = min(PATIENCE, self._patience * 2)
        elif self._quick >= QUICK_IN_A_ROW * self._patience and self._rung > 0:
            self._step(-1)

    def _step(self, rungs: int) -> None:
        self._rung += rungs
        self._slow = self._quick = 0
