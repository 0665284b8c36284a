"""One engine's life through everything that can happen to it."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.engine.picture import Wanted
from bedside.errors import Overwritten, Unreachable
from bedside.messages import EngineState, Frame, Signal


async def test_an_engine_comes_up_and_answers(serve: Any, link: Any) -> None:
    """From nothing to READY; the answer carries the frame's own number, all fields, and times in order."""
    linked = link(serve("gallery").url)
    await linked.until(EngineState.READY)
    result = await linked.ask(size=(80, 60))
    timing = result.timing
    assert (result.engine, result.seq, result.error) == ("e", 1, "")
    assert result.answer["verdict"]["label"] == "Brain plane"
    assert result.answer["mask"].shape == (60, 80)
    assert result.answer["images"][0]["pixels"].shape == (96, 128)
    assert timing.captured_ns <= timing.taken_ns <= timing.asked_ns <= timing.answered_ns
    assert timing.model_ms > 0
    assert timing.added_ms > 0
    status = linked.link.status
    assert (status.answers, status.errors, status.restarts, status.asked_ns) == (1, 0, 0, 0)
    assert status.answered_ns == timing.answered_ns
    assert linked.states == ["STARTING", "READY", "BUSY", "READY"]


async def test_nothing_there_is_starting_then_failed(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that was never reached counts as starting for a while, then says where nothing listens."""
    monkeypatch.setattr("bedside.engine.condition.NEVER_SEEN_S", 0.3)
    linked = link("http://127.0.0.1:9")
    with pytest.raises(Unreachable, match="engine e takes no frame now"):
        await linked.ask()
    status = await linked.until(EngineState.FAILED)
    assert "nothing answers at http://127.0.0.1:9" in status.message
    assert linked.states == ["STARTING", "FAILED"]


@pytest.mark.parametrize("villain", ["raises_in_predict", "wrong_field", "wrong_shape", "huge_result", "nan_values"])
async def test_a_failing_model_is_an_error_of_that_frame(villain: str, serve: Any, link: Any) -> None:
    """The result carries the sentence, and the engine stays READY for the next frame."""
    linked = link(serve(villain).url)
    await linked.until(EngineState.READY)
    for number in (1, 2):
        result = await linked.ask()
        assert (result.seq, result.answer) == (number, {})
        assert result.error
        assert linked.link.status.state is EngineState.READY
    assert (linked.link.status.answers, linked.link.status.errors) == (0, 2)


@pytest.mark.parametrize("villain", ["exits_in_predict", "killed_in_predict"])
async def test_an_engine_that_dies_is_dead_until_it_is_back(villain: str, serve: Any, link: Any) -> None:
    """Its last frame's result says that it died; then it is started again, counted, and asked again."""
    linked = link(serve(villain).url)
    await linked.until(EngineState.READY)
    result = await linked.ask()
    assert result.error.startswith("it died while it computed an answer")
    assert linked.link.status.state is EngineState.DEAD
    status = await linked.until(EngineState.READY)
    assert status.restarts == 1
    assert (await linked.ask()).error.startswith("it died")


@pytest.mark.parametrize("villain", ["never_returns", "holds_the_gil"])
async def test_an_engine_that_hangs_is_overdue_and_comes_back(villain: str, serve: Any, link: Any) -> None:
    """At the deadline its frame gets an error, its process is gone, and a new one is found."""
    engine = serve(villain, deadline_s=0.5, start_deadline_s=4)
    linked = link(engine.url, deadline_s=0.5, start_deadline_s=4)
    await linked.until(EngineState.READY)
    first = engine.process
    result = await linked.ask()
    assert result.error.startswith("no answer within 4 s")
    assert linked.link.status.state is EngineState.DEAD
    assert (await linked.until(EngineState.READY)).restarts == 1
    assert engine.process is not first
    assert f"{villain}.py" in engine.log, "the stack of what hung is in the engine's log"


async def test_a_hung_engine_that_nobody_stops_stays_dead(serve: Any, link: Any) -> None:
    """While it still hangs on the frame that it did not answer in time, it gets no other, though its port answers."""
    linked = link(serve("never_returns", deadline_s=60, start_deadline_s=60).url, deadline_s=0.2, start_deadline_s=0.2)
    await linked.until(EngineState.READY)
    assert "it hangs" in (await linked.ask()).error
    await asyncio.sleep(0.6)  # several probes
    assert linked.link.status.state is EngineState.DEAD


async def test_an_idle_engine_that_is_killed_is_noticed(serve: Any, link: Any) -> None:
    """Without any frame, too: after kill -9 it is found again, counted as restarted, and reads shared memory anew."""
    engine = serve("writes_into_the_frame")
    linked = link(engine.url)
    await linked.until(EngineState.READY)
    assert (await linked.ask(5)).answer == {"text": "5"}
    engine.kill()
    await linked.until_true(lambda: linked.link.status.restarts == 1)
    await linked.until(EngineState.READY)
    assert (await linked.ask(6)).answer == {"text": "6"}


async def test_an_engine_that_cannot_be_loaded_says_why(serve: Any, link: Any) -> None:
    """FAILED with the engine's own sentence, which stays while it is tried again in vain, and goes when it works."""
    engine = serve("raises_in_init")
    linked = link(engine.url)
    status = await linked.until(EngineState.FAILED)
    assert status.message.startswith("Engine() in raises_in_init.py fails: FileNotFoundError: weights.pt is not there")
    await linked.until_true(lambda: engine.starts > 1)
    assert linked.link.status.state is EngineState.FAILED
    engine.path = engine.path.with_name("slow_init.py")
    assert (await linked.until(EngineState.READY)).message == ""
    assert linked.link.status.restarts == 0, "it had never been there before"


async def test_frames_of_another_size_follow(serve: Any, link: Any) -> None:
    """A larger picture, a smaller one, a larger one again: each is answered, in its own size."""
    linked = link(serve("gallery").url)
    await linked.until(EngineState.READY)
    for size in ((32, 16), (640, 480), (20, 10), (1920, 1080)):
        result = await linked.ask(size=size)
        assert result.answer["mask"].shape == (size[1], size[0])


async def test_a_model_that_keeps_frames_keeps_them_unharmed(serve: Any, link: Any) -> None:
    """Every kept frame still shows what it showed, though the staging memory is written for each frame."""
    linked = link(serve("keeps_frames").url)
    await linked.until(EngineState.READY)
    seen = [(await linked.ask(value)).answer["text"] for value in (1, 2, 3, 4)]
    assert seen == ["1", "1 2", "1 2 3", "1 2 3 4"]


async def test_an_engine_elsewhere_gets_its_pixels_in_the_request(serve: Any, link: Any) -> None:
    """An address that is not this machine's loopback: the same answers, and nothing in shared memory."""
    engine = serve("writes_into_the_frame")
    linked = link(f"http://0.0.0.0:{engine.port}")
    await linked.until(EngineState.READY)
    assert (await linked.ask(9, size=(1920, 1080))).answer == {"text": "9"}
    assert linked.staged() == []


async def test_an_engine_that_cannot_map_the_memory_gets_it_in_the_request(
    serve: Any, link: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Behind a loopback address there may be a container without our shared memory: it is asked all the same."""
    monkeypatch.setattr("bedside.engine.staging.SHM", tmp_path)
    linked = link(serve("writes_into_the_frame").url)
    await linked.until(EngineState.READY)
    assert [(await linked.ask(value)).answer for value in (3, 4)] == [{"text": "3"}, {"text": "4"}]


async def test_without_shared_memory_pixels_go_in_the_request(
    serve: Any, link: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A full /dev/shm makes it slower, with a warning, and stops nothing."""
    monkeypatch.setattr("bedside.engine.staging.SHM", tmp_path / "not-there")
    linked = link(serve("writes_into_the_frame").url)
    await linked.until(EngineState.READY)
    assert [(await linked.ask(value)).answer for value in (3, 4)] == [{"text": "3"}, {"text": "4"}]
    assert "has no room for 72 bytes for an engine" in caplog.text


async def test_what_is_no_engine_is_said(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that speaks something else at that address: one sentence, no answer, nothing breaks."""
    monkeypatch.setattr("bedside.engine.condition.NEVER_SEEN_S", 0.1)

    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        linked = link(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        status = await linked.until(EngineState.FAILED)
    assert "what answers does not speak HTTP: '220 mail.example ESMTP'" in status.message


async def test_pixels_that_are_gone_are_said(serve: Any, link: Any) -> None:
    """Overwritten while staging: the caller hears it, and the engine is free for the next frame."""
    linked = link(serve("gallery").url)
    await linked.until(EngineState.READY)

    def gone(frame: Frame) -> Any:
        raise Overwritten("gone")

    with pytest.raises(Overwritten):
        await linked.link.answer(Frame(1, 0, 0, 6, 4, Signal.LIVE), gone)
    assert (await linked.ask()).error == ""


async def test_size_and_colour_are_as_the_engine_asks(serve: Any, link: Any, tmp_path: Path) -> None:
    """[width, height] and colour of the frame that the model sees are the ones that were set."""
    (tmp_path / "engine.py").write_text(
        "def predict(frame):\n    return {'text': f'{frame.shape} {frame.reshape(-1, frame.shape[-1])[0].tolist()}'}\n"
    )
    engine = serve(tmp_path)
    red = np.zeros((40, 60, 3), np.uint8)
    red[..., 0] = 200
    for color, size, expected in [
        ("rgb", (), "(40, 60, 3) [200, 0, 0]"),
        ("bgr", (), "(40, 60, 3) [0, 0, 200]"),
        ("bgr", (30, 20), "(20, 30, 3) [0, 0, 200]"),
        ("rgb", (90, 50), "(50, 90, 3) [200, 0, 0]"),
        ("grey", (3, 2), "(2, 3) [60, 60, 60]"),
    ]:
        linked = link(engine.url, wanted=Wanted(size=size, color=color))
        await linked.until(EngineState.READY)
        assert (await linked.ask(pixels=red)).answer["text"] == expected


async def test_a_frame_laid_ready_is_asked_about_with_its_own_pixels(serve: Any, link: Any) -> None:
    """Two staging buffers take turns: what is laid ready while the engine computes is what it then gets."""
    linked = link(serve("writes_into_the_frame").url)
    await linked.until(EngineState.READY)
    for value in range(10, 20):
        frame, borrow = linked.picture(value)
        asking = asyncio.create_task(linked.ask(value + 100))
        await asyncio.sleep(0)
        await linked.link.prepare(frame, borrow)
        assert (await asking).answer == {"text": str(value + 100)}
        assert (await linked.link.answer(frame, borrow)).answer == {"text": str(value)}
    assert len(linked.staged()) == 2


async def test_a_frame_laid_ready_in_vain_does_no_harm(serve: Any, link: Any) -> None:
    """Another frame is asked about, or the one laid ready was overwritten: the answer is about the right pixels."""
    linked = link(serve("writes_into_the_frame").url)
    await linked.until(EngineState.READY)

    def gone(_: Frame) -> Any:
        raise Overwritten("the ring has moved on")

    for value, lender in ((1, None), (2, gone), (3, None)):
        frame, borrow = linked.picture(50)
        await linked.link.prepare(frame, lender or borrow)
        assert (await linked.ask(value)).answer == {"text": str(value)}


async def test_an_engine_that_loads_says_no_more_than_that(serve: Any, link: Any) -> None:
    """STARTING without a message once its process is there: what it answers to a probe is for programs."""
    linked = link(serve("slow_init").url)
    await linked.until(EngineState.READY)
    assert {report.message for report in linked.reports} <= {"nothing answers there yet", ""}
