"""Hands the newest frame to every engine that is free, and each answer on with its pixels."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bedside.engine.replicas import Replicas
from bedside.engine.staging import Borrow
from bedside.errors import Unreachable
from bedside.messages import Frame, Pixels, Result, Status
from bedside.router.intake import Intake, Publish
from bedside.router.lane import Lane
from bedside.router.when import When

LOG = logging.getLogger(__name__)
AFTER_FAULT_S = 1.0
ALWAYS = When()


class Router:
    """Routes frames to `engines`. Everything happens on one event loop.

    `borrow(frame)` gives a view of the frame's pixels and raises Overwritten when they are gone; threads call it.
    `publish(result, pixels)` gets each answer with a copy of the very frame, or None where the ring was faster.
    `when` names the engines that are not asked about every frame.
    """

    def __init__(
        self,
        engines: Sequence[Replicas],
        borrow: Borrow,
        publish: Publish,
        when: Mapping[str, When] | None = None,
    ) -> None:
        self._engines = engines
        self._borrow = borrow
        turns = when or {}
        self._intakes = [
            Intake(publish, turns.get(engine.name, ALWAYS), engine.handed, engine.tell, len(engine.links))
            for engine in engines
        ]
        self._lanes = [
            Lane(link, intake, borrow, lays_ready=len(engine.links) == 1)
            for engine, intake in zip(engines, self._intakes, strict=True)
            for link in engine.links
        ]

    def offer(self, event: Frame | Status) -> None:
        """What comes from the bus; never waits. Only frames of a good signal reach an engine."""
        for engine, intake in zip(self._engines, self._intakes, strict=True):
            engine.see(event, self._borrow)
            intake.offer(event)

    async def answer_again(self, name: str, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Result:
        """What the engine `name` answers to a frame with what a person has corrected of its answer; never published.

        `pixels` are the frame's own, of the whole picture. Raises as EngineLink.answer_again.
        """
        engine = next((engine for engine in self._engines if engine.name == name), None)
        if engine is None:
            raise Unreachable(f"there is no engine {name!r}; there are {', '.join(e.name for e in self._engines)}")
        return await engine.answer_again(frame, pixels, corrections)

    async def run(self) -> None:
        """Until cancelled."""
        links = [link for engine in self._engines for link in engine.links]
        async with asyncio.TaskGroup() as tasks:
            for link, lane in zip(links, self._lanes, strict=True):
                tasks.create_task(keep_up(link.run, link.name), name=f"link {link.name}")
                tasks.create_task(keep_up(lane.run, link.name), name=f"lane {link.name}")


async def keep_up(run: Callable[[], Awaitable[None]], name: str) -> None:
    """Run it again after a fault of ours, so that one engine's trouble stays its own."""
    while True:
        try:
            await run()
            return
        except Exception:
            LOG.exception("engine %s: a fault in Bedside itself; goes on in %g s", name, AFTER_FAULT_S)
            await asyncio.sleep(AFTER_FAULT_S)
