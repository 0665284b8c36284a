"""All processes of one machine, kept alive until told to stop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby

from bedside.supervisor.backoff import Backoff
from bedside.supervisor.child import Child, ChildStatus
from bedside.supervisor.plan import Process

GRACE_S = 3.0
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
        self._children = [Child(process, self._changed, backoff()) for process in plan]

    @property
    def statuses(self) -> tuple[ChildStatus, ...]:
        """What every process is doing now, in the order of the plan."""
        return tuple(child.status for child in self._children)

    def stop(self) -> None:
        """Stop everything; called a second time, kill everything at once."""
        (self._force if self._stop.is_set() else self._stop).set()

    async def run(self) -> None:
        """Keep everything alive until `stop()`; on return nothing that it started runs any more."""
        async with asyncio.TaskGroup() as group:
            for child in self._children:
                group.create_task(child.keep(), name=child.process.name)
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

    async def _end(self) -> None:
        """Stage after stage, the last one first."""
        for _, stage in groupby(reversed(self._children), key=lambda child: child.process.stage):
            await asyncio.gather(*(child.stop(self._grace_s) for child in stage))

    def _changed(self) -> None:
        self._report(self.statuses)
