"""One page's side of a stream of pictures: what it wants, and how many are on their way to it."""

from collections import deque
from dataclasses import dataclass, field

CREDIT = 2
"""So many pictures of a stream may be on their way to a page that has not said yet that it painted them."""


@dataclass(slots=True)
class Stream:
    """One page's side of `live` or `answer`."""

    width: int = 0
    """What the page wants; 0 is nothing."""
    order: int = 0
    """The newest arrival that was sent, or passed over before the page came."""
    tried: int = 0
    """The newest arrival that was begun; one that could not be read is not tried again."""
    unpainted: deque[int] = field(default_factory=deque)
    """Sequence numbers that were sent and not said to be painted."""

    def has_room(self) -> bool:
        """Whether the page wants another picture now."""
        return self.width > 0 and len(self.unpainted) < CREDIT

    def painted(self, seq: int) -> bool:
        """The page painted `seq`, and will not paint what was sent before it. False when it was never sent."""
        if seq not in self.unpainted:
            return False
        while self.unpainted.popleft() != seq:
            pass
        return True
