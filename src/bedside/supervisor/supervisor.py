"""All processes of one machine, kept alive until told to stop."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from itertools import groupby

from bedside.supervisor.backoff import Backoff
from bedside.supervisor.child import LOOK_S, Child, ChildStatus
from bedside.supervisor.families import Families
from bedside.supervisor.plan import Process
from bedside.supervisor.proc import adopting

GRACE_S = 3.0
LAST_S = 2.0
"""So long what was killed may take to be gone."""
log = logging.getLogger(__name__)


class Supervisor:
    """Starts the processes of a plan in order, keeps them alive, and stops them in reverse order.

    `report` is called with every child's status on each change of one of them.
    """

    def __init__(
        self,
        plan: Sequence[Process],
        report: Callable[[tuple[ChildStatus, ...]], None] = lambda statuses: None,
        *,
        grace_s: float = GRACE_S,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._report = report
        self._grace_s = grace_s
        self._stop = asyncio.Event()
        self._force = asyncio.Event()
        self._families = Families()
        self._children = [Child(process, self._changed, backoff(), families=self._families) for process in plan]

    @property
    def statuses(self) -> tuple[ChildStatus, ...]:
        """What every process is doing now, in the order of the plan."""
        return tuple(child.status for child in self._children)

    def stop(self) -> None:
        """Stop everything; called a second time, kill everything at once."""
        (self._force if self._stop.is_set() else self._stop).set()

    async def run(self) -> None:
        """Keep everything alive until `stop()`; on return nothing that it started runs any more."""
        with adopting():
            await self._keep_all()
            with contextlib.suppress(TimeoutError):  # what hangs in a driver ends when that lets it go
                async with asyncio.timeout(LAST_S):
                    while self._look():  # noqa: ASYNC110 - the kernel sends no event
                        await asyncio.sleep(0.01)

    async def _keep_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._watch_families())
            keeping = {group.create_task(child.keep(), name=child.process.name) for child in self._children}
            await self._stop.wait()
            for child in self._children:
                child.retire()
            ending = group.create_task(self._end())
            forced = group.create_task(self._force.wait())
            await asyncio.wait({ending, forced}, return_when=asyncio.FIRST_COMPLETED)
            forced.cancel()
            if not ending.done():
                log.warning("forced: everything is killed")
                for child in self._children:
                    child.kill()
            await asyncio.gather(*keeping)
            looking.cancel()

    async def _watch_families(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._look()
            for child in self._children:
                child.check()

    def _look(self) -> bool:
        """Whether anything of anybody is left."""
        self._families.look()
        return self._families.tidy(child.pid for child in self._children if child.pid)

    async def _end(self) -> None:
        """Stage after stage, the last one first."""
        for _, stage in groupby(reversed(self._children), key=lambda child: child.process.stage):
            await asyncio.gather(*(child.stop(self._grace_s) for child in stage))

    def _changed(self) -> None:
        self._report(self.statuses)
