"""What a server of somebody else does wrong is a state and a sentence of its link, and nothing more."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.engine.conftest import Linked
from tests.engine.foreign import Asked, foreign, listening, metadata, tensor

from bedside.engine.address import Address
from bedside.engine.link import EngineLink
from bedside.engine.protocol import Answer, Response, read_answer
from bedside.messages import EngineState

RESULT = metadata([tensor("frame", "UINT8", -1, -1, 3)], [tensor("result", "BYTES", 1)])
RAW = metadata([tensor("image", "UINT8", -1, -1, 3)], [tensor("scores", "FP32", 2)])
INFER = "/v2/models/m/infer"
TEXT = {"outputs": [tensor("result", "BYTES", 1) | {"data": ['{"text": "seen"}']}]}

Links = Callable[..., Linked]


@pytest.fixture
async def remote() -> AsyncIterator[Links]:
    """Links to the model `m` of a server."""
    made: list[tuple[Linked, asyncio.Task[None]]] = []

    def remote(url: str, deadline_s: float = 5.0, **more: Any) -> Linked:
        reports: list[Any] = []
        address = Address(url, model="m", **more)
        link = EngineLink("e", address, deadline_s=deadline_s, start_deadline_s=deadline_s, report=reports.append)
        made.append((Linked(link, reports), asyncio.create_task(link.run())))
        return made[-1][0]

    yield remote
    for linked, task in made:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await linked.link.close()


async def test_a_model_elsewhere_answers(remote: Links) -> None:
    """From nothing to READY to an answer; all of the request counts as the model's, as the server does not say."""
    async with foreign(RESULT | {INFER: TEXT}) as server:
        linked = remote(server.url)
        await linked.until(EngineState.READY)
        result = await linked.ask()
        assert (result.error, result.answer) == ("", {"text": "seen"})
        assert result.timing.model_ms > 0
        assert linked.states == ["READY", "BUSY", "READY"]


async def test_a_model_takes_no_longer_than_its_answer(remote: Links) -> None:
    """Whatever the server says of it: replicas would wait for each other by that time."""
    async with foreign(RESULT | {INFER: TEXT | {"parameters": {"model_ms": 1e8}}}) as server:
        linked = remote(server.url)
        await linked.until(EngineState.READY)
        timing = (await linked.ask()).timing
        assert 0 < timing.model_ms <= (timing.answered_ns - timing.asked_ns) / 1e6


async def test_a_long_answer_does_not_hold_up_the_pages(remote: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read in a thread; a short one is read at once."""
    on_loop = []

    def read(response: Response) -> Answer:
        on_loop.append(threading.current_thread() is threading.main_thread())
        return read_answer(response)

    monkeypatch.setattr("bedside.engine.client.read_answer", read)
    texts = {"labels": ["x" * 2000 for _ in range(40)], "mask": [[39]]}
    long = {"outputs": [tensor("result", "BYTES", 1) | {"data": [json.dumps(texts)]}]}
    async with foreign(RESULT | {INFER: long}) as server:
        linked = remote(server.url)
        await linked.until(EngineState.READY)
        assert len((await linked.ask()).answer["labels"]) == 40
        server.answers[INFER] = TEXT
        assert (await linked.ask()).answer == {"text": "seen"}
    assert on_loop == [False, True]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((500, {}, {"error": "out of memory"}), "out of memory"),
        ((400, {}, {"error": "unexpected shape"}), "it did not take the frame: unexpected shape"),
        (b"\xff\xfe nonsense", "its answer cannot be read"),
        ({"outputs": []}, "no output 'result'"),
        ({"outputs": [tensor("result", "BYTES", 1) | {"data": ['{"verdikt": 1}']}]}, "did you mean 'verdict'?"),
    ],
)
async def test_nonsense_is_an_error_of_its_frame(answer: Any, sentence: str, remote: Links) -> None:
    """The engine stays READY, and the next frame is answered."""
    async with foreign(RESULT | {INFER: answer}) as server:
        linked = remote(server.url)
        await linked.until(EngineState.READY)
        result = await linked.ask()
        assert sentence in result.error
        assert linked.link.status.state is EngineState.READY
        server.answers[INFER] = TEXT
        assert (await linked.ask()).answer == {"text": "seen"}


async def test_a_server_that_breaks_off_is_dead_until_it_is_back(remote: Links) -> None:
    """Its frame says so; then it is found again, and counted as started again."""
    async with foreign(RESULT | {INFER: b"raw:HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"}) as server:
        linked = remote(server.url)
        await linked.until(EngineState.READY)
        assert "it died while it computed an answer" in (await linked.ask()).error
        server.answers[INFER] = TEXT
        assert (await linked.until(EngineState.READY)).restarts == 1
        assert "DEAD" in linked.states
        assert (await linked.ask()).answer == {"text": "seen"}


async def test_a_server_that_hangs_costs_its_deadline(remote: Links) -> None:
    """Health that answers meanwhile does not change that."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with foreign(RESULT) as answering:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode()
                if path == INFER:
                    await asyncio.Event().wait()
                writer.write(answering.reply(Asked(path, {}, b"")))

    async with listening(silent) as port:
        linked = remote(f"http://127.0.0.1:{port}", deadline_s=0.2)
        await linked.until(EngineState.READY)
        assert (await linked.ask()).error == "no answer within 0.2 s; it hangs"
        assert "DEAD" in linked.states


async def test_a_wrong_setting_is_failed_and_gone_when_it_is_right(remote: Links) -> None:
    """Tensors without an adapter at the first look; once the server has another model, it is READY by itself."""
    async with foreign(RAW | {INFER: TEXT}) as server:
        linked = remote(server.url)
        status = await linked.until(EngineState.FAILED)
        assert (
            "speaks in tensors of its own (inputs: image UINT8 [-1, -1, 3]; outputs: scores FP32 [2])" in status.message
        )
        server.answers |= {"/v2/health/ready": (503, {}, b"")}
        await linked.until_true(lambda: len(server.asked) > 6)
        server.answers |= RESULT
        await linked.until(EngineState.READY)
        assert (await linked.ask()).answer == {"text": "seen"}


async def test_an_adapter_that_fails_costs_frames_only(remote: Links, tmp_path: Path) -> None:
    """What it raises is the frame's error; a file that is broken from the start is FAILED until it is corrected."""
    adapter = tmp_path / "adapter.py"
    adapter.write_text("def result(outputs")
    scores = {"outputs": [tensor("scores", "FP32", 2) | {"data": [0.25, 0.75]}]}
    async with foreign(RAW | {INFER: scores}) as server:
        linked = remote(server.url, adapter=adapter)
        status = await linked.until(EngineState.FAILED)
        assert "adapter.py cannot be loaded: SyntaxError" in status.message
        adapter.write_text("import sys\ndef result(outputs):\n    sys.exit(4)\n")
        await linked.until(EngineState.READY)
        for _ in range(2):
            assert (await linked.ask()).error == "adapter.py: result(outputs) raised SystemExit: 4 (adapter.py:3)"
        assert linked.link.status.state is EngineState.READY
