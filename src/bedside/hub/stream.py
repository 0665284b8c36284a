"""One page's side of a stream of pictures: what it wants, and how many are on their way to it."""

from dataclasses import dataclass, field

from bedside import clock


@dataclass(slots=True)
class Stream:
    """One page's side of `live` or `answer`."""

    width: int = 0
    """What the page wants; 0 is nothing."""
    order: int = 0
    """The newest arrival that was sent, or passed over before the page came."""
    tried: int = 0
    """The newest arrival that was begun; one that could not be read is not tried again."""
    unpainted: dict[int, int] = field(default_factory=dict)
    """Sequence numbers that were sent and not said to be painted, in that order, and when, monotonic ns."""

    def has_room(self, credit: int) -> bool:
        """Whether the page wants another picture now, when `credit` may be on their way."""
        return self.width > 0 and len(self.unpainted) < credit

    def painted(self, seq: int) -> float | None:
        """The page painted `seq`, and will not paint what was sent before it.

        Returns how long that took since it was sent, ms; None when it was never sent.
        """
        if (sent_ns := self.unpainted.get(seq)) is None:
            return None
        while next(iter(self.unpainted)) != seq:
            del self.unpainted[next(iter(self.unpainted))]
        del self.unpainted[seq]
        return clock.age_ms(sent_ns)
