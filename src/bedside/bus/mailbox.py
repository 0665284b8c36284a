"""A hand-off with a bound, a policy and a counter: the newest win, the oldest are counted as drops."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from bedside.errors import Closed

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds at most `bound` items for one taker; a further one pushes out the oldest.

    Belongs to one event loop: `put`, `take` and `close` are called from its thread. From another thread go through
    `loop.call_soon_threadsafe(mailbox.put, item)`.
    """

    def __init__(self, bound: int = 1) -> None:
        if bound < 1:
            raise ValueError(f"a mailbox of {bound}; expected 1 or more")
        self.drops = 0
        """Items that were pushed out before anybody took them."""
        self._items: deque[T] = deque(maxlen=bound)
        self._changed = asyncio.Event()
        self._is_closed = False

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._items)

    def put(self, item: T) -> None:
        """Leave an item; never waits. After `close()` it is ignored."""
        if self._is_closed:
            return
        self.drops += len(self._items) == self._items.maxlen
        self._items.append(item)
        self._changed.set()

    async def take(self) -> T:
        """Wait for the oldest item that is still there. Raises Closed when there is none and never will be."""
        while not self._items:
            if self._is_closed:
                raise Closed("the mailbox is closed; nothing will come any more")
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()

    def take_now(self) -> T | None:
        """The oldest item, or None when there is none."""
        return self._items.popleft() if self._items else None

    def close(self) -> None:
        """Accept nothing more; what waits can still be taken, then `take` raises Closed."""
        self._is_closed = True
        self._changed.set()
