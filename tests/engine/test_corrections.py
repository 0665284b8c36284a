"""An engine is asked again about a frame that it has answered, with what a person corrected of the answer."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.engine.picture import Wanted
from bedside.errors import Unreachable
from bedside.messages import EngineState

NONE: dict[str, Any] = {"concepts": {}, "labels": {}}
SKULL = {"concepts": {"skull": True}, "labels": {}}


async def corrected(linked: Any, corrections: Any, value: int = 100, pixels: Any = None) -> Any:
    """The answer to the next frame, with corrections."""
    frame, borrow = linked.picture(value, pixels=pixels)
    with borrow(frame) as whole:
        return await linked.link.answer_again(frame, whole, corrections)


async def test_the_verdict_of_the_very_pixels_follows(serve: Any, link: Any) -> None:
    """The result is about that frame, and the engine's counts know nothing of it."""
    linked = link(serve("bottleneck").url)
    status = await linked.until(EngineState.READY)
    assert status.takes_corrections
    before = await linked.ask(100)
    assert before.answer["verdict"]["level"] == "near"
    after = await corrected(linked, SKULL)
    assert (after.seq, after.error, after.answer["verdict"]["level"]) == (2, "", "good")
    assert after.answer["text"] == "frame 2", "it is told of the frame, too"
    assert after.timing.added_ms < 5000, "the frame's age is none of the correction's time"
    gone = await corrected(linked, {"concepts": {}, "labels": {"skull": False}})
    assert (before.answer["mask"].max(), gone.answer["mask"].max()) == (1, 0)
    assert (linked.link.status.answers, linked.link.status.errors) == (1, 0)
    assert (await linked.ask(100)).answer["verdict"]["level"] == "near", "the next frame is as it was"


async def test_it_sees_what_it_saw_before(serve: Any, link: Any) -> None:
    """Region, size and colour are those of the live frames, and the answer speaks of the whole picture."""
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 4:] = 100
    wanted = Wanted(region=(4, 0, 4, 4), size=(8, 8), color="grey")
    linked = link(serve("bottleneck").url, wanted=wanted)
    await linked.until(EngineState.READY)
    live = await linked.ask(pixels=pixels)
    again = await corrected(linked, {"concepts": {"midline": True}, "labels": {}}, pixels=pixels)
    assert live.answer["verdict"] == again.answer["verdict"] == {"label": "Head", "level": "near"}
    assert (live.answer["mask"] == again.answer["mask"]).all()


async def test_it_waits_its_turn_and_the_next_frame_for_it(serve: Any, link: Any) -> None:
    """Asked while an answer is awaited, it comes right after that one; the frame that comes meanwhile is not lost."""
    linked = link(serve("bottleneck").url)
    await linked.until(EngineState.READY)
    await linked.ask()
    first = asyncio.create_task(linked.ask())
    await asyncio.sleep(0)
    assert not linked.link.is_free
    again = asyncio.create_task(corrected(linked, SKULL))
    await asyncio.sleep(0)
    second = asyncio.create_task(linked.ask())
    results = await asyncio.gather(first, again, second)
    times = [time for result in results for time in (result.timing.asked_ns, result.timing.answered_ns)]
    assert times == sorted(times)
    assert results[2].timing.due_ns >= results[1].timing.answered_ns, "that wait is nothing that Bedside added"


async def test_what_was_laid_ready_stays_ready(serve: Any, link: Any) -> None:
    """A correction is written into the other buffer than the next frame, which has its own answer after it."""
    linked = link(serve("bottleneck").url)
    await linked.until(EngineState.READY)
    await linked.ask(100)
    ready, borrow = linked.picture(200)
    await linked.link.prepare(ready, borrow)
    assert (await corrected(linked, NONE, value=10)).answer["verdict"]["level"] == "none"
    assert (await linked.link.answer(ready, borrow)).answer["verdict"]["level"] == "good"


async def test_an_engine_without_them_is_not_asked(serve: Any, link: Any) -> None:
    """It says so in one sentence; so does one that gets windows."""
    linked = link(serve("gallery").url)
    status = await linked.until(EngineState.READY)
    assert not status.takes_corrections
    with pytest.raises(Unreachable, match="engine e takes no corrections"):
        await corrected(linked, SKULL)
    windowed = link(serve("bottleneck").url, wanted=Wanted(window=2))
    assert not (await windowed.until(EngineState.READY)).takes_corrections
    with pytest.raises(Unreachable, match="engine e takes no corrections"):
        await corrected(windowed, SKULL)


async def test_before_its_first_answer_it_is_not_asked(serve: Any, link: Any) -> None:
    """That one may take minutes; and an engine that is gone is not asked either."""
    engine = serve("bottleneck")
    linked = link(engine.url)
    await linked.until(EngineState.READY)
    with pytest.raises(Unreachable, match="has not answered a frame since its start"):
        await corrected(linked, SKULL)
    await linked.ask()
    engine.path = engine.path.with_name("hangs_on_load.py")
    engine.kill()
    await linked.until_true(lambda: not linked.link.is_well)
    with pytest.raises(Unreachable, match="engine e takes no frame now; it is"):
        await corrected(linked, SKULL)


@pytest.mark.parametrize(
    ("deed", "error"), [("time.sleep(60)", "no answer within"), ("raise ValueError('no')", "predict raised ValueError")]
)
async def test_a_correction_that_fails_is_an_error_of_its_own(
    deed: str, error: str, serve: Any, link: Any, tmp_path: Path
) -> None:
    """Whatever the engine does with it is told, and frames are answered again afterwards."""
    (tmp_path / "engine.py").write_text(
        f"import time\ndef predict(frame, *, corrections=None):\n    if corrections:\n        {deed}\n    return {{}}\n"
    )
    linked = link(serve(tmp_path, deadline_s=0.5).url, deadline_s=0.5)
    await linked.until(EngineState.READY)
    await linked.ask()
    result = await corrected(linked, SKULL)
    assert (result.error[: len(error)], result.answer) == (error, {})
    await linked.until(EngineState.READY)
    assert (await linked.ask()).error == ""
    assert linked.link.status.errors == 0
