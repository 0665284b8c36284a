"""When it is an engine's turn: always, at most in an interval, or once each time the scanner is frozen."""

from dataclasses import dataclass

from bedside import clock
from bedside.messages import Frame, Result, Signal

WAITS = "waits for a frozen picture"
EARLY_NS = clock.NS_PER_MS
"""A timer may ring so much early."""


@dataclass(frozen=True)
class When:
    """As it is set."""

    every_s: float = 0.0
    """At least so long between two questions."""
    is_on_freeze: bool = False
    """Once each time the signal becomes frozen, never while it is live."""

    @property
    def is_always(self) -> bool:
        """Whether it is its turn with every frame."""
        return not self.every_s and not self.is_on_freeze


class Turn:
    """Keeps count of one engine's turns. Frames come to `see` in order; whoever is about to ask calls `claim`."""

    def __init__(self, when: When) -> None:
        self._when = when
        self._signal = Signal.OFFLINE
        self._newest_seq = 0
        self._frozen_ns = 0
        """Since when the picture stands still, by the capture of the first such frame; 0 while it moves."""
        self._is_spent = False
        self._holds = False
        self._asked_ns = 0
        self._before_ns = 0

    @property
    def due_ns(self) -> int:
        """Not before then it may be asked, monotonic."""
        every_ns = int(self._when.every_s * clock.NS_PER_S)
        return self._asked_ns + every_ns if every_ns and self._asked_ns else 0

    @property
    def waits(self) -> str:
        """For what, while no answer is due; empty else."""
        return WAITS if self._when.is_on_freeze and not self._frozen_ns else ""

    @property
    def holds(self) -> bool:
        """Whether the frozen picture is answered: that counts until the scanner moves."""
        return self._holds

    def heard(self, signal: Signal) -> None:
        """What the stream is worth now; a picture that was lost may be another one when it is back."""
        self._signal = signal
        if not signal.has_picture:
            self._thaw()

    def see(self, frame: Frame) -> bool:
        """The next frame of the stream; whether the engine may be asked about it."""
        self._signal = frame.signal
        if not self._when.is_on_freeze:
            return frame.signal.has_picture
        is_other_source = frame.seq < self._newest_seq
        self._newest_seq = frame.seq
        if frame.signal is not Signal.FROZEN:
            self._thaw()
        elif not self._frozen_ns or is_other_source:
            self._frozen_ns, self._is_spent, self._holds = frame.captured_ns, False, False
        return frame.signal is Signal.FROZEN and not self._is_spent

    def _thaw(self) -> None:
        self._frozen_ns, self._is_spent, self._holds = 0, False, False

    def claim(self, frame: Frame) -> bool:
        """Whether the engine may be asked about this frame now; if so, this turn is taken."""
        now_ns = clock.monotonic_ns()
        if not self._signal.has_picture or now_ns + EARLY_NS < self.due_ns:
            return False
        if self._when.is_on_freeze:
            is_this_freeze = self._signal is Signal.FROZEN and 0 < self._frozen_ns <= frame.captured_ns
            if not is_this_freeze or self._is_spent:
                return False
            self._is_spent = True
        self._before_ns, self._asked_ns = self._asked_ns, now_ns
        return True

    def give_back(self) -> None:
        """It was not asked after all."""
        self._asked_ns, self._is_spent = self._before_ns, False

    def answered(self, result: Result) -> None:
        """An answer came."""
        if self._is_spent and 0 < self._frozen_ns <= result.timing.captured_ns:
            self._holds = not result.error
