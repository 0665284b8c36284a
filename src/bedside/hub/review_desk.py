"""The sessions that pages look at: the last few are held open, each read in a thread of its own."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bedside.hub.review_stills import Stills
from bedside.review.listed import Shelf
from bedside.review.opened import Opened
from bedside.session import deletion
from bedside.session.paths import Live
from bedside.threads import background_pool

T = TypeVar("T")
OPEN_MOST = 3
"""An hour's session takes about 50 MB while it is open."""


class Looked:
    """One session that is looked at."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self.stills = Stills(lambda: self.ask(Opened.read))
        self._thread = background_pool(1, "bedside-review")
        self._opened: Opened | None = None
        self._asked = 0

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for something of it."""
        return self._asked > 0 or self.stills.is_busy

    async def ask(self, work: Callable[[Opened], T]) -> T:
        """The outcome of `work`, in the session's thread. Raises what it raises."""
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._open()))
        finally:
            self._asked -= 1

    def close(self) -> None:
        """Ends the threads after what they are at."""
        self.stills.close()
        self._thread.shutdown(wait=False)

    def _open(self) -> Opened:
        if self._opened is None:
            self._opened = Opened(self._folder, self._name)
        return self._opened


class ReviewDesk:
    """All sessions of a shelf. Belongs to one event loop."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._thread = background_pool(1, "bedside-shelf")
        self._looked: OrderedDict[Path, Looked] = OrderedDict()

    async def listed(self) -> list[dict[str, object]]:
        """All sessions. Raises SessionError."""
        return await self._run(self._shelf.listed)

    async def folder(self, name: str) -> Path:
        """Where a session lies. Raises SessionError when there is none of this name."""
        return await self._run(lambda: self._shelf.find(name))

    async def delete(self, name: str, told: Callable[[], None]) -> None:
        """A session is gone, for ever; `told` first. Raises NotNow, SessionError, and what `told` raises."""
        folder = await self.folder(name)
        await self._run(lambda: deletion.delete(Live(folder.parent), folder.name, told))
        if (looked := self._looked.pop(folder, None)) is not None:
            looked.close()

    async def look(self, name: str) -> Looked:
        """A session, held open. Raises SessionError. Ask it at once: it may be closed when others are."""
        folder = await self.folder(name)
        looked = self._looked.pop(folder, None) or Looked(folder, name)
        self._looked[folder] = looked
        idle = [one for one, session in self._looked.items() if one != folder and not session.is_busy]
        for one in idle[: max(0, len(self._looked) - OPEN_MOST)]:
            self._looked.pop(one).close()
        return looked

    def close(self) -> None:
        """Ends all threads after what they are at."""
        for looked in self._looked.values():
            looked.close()
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
