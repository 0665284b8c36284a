"""What a subscriber has received and its consumer has not yet taken: statuses, losses, and the newest frames."""

import asyncio
from collections import deque

from bedside import wire
from bedside.errors import Closed
from bedside.messages import Frame, Loss, Signal, Status

MAX_LOSSES = 64
MAX_STATUSES = 8


class Inbox:
    """Newest wins among frames; what that costs, and what never arrived, comes out as Loss before the next frame."""

    def __init__(self, bound: int) -> None:
        self.drops = 0
        """Frames that the consumer was too slow to take."""
        self._bound = bound
        self._frames: deque[Frame] = deque()
        self._statuses: deque[Status] = deque(maxlen=MAX_STATUSES)
        self._losses: deque[Loss] = deque()
        self._changed = asyncio.Event()
        self._is_closed = False
        self._last_seq = 0
        self._tally = wire.Tally()

    def reconnected(self) -> None:
        """A new connection counts anew; numbers that were missed in between are still losses."""
        self._tally = wire.Tally()

    def put_status(self, status: Status) -> None:
        """Leave a status, in place of a waiting one with the same signal; frames from before a loss are not news."""
        if status.signal in (Signal.OFFLINE, Signal.ERROR):
            while self._frames:
                self._drop()
        if self._statuses and self._statuses[-1].signal == status.signal:
            self._statuses.pop()
        self._statuses.append(status)
        self._changed.set()

    def put_frame(self, frame: Frame, tally: wire.Tally) -> None:
        """Leave a frame, and account for the numbers between it and the one before."""
        self._account(frame.seq, tally)
        if len(self._frames) == self._bound:
            self._drop()
        self._frames.append(frame)
        self._changed.set()

    def close(self) -> None:
        """Nothing more will come; a waiting `take` raises Closed."""
        self._is_closed = True
        self._changed.set()

    async def take(self) -> Frame | Status | Loss:
        """The next event: statuses first, then losses, then frames."""
        while True:
            waiting: deque[Status] | deque[Loss] | deque[Frame]
            for waiting in (self._statuses, self._losses, self._frames):
                if waiting:
                    return waiting.popleft()
            if self._is_closed:
                raise Closed("the subscriber is closed; nothing will come any more")
            self._changed.clear()
            await self._changed.wait()

    def _drop(self) -> None:
        self.drops += 1
        self._lose(self._frames.popleft().seq, 1, "mailbox")

    def _account(self, seq: int, tally: wire.Tally) -> None:
        gap = seq - self._last_seq - 1 if self._last_seq else 0
        if gap > 0:
            first = self._last_seq + 1
            source = min(gap, max(0, tally.lost_at_source - self._tally.lost_at_source))
            thinned = min(gap - source, max(0, tally.thinned - self._tally.thinned))
            self._lose(first, source, "source")
            self._lose(first + source, gap - source - thinned, "bus")
        self._last_seq, self._tally = seq, tally

    def _lose(self, first_seq: int, count: int, where: str) -> None:
        if count <= 0:
            return
        last = self._losses[-1] if self._losses else None
        adjoins = last is not None and last.where == where and last.first_seq + last.count == first_seq
        if last is not None and (adjoins or len(self._losses) >= MAX_LOSSES):
            self._losses[-1] = Loss(last.first_seq, last.count + count, last.where)
        else:
            self._losses.append(Loss(first_seq, count, where))
