"""Hands the newest frame to every engine that is free, and each answer on with its pixels."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from bedside.engine.staging import Borrow
from bedside.messages import Frame, Signal, Status
from bedside.router.lane import Lane, Link, Publish

LOG = logging.getLogger(__name__)
AFTER_FAULT_S = 1.0


class Kept(Link, Protocol):
    """A link that must run to know how its engine is."""

    def run(self) -> Awaitable[None]: ...


class Router:
    """Routes frames to the engines behind `links`. Everything happens on one event loop.

    `borrow(frame)` gives a view of the frame's pixels and raises Overwritten when they are gone; threads call it.
    `publish(result, pixels)` gets each answer with a copy of the very frame, or None where the ring was faster.
    `every_s` names the engines that rest so long between two questions.
    """

    def __init__(
        self, links: Sequence[Kept], borrow: Borrow, publish: Publish, every_s: Mapping[str, float] | None = None
    ) -> None:
        self._links = links
        self._signal = Signal.OFFLINE
        pace = every_s or {}
        self._lanes = [
            Lane(link, borrow, publish, lambda: self._signal.has_picture, pace.get(link.name, 0.0)) for link in links
        ]

    def offer(self, event: Frame | Status) -> None:
        """What comes from the bus; never waits. Only frames of a good signal reach an engine."""
        self._signal = event.signal
        if not isinstance(event, Frame):
            return
        if event.signal.has_picture:
            for lane in self._lanes:
                lane.mailbox.put(event)

    def passed_over(self) -> dict[str, int]:
        """By engine: frames that were replaced by a newer one before it was free. That is no fault."""
        return {link.name: lane.passed_over for link, lane in zip(self._links, self._lanes, strict=True)}

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for link, lane in zip(self._links, self._lanes, strict=True):
                tasks.create_task(_keep(link.run, link.name), name=f"link {link.name}")
                tasks.create_task(_keep(lane.run, link.name), name=f"lane {link.name}")


async def _keep(run: Callable[[], Awaitable[None]], name: str) -> None:
    """Run it again after a fault of ours, so that one engine's trouble stays its own."""
    while True:
        try:
            await run()
            return
        except Exception:
            LOG.exception("engine %s: a fault in Bedside itself; goes on in %g s", name, AFTER_FAULT_S)
            await asyncio.sleep(AFTER_FAULT_S)
