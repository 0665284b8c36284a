"""Several links that are one engine: one name, one status."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from bedside.engine.staging import Borrow
from bedside.engine.tally import Handed
from bedside.errors import Unreachable
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Result, Scale, Status

BEST_FIRST = (
    EngineState.BUSY,
    EngineState.READY,
    EngineState.STARTING,
    EngineState.DEAD,
    EngineState.FAILED,
    EngineState.NEW,
)
WORST_FIRST = (EngineState.FAILED, EngineState.DEAD, EngineState.STARTING, EngineState.NEW)


class Link(Protocol):
    """One replica; engine.link.EngineLink is one."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> EngineStatus: ...
    @property
    def is_well(self) -> bool: ...
    @property
    def is_warm(self) -> bool: ...
    @property
    def is_free(self) -> bool: ...
    @property
    def expected_s(self) -> float: ...
    def run(self) -> Awaitable[None]: ...
    def see(self, event: Frame | Status, borrow: Borrow) -> None: ...
    def set_scale(self, scale: Scale | None) -> None: ...
    def until_well(self) -> Awaitable[None]: ...
    def prepare(self, frame: Frame, borrow: Borrow) -> Awaitable[None]: ...
    def answer(
        self, frame: Frame, borrow: Borrow, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Awaitable[Result]: ...
    def answer_again(self, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Awaitable[Result]: ...
    def explain(self, reason: str) -> None: ...
    def close(self) -> Awaitable[None]: ...


class Replicas:
    """The engine `name` behind one link or more. Each link reports to `heard`; `report` gets what they are together."""

    def __init__(self, name: str, report: Callable[[EngineStatus], None]) -> None:
        self.name = name
        self.handed = Handed()
        """Kept by whoever hands it frames, who calls `tell` after a change that cannot wait."""
        self._report = report
        self._links: list[Link] = []

    @property
    def links(self) -> Sequence[Link]:
        """Its replicas."""
        return self._links

    @property
    def status(self) -> EngineStatus:
        """What the engine is doing now, all replicas together."""
        return merged([link.status for link in self._links], self.handed)

    @property
    def is_well(self) -> bool:
        """Whether answers can be expected of one of them."""
        return any(link.is_well for link in self._links)

    def join(self, link: Link) -> None:
        """One more replica."""
        self._links.append(link)

    def heard(self, _: EngineStatus) -> None:
        """A replica has changed."""
        self.tell()

    def tell(self) -> None:
        """Report what the engine is doing now."""
        if self._links:
            self._report(self.status)

    def explain(self, reason: str, number: int = 1) -> None:
        """Whoever keeps the processes says why that of replica `number` ended."""
        self._links[number - 1].explain(reason)

    def see(self, event: Frame | Status, borrow: Borrow) -> None:
        """Each frame and status of the stream, in order. Never waits."""
        for link in self._links:
            link.see(event, borrow)

    def set_scale(self, scale: Scale | None) -> None:
        """As EngineLink.set_scale, for all replicas."""
        for link in self._links:
            link.set_scale(scale)

    async def run(self) -> None:
        """Look after all replicas until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for link in self._links:
                tasks.create_task(_run(link), name=f"link {self.name}")

    async def answer(
        self, frame: Frame, borrow: Borrow, left: Callable[[], None] | None = None, free_ns: int = 0
    ) -> Result:
        """The answer of one that is free, as EngineLink.answer; for who asks once in a while and needs no order."""
        link = next((link for link in self._links if link.is_free), None)
        if link is None:
            now = self.status
            raise Unreachable(f"engine {self.name} takes no frame now; it is {now.state}: {now.message or 'busy'}")
        return await link.answer(frame, borrow, left, free_ns)

    async def answer_again(self, frame: Frame, pixels: Pixels, corrections: Mapping[str, Any]) -> Result:
        """The corrected answer of one that is well: one that has answered, and that is free, if there is one.

        Raises as EngineLink.answer_again.
        """
        links = sorted((one for one in self._links if one.is_well), key=lambda one: (not one.is_warm, not one.is_free))
        if not links:
            now = self.status
            raise Unreachable(f"engine {self.name} takes no frame now; it is {now.state}: {now.message}")
        return await links[0].answer_again(frame, pixels, corrections)

    async def close(self) -> None:
        """Let go of all replicas."""
        for link in self._links:
            await link.close()


def merged(parts: Sequence[EngineStatus], handed: Handed) -> EngineStatus:
    """One status of all replicas: the best state, sums, and in words what is wrong with the worst one."""
    best = parts[0] if len(parts) == 1 else _together(parts)
    well = sum(part.state.is_well for part in parts)
    rests = best.state.is_well and handed.waits != "" and not best.waits
    return replace(
        best,
        message=best.message or handed.waits if rests else best.message,
        late=handed.late,
        passed_over=best.passed_over + handed.passed_over,
        replicas=len(parts),
        replicas_well=well,
        waits=best.waits or rests,
        holds=handed.holds,
        rest_s=handed.rest_s,
    )


def _together(parts: Sequence[EngineStatus]) -> EngineStatus:
    best = min(parts, key=lambda part: BEST_FIRST.index(part.state))
    well = [part for part in parts if part.state.is_well] or parts
    return replace(
        best,
        message=_trouble(parts) or next((part.message for part in well if part.waits), best.message),
        answers=sum(part.answers for part in parts),
        errors=sum(part.errors for part in parts),
        restarts=sum(part.restarts for part in parts),
        passed_over=sum(part.passed_over for part in parts),
        answered_ns=max(part.answered_ns for part in parts),
        asked_ns=min((part.asked_ns for part in parts if part.asked_ns), default=0),
        model_ms=_mean([part.model_ms for part in parts]),
        added_ms=_mean([part.added_ms for part in parts]),
        fps=sum(part.fps for part in parts),
        waits=all(part.waits for part in well),
    )


def _trouble(parts: Sequence[EngineStatus]) -> str:
    """What is wrong with the worst replica, and which one it is; empty when all are well."""
    ill = [(WORST_FIRST.index(part.state), number) for number, part in enumerate(parts) if not part.state.is_well]
    if not ill:
        return ""
    number = min(ill)[1]
    said = f": {parts[number].message}" if parts[number].message else ""
    return f"replica {number + 1} of {len(parts)} is {parts[number].state}{said}"


async def _run(link: Link) -> None:
    await link.run()


def _mean(times_ms: Sequence[float]) -> float:
    """Of those that have answered."""
    known = [one for one in times_ms if one]
    return sum(known) / len(known) if known else 0.0
