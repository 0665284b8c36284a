"""Several links that are one engine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bedside.engine.address import Address
from bedside.engine.link import EngineLink
from bedside.engine.replicas import Replicas, merged
from bedside.engine.tally import Handed
from bedside.errors import Unreachable
from bedside.messages import EngineState, EngineStatus

SLEEPS = "import os, time\n\ndef predict(frame):\n    time.sleep(0.3)\n    return {'text': str(os.getpid())}\n"
READY = EngineStatus("e", EngineState.READY)


def test_one_link_is_told_as_it_is() -> None:
    """With what became of the frames beside it."""
    status = merged([replace(READY, answers=5, passed_over=3)], Handed(passed_over=7, late=1, rest_s=2.0))
    assert status == replace(READY, answers=5, passed_over=10, late=1, rest_s=2.0, replicas=1, replicas_well=1)


def test_numbers_are_summed() -> None:
    """Answers, errors, restarts and rates; times are those of a usual answer; the oldest question that runs counts."""
    first = EngineStatus("e", EngineState.BUSY, "", 5, 1, 2, 900, 700, 40.0, 1.0, 4.0)
    second = EngineStatus("e", EngineState.BUSY, "", 7, 0, 1, 950, 600, 60.0, 2.0, 5.0)
    third = READY  # it has not answered yet
    status = merged([first, second, third], Handed())
    assert (status.state, status.message) == (EngineState.BUSY, "")
    assert (status.answers, status.errors, status.restarts, status.fps) == (12, 1, 3, 9.0)
    assert (status.answered_ns, status.asked_ns) == (950, 600)
    assert (status.model_ms, status.added_ms) == (50.0, 1.5)
    assert (status.replicas, status.replicas_well) == (3, 3)


@pytest.mark.parametrize(
    ("states", "best", "message"),
    [
        (["READY", "DEAD"], "READY", "replica 2 of 2 is DEAD: because"),
        (["STARTING", "BUSY", "DEAD"], "BUSY", "replica 3 of 3 is DEAD: because"),
        (["FAILED", "DEAD"], "DEAD", "replica 1 of 2 is FAILED: because"),
        (["STARTING", "FAILED"], "STARTING", "replica 2 of 2 is FAILED: because"),
        (["READY", "BUSY"], "BUSY", ""),
    ],
)
def test_the_best_state_and_the_worst_trouble_are_told(states: list[str], best: str, message: str) -> None:
    """One replica that is well keeps the engine well, and what is wrong with another is not hidden."""
    parts = [EngineStatus("e", EngineState(state), "" if EngineState(state).is_well else "because") for state in states]
    status = merged(parts, Handed())
    assert (status.state, status.message) == (EngineState(best), message)
    assert status.replicas_well == sum(part.state.is_well for part in parts)


def test_what_it_waits_for_is_told_while_it_is_well() -> None:
    """A turn or a window; trouble comes first."""
    handed = Handed(waits="waits for a frozen picture")
    assert merged([READY], handed).message == "waits for a frozen picture"
    assert merged([READY], handed).waits
    filling = replace(READY, message="waits for 16 frames, has 5", waits=True)
    assert merged([filling, filling], Handed()).message == "waits for 16 frames, has 5"
    assert merged([filling], handed).message == "waits for 16 frames, has 5"
    dead = EngineStatus("e", EngineState.DEAD, "it is gone")
    assert merged([dead], handed).message == "it is gone"
    assert not merged([dead], handed).waits


@pytest.fixture
async def replicas() -> AsyncIterator[Callable[..., tuple[Replicas, list[EngineStatus]]]]:
    """Replicas at these addresses that run, and what they report."""
    made: list[tuple[Replicas, asyncio.Task[None]]] = []

    def start(*urls: str) -> tuple[Replicas, list[EngineStatus]]:
        reports: list[EngineStatus] = []
        engine = Replicas("e", reports.append)
        for url in urls:
            engine.join(EngineLink("e", Address(url), report=engine.heard))
        made.append((engine, asyncio.create_task(engine.run())))
        return engine, reports

    yield start
    for engine, task in made:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await engine.close()


async def until(holds: Callable[[], bool]) -> None:
    """Poll until something holds."""
    async with asyncio.timeout(20):
        for _ in range(2000):
            if holds():
                return
            await asyncio.sleep(0.01)


async def test_two_processes_answer_at_once_and_one_may_die(
    serve: Any, link: Any, replicas: Any, tmp_path: Path
) -> None:
    """Both compute at the same time, in processes of their own; a killed one comes back, and the other never stops."""
    (tmp_path / "engine.py").write_text(SLEEPS)
    first, second = serve(tmp_path), serve(tmp_path)
    engine, reports = replicas(first.url, second.url)
    pictures = link("http://127.0.0.1:9")  # for its pictures only
    await until(lambda: engine.status.replicas_well == 2)
    both_well = len(reports)
    answers = await asyncio.gather(*(engine.answer(*pictures.picture(7)) for _ in range(2)))
    assert len({one.answer["text"] for one in answers}) == 2
    asking = asyncio.create_task(engine.answer(*pictures.picture(7)))
    await until(lambda: engine.status.asked_ns > 0)
    second.path = Path(__file__).parents[1] / "villains" / "hangs_on_load.py"
    second.kill()
    assert (await asking).error == ""
    await until(lambda: engine.status.replicas_well == 1)
    status = engine.status
    assert status.state.is_well
    assert status.message.startswith("replica 2 of 2 is ")
    assert (await engine.answer(*pictures.picture(7))).error == ""
    second.path = tmp_path
    second.kill()
    await until(lambda: engine.status.restarts == 1 and engine.status.replicas_well == 2)
    assert (engine.links[0].status.restarts, engine.links[1].status.restarts) == (0, 1)
    assert all(report.state.is_well for report in reports[both_well:])


async def test_when_all_are_busy_the_next_is_refused(serve: Any, link: Any, replicas: Any, tmp_path: Path) -> None:
    """Whoever asks without a lane is told at once."""
    (tmp_path / "engine.py").write_text(SLEEPS)
    engine, _ = replicas(serve(tmp_path).url)
    pictures = link("http://127.0.0.1:9")
    await until(lambda: engine.is_well)
    asking = asyncio.create_task(engine.answer(*pictures.picture(7)))
    await until(lambda: engine.status.asked_ns > 0)
    with pytest.raises(Unreachable, match="engine e takes no frame now"):
        await engine.answer(*pictures.picture(7))
    assert (await asking).error == ""


class Asked:
    """A replica that notes whether it was asked again."""

    def __init__(self, *, is_well: bool, is_warm: bool, is_free: bool) -> None:
        self.is_well, self.is_warm, self.is_free = is_well, is_warm, is_free
        self.times = 0

    async def answer_again(self, *_: Any) -> None:
        """Noted."""
        self.times += 1


async def test_a_correction_goes_to_a_replica_that_can_answer() -> None:
    """Not to the first one that is well: one that has not answered since its start may take minutes."""
    engine = Replicas("e", lambda _: None)
    links = [
        Asked(is_well=False, is_warm=False, is_free=False),
        Asked(is_well=True, is_warm=False, is_free=False),
        Asked(is_well=True, is_warm=True, is_free=False),
        Asked(is_well=True, is_warm=True, is_free=True),
    ]
    for number, asked in enumerate(links):
        engine.join(asked)  # type: ignore[arg-type]
        if number:
            await engine.answer_again(None, None, {})  # type: ignore[arg-type]
    assert [link.times for link in links] == [0, 1, 1, 1]
