"""Whose turn it is at an engine: the next frame's, or before it that of a question which a person waits for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bedside import clock
from bedside.errors import Unreachable


class Between:
    """One question at a time. A person's goes between two frames, and the next frame waits for that one answer.

    Of several that people ask at once, the newest wins: at most one waits.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()  # in the order in which it is asked for
        self._asked = 0
        self._newest = 0
        self.until_ns = 0
        """When the last answer for a person was there, monotonic: so long the next frame could not be asked about."""

    @property
    def is_taken(self) -> bool:
        """Whether a person's question waits for its turn, or has it."""
        return self._asked > 0

    @asynccontextmanager
    async def frame(self) -> AsyncIterator[None]:
        """A frame's turn; waits where a person's question is there."""
        async with self._turn:
            yield

    @asynccontextmanager
    async def person(self, within_s: float) -> AsyncIterator[None]:
        """A person's turn, as soon as the running answer is there.

        Raises Unreachable where that takes longer than `within_s`, or a newer question has come meanwhile.
        """
        self._newest += 1
        number = self._newest
        self._asked += 1
        try:
            try:
                async with asyncio.timeout(within_s):
                    await self._turn.acquire()
            except TimeoutError:
                raise Unreachable(f"it has not come to its turn within {within_s:g} s; try again") from None
            try:
                if number != self._newest:
                    raise Unreachable("a newer correction was made; that one counts")
                yield
            finally:
                self.until_ns = clock.monotonic_ns()
                self._turn.release()
        finally:
            self._asked -= 1
