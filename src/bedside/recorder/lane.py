"""A thread that does one thing after the other, with a bound on what may wait for it."""

import threading
from collections import deque
from collections.abc import Callable

Work = Callable[[], object]


class Lane:
    """Does what is put into it, in order. What waits may cost `bound` together; more is refused, and the putter counts.

    What costs nothing is never refused: there must be little of it. After work that raised, nothing more is done: `put`
    and `close` raise the same.
    """

    def __init__(self, name: str, bound: int) -> None:
        self._bound = bound
        self._waiting: deque[tuple[Work, int]] = deque()
        self._cost = 0
        self._is_closed = False
        self._fault: Exception | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """How much waits."""
        return len(self._waiting)

    def put(self, work: Work, cost: int = 0) -> bool:
        """Leaves it to be done; False when too much waits. Never waits itself."""
        with self._changed:
            if self._fault is not None:
                raise self._fault
            if cost and self._cost + cost > self._bound:
                return False
            self._waiting.append((work, cost))
            self._cost += cost
            self._changed.notify()
        return True

    def close(self) -> None:
        """Returns when all is done."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            self._work()
        except Exception as fault:  # handed on to who puts, where it ends the process
            self._fault = fault

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._is_closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                work, cost = self._waiting[0]
            work()
            with self._changed:  # it counts until it is done: so much memory it holds
                self._waiting.popleft()
                self._cost -= cost
