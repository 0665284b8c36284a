"""The link through random orders of everything that an engine may do."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.engine.controlled import ControlledEngine

from bedside import clock
from bedside.engine import condition
from bedside.engine import link as link_module
from bedside.engine.address import Address
from bedside.engine.link import EngineLink
from bedside.errors import Unreachable
from bedside.messages import EngineState, EngineStatus, Frame, Pixels, Result, Signal

WELL = {EngineState.READY, EngineState.BUSY}
PATIENCE_S = 10.0
"""More than enough on the busiest machine; on a quiet one what is awaited comes within milliseconds."""
QUICK = {
    "FIRST_PROBE_S": 0.005,
    "STARTING_PROBE_S": 0.005,
    "SLOWEST_PROBE_S": 0.02,
    "GRACE_S": 0.02,
    "NEVER_SEEN_S": 0.1,
}


@contextmanager
def picture(_: Frame) -> Iterator[Pixels]:
    """Lends pixels."""
    yield np.zeros((4, 6, 3), np.uint8)


class LinkStates(RuleBasedStateMachine):
    """One link, one engine; rules do something to the engine or ask through the link, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = ControlledEngine()
        self.reports: list[EngineStatus] = []
        self.results: list[Result] = []
        self.seq = 0
        self.asking: asyncio.Task[Result] | None = None

    @initialize(is_there=st.booleans())
    def begin(self, is_there: bool) -> None:
        """The link looks for an engine, which is there or not."""
        self.runner.run(self._begin(is_there))

    async def _begin(self, is_there: bool) -> None:
        await self.engine.start()
        if not is_there:
            await self.engine.die()
        self.link = EngineLink(
            "e", Address(self.engine.url), deadline_s=0.2, start_deadline_s=0.2, report=self.reports.append
        )
        self.running = asyncio.create_task(self.link.run())

    @rule(state=st.sampled_from(["READY", "STARTING"]))
    def another_process_starts(self, state: str) -> None:
        """Where there was none, or in place of the one that was there."""
        self.runner.run(self.engine.start(state))

    @rule()
    def it_has_loaded(self) -> None:
        """The model is there."""
        self.engine.turn("READY")

    @rule()
    def it_cannot_load(self) -> None:
        """The process says so, and stays."""
        self.engine.turn("FAILED")

    @rule()
    def it_is_killed(self) -> None:
        """Port and connections are gone."""
        self.runner.run(self.engine.die())

    @rule()
    def its_port_is_closed(self) -> None:
        """Connections live on."""
        self.runner.run(self.engine.shut())

    @rule(milliseconds=st.integers(0, 30))
    def time_passes(self, milliseconds: int) -> None:
        """The link looks once or a few times."""
        self.runner.run(asyncio.sleep(milliseconds / 1000))

    @rule()
    def a_reason_is_told(self) -> None:
        """The supervisor says why the process ended."""
        self.link.explain("used 6.3 GB of memory")

    @rule()
    def a_frame_is_asked_about_at_any_time(self) -> None:
        """Whether the link may take it or not; nobody waits for the answer."""
        self.runner.run(self._ask())

    @rule(waits=st.booleans())
    def it_answers_a_frame(self, waits: bool) -> None:
        """As it should."""
        self.runner.run(self._ask_when_well("answers", waits))

    @rule(waits=st.booleans())
    def it_fails_on_a_frame(self, waits: bool) -> None:
        """The model raises."""
        self.runner.run(self._ask_when_well("fails", waits))

    @rule(waits=st.booleans())
    def it_babbles_on_a_frame(self, waits: bool) -> None:
        """What comes is no answer."""
        self.runner.run(self._ask_when_well("babbles", waits))

    @rule(waits=st.booleans())
    def it_hangs_on_a_frame(self, waits: bool) -> None:
        """Until another process takes its place."""
        self.runner.run(self._ask_when_well("hangs", waits))

    @rule(waits=st.booleans())
    def it_breaks_off_on_a_frame(self, waits: bool) -> None:
        """The connection ends, as when it crashes."""
        self.runner.run(self._ask_when_well("breaks off", waits))

    async def _ask_when_well(self, manner: str, waits: bool) -> None:
        """As the router asks: once the link is well."""
        await self._wait()
        self.engine.manner = manner
        if not self.engine.is_well:
            return
        async with asyncio.timeout(PATIENCE_S):
            await self.link.until_well()
        await self._ask()
        if waits:
            await self._wait()

    async def _ask(self) -> None:
        self._collect()
        self.seq += 1
        before = self.link.status.state
        asking = asyncio.create_task(self.link.answer(frame(self.seq), picture))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if asking.done() and isinstance(asking.exception(), Unreachable):
            assert self.asking is not None or not {before, self.link.status.state} <= WELL
            return
        assert self.asking is None, "a second request while one is awaited"
        self.asking = asking

    @rule()
    def the_answer_is_awaited(self) -> None:
        """It comes, whatever the engine does."""
        self.runner.run(self._wait())

    async def _wait(self) -> None:
        if self.asking is not None:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.wait([self.asking])
            self._collect()

    def _collect(self) -> None:
        if self.asking is not None and self.asking.done():
            with suppress(Unreachable):  # it was lost between the look at its state and the request
                self.results.append(self.asking.result())
            self.asking = None

    @rule()
    def the_link_sees_how_it_is(self) -> None:
        """Left alone, the link comes to say what is true of the engine."""
        self.runner.run(self._wait())
        self.runner.run(self._until(self._is_true))
        self.runner.run(asyncio.sleep(0.03))
        assert self._is_true(), f"{self.engine} and no longer {self.link.status}"

    def _is_true(self) -> bool:
        state, engine = self.link.status.state, self.engine
        if not engine.is_listening:  # a connection that is still there may speak for it
            return True if engine._writers else state not in WELL
        if engine.state == "FAILED":
            return state is EngineState.FAILED
        if engine.state == "STARTING":
            return state in (EngineState.STARTING, EngineState.FAILED)
        return state is (EngineState.DEAD if engine.is_stuck else EngineState.READY)

    @invariant()
    def never_two_at_once(self) -> None:
        """One request in flight, and each frame is asked about once."""
        assert self.engine.most_at_once <= 1
        assert len(self.engine.asked) == len(set(self.engine.asked))

    @invariant()
    def answers_belong_to_their_frames(self) -> None:
        """Each answer is the engine's own to that very frame, and each frame has one result at most."""
        for result in self.results:
            assert result.error or result.answer == {"text": str(result.seq)}
        seqs = [result.seq for result in self.results]
        assert seqs == sorted(set(seqs))

    @invariant()
    def counters_count(self) -> None:
        """They never go down, and say how many results there were."""
        counts = [(report.answers, report.errors, report.restarts) for report in self.reports]
        for before, after in pairwise(counts):
            assert all(now >= then for then, now in zip(before, after, strict=True))
        if hasattr(self, "link") and self.asking is None:
            status = self.link.status
            assert status.answers == sum(not result.error for result in self.results)
            assert status.errors == sum(bool(result.error) for result in self.results)

    @invariant()
    def what_is_reported_is_what_is(self) -> None:
        """The last report has the link's state; busy means that a request runs."""
        if self.reports:
            status = self.link.status
            assert (self.reports[-1].state, self.reports[-1].message) == (status.state, status.message)
            assert status.state is not EngineState.BUSY or self.asking is not None
            assert self.link.is_well == (status.state in WELL)

    async def _until(self, true: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true():  # noqa: ASYNC110 - what is waited for is a state, not an event
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise AssertionError(f"{self.engine} and yet {self.link.status}") from None

    def teardown(self) -> None:
        """After everything, an engine that is well gets answers through; and `close` works at any moment."""
        try:
            if hasattr(self, "link"):
                self.runner.run(self._end())
        finally:
            self.runner.close()

    async def _end(self) -> None:
        closes_at_once = self.seq % 2 == 1 and self.asking is not None
        try:
            if not closes_at_once:
                await self._answers_come_again()
        finally:
            self.running.cancel()
            async with asyncio.timeout(PATIENCE_S):
                await self.link.close()
                await asyncio.wait([task for task in (self.running, self.asking) if task])
            if self.asking and not self.asking.cancelled():
                self.asking.exception()
            await self.engine.die()

    async def _answers_come_again(self) -> None:
        await self._wait()
        was_well = any(report.state in WELL for report in self.reports)
        before = self.link.status.restarts
        await self.engine.start()
        self.engine.manner = "answers"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.link.until_well()
                self.seq += 1
                with suppress(Unreachable):
                    result = await self.link.answer(frame(self.seq), picture)
                    if not result.error:  # the old process's connection may break first
                        break
        assert result.answer == {"text": str(self.seq)}
        if was_well:  # at the next look: the new process may have answered before it
            await self._until(lambda: self.link.status.restarts > before)
            await self.link.until_well()
        assert (self.link.status.state, self.link.status.message) == (EngineState.READY, "")


def frame(seq: int) -> Frame:
    """A frame of now."""
    now = clock.monotonic_ns()
    return Frame(seq, now, clock.wall_ns(), 6, 4, Signal.LIVE, now)


def test_whatever_an_engine_does_the_link_tells_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start, crash, hang, answer, wrong answer, replacement, closed port, in any order: the promises hold."""
    for name, value in QUICK.items():
        monkeypatch.setattr(condition if hasattr(condition, name) else link_module, name, value)
    run_state_machine_as_test(
        LinkStates,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
