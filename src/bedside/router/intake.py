"""What the lanes of one engine share: the newest frame, whose turn it is, and the order of the answers."""

from collections.abc import Callable

from bedside import clock
from bedside.bus.mailbox import Mailbox
from bedside.engine.tally import Handed
from bedside.messages import Frame, Pixels, Result, Status
from bedside.router.when import EARLY_NS, Turn, When

SPREAD = 0.8
"""Of the time between two questions if all lanes were asked evenly: so long a free lane waits after the other's."""
Publish = Callable[[Result, Pixels | None], None]


class Intake:
    """Takes frames for one engine, hands each to one lane, and publishes answers in the order of their frames.

    The newest frame wins. An answer that is older than one which is out already is dropped and counted. The counts
    stand in `handed`; `changed` is called where the engine's turn begins or ends, and each second when they have grown.

    Several `lanes` are asked spaced out, or their answers would come in bunches: one free lane waits for a part of the
    time that an answer is expected to take.
    """

    def __init__(
        self,
        publish: Publish,
        when: When,
        handed: Handed | None = None,
        changed: Callable[[], None] = lambda: None,
        lanes: int = 1,
    ) -> None:
        self.when = when
        self.turn = Turn(when)
        self.mailbox: Mailbox[Frame] = Mailbox()
        self.handed = handed or Handed()
        self.handed.rest_s, self.handed.waits = when.every_s, self.turn.waits
        self._publish = publish
        self._changed = changed
        self._superseded = 0
        self._newest_ns = 0
        self._share = SPREAD / lanes if lanes > 1 else 0.0
        self._claimed_ns = 0
        self._told: tuple[object, ...] = ()
        self._told_ns = 0

    def offer(self, event: Frame | Status) -> None:
        """What comes from the bus; never waits. Only frames of a good signal are kept for the engine."""
        if isinstance(event, Frame):
            if self.turn.see(event):
                self.mailbox.put(event)
                self._count()
        else:
            self.turn.heard(event.signal)
        self._tell()

    def due_ns(self, expected_s: float) -> int:
        """Not before then a lane whose answers take so long may ask, monotonic; 0 when it may at once."""
        if not self._share or not self._claimed_ns:
            return self.turn.due_ns
        return max(self.turn.due_ns, self._claimed_ns + int(self._share * expected_s * clock.NS_PER_S))

    def claim(self, frame: Frame, expected_s: float) -> bool:
        """Whether a lane may ask about this frame now; if so, it does."""
        now_ns = clock.monotonic_ns()
        if now_ns + EARLY_NS < self.due_ns(expected_s):
            self.supersede()
            return False
        if not self.turn.claim(frame):
            return False
        self._claimed_ns = now_ns
        return True

    def give_back(self) -> None:
        """It was not asked after all."""
        self._claimed_ns = 0
        self.turn.give_back()

    def supersede(self) -> None:
        """A frame that a lane had taken gives way to a newer one."""
        self._superseded += 1
        self._count()

    def deliver(self, result: Result, pixels: Pixels | None) -> None:
        """One lane's answer."""
        self.turn.answered(result)
        self._tell()
        if result.timing.captured_ns < self._newest_ns:
            self.handed.late += 1
            return
        self._newest_ns = result.timing.captured_ns
        self._publish(result, pixels)

    def _count(self) -> None:
        self.handed.passed_over = self.mailbox.drops + self._superseded

    def _tell(self) -> None:
        waits, holds, now_ns = self.turn.waits, self.turn.holds, clock.monotonic_ns()
        counts = (self.handed.passed_over, self.handed.late)
        is_old = now_ns - self._told_ns >= clock.NS_PER_S and counts != self._told
        if is_old or (waits, holds) != (self.handed.waits, self.handed.holds):
            self.handed.waits, self.handed.holds = waits, holds
            self._told, self._told_ns = counts, now_ns
            self._changed()
