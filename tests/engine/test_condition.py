"""What the server holds an engine to be."""

import asyncio

from bedside.engine.client import Readiness
from bedside.engine.condition import Condition
from bedside.errors import Unreachable
from bedside.messages import EngineState

READY = EngineState.READY


def condition() -> tuple[Condition, list[str]]:
    """One of an engine that nobody has looked for, and what is told of it."""
    told: list[str] = []
    made = Condition("demo", lambda: told.append(f"{made.state}: {made.message}"))
    return made, told


def test_another_process_is_another_start() -> None:
    """The same process again is none, and nothing is told; one that was lost and is there again is one."""
    engine, told = condition()
    assert engine.meet(Readiness(READY, "", "one"))
    engine.start()
    engine.warm()
    before = len(told)
    assert not engine.meet(Readiness(READY, "", "one"))
    assert len(told) == before and engine.is_warm
    assert engine.meet(Readiness(READY, "", "two"))
    engine.start()
    assert engine.was_well and not engine.is_warm
    engine.miss(Unreachable("nobody listens"))
    assert (engine.state, engine.message) == (EngineState.DEAD, "it is gone: nobody listens")
    assert engine.meet(Readiness(READY, "", "two"))


def test_one_that_hangs_is_not_well_because_it_is_busy() -> None:
    """It was lost while it computed, and still computes: it is back when it is ready, or another process."""
    engine, _ = condition()
    assert engine.meet(Readiness(READY, "", "one"))
    engine.start()
    engine.lose("no answer within 10 s; it hangs")
    assert not engine.meet(Readiness(EngineState.BUSY, "", "one"))
    assert engine.state is EngineState.DEAD
    assert engine.meet(Readiness(READY, "", "one"))


async def test_whoever_waits_for_it_waits_while_the_picture_does_not_fit() -> None:
    """An engine that is ready is not well for a region that lies outside of the picture."""
    engine, told = condition()
    engine.fit("the region lies outside of the picture")
    engine.start()
    waiting = asyncio.ensure_future(engine.until_well())
    await asyncio.sleep(0)
    assert not engine.is_well and not waiting.done()
    engine.fit("")
    await asyncio.wait_for(waiting, 5)
    assert engine.is_well and len(told) == 3
