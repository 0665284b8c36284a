"""Engines by their address: what servers of every kind are asked, and what becomes of whatever they answer."""

import asyncio
import json
import logging
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.foreign import READY, Foreign, foreign, listening, metadata, tensor

from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.client import Client, Readiness, Refused
from bedside.engine.over_http import MAX_JSON
from bedside.engine.protocol import Failure
from bedside.errors import EngineDied, EngineError, PredictFailed, Unreachable
from bedside.messages import EngineState

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
ASK = Ask(7, PICTURE, {"seqs": [7], "times_s": [1.5], "state": "live", "pixel_spacing_mm": [0.5, 0.5]})
RAW = metadata([tensor("image", "UINT8", -1, -1, 3)], [tensor("probability", "FP32", 1)])
RESULT = metadata([tensor("frame", "UINT8", -1, -1, 3)], [tensor("result", "BYTES", 1)])
ADAPTER = 'def result(outputs):\n    return {"text": "%.2f" % outputs["probability"][0]}\n'
PROBABILITY = {"outputs": [tensor("probability", "FP32", 1) | {"data": [0.25]}]}
TEXT = {"outputs": [tensor("result", "BYTES", 1) | {"data": ['{"text": "seen"}']}]}

Clients = Callable[..., Client]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Clients]:
    """Clients of the model `m`; `adapter` is the text of one."""
    made: list[Client] = []

    def client(url: str, adapter: str = "", name: str = "m", **more: Any) -> Client:
        if adapter:
            (tmp_path / "adapter.py").write_text(adapter)
            more["adapter"] = tmp_path / "adapter.py"
        made.append(Client(name, Address(url, **more)))
        return made[-1]

    yield client
    for one in made:
        await one.close()


async def ready(client: Client) -> None:
    """It must be ready."""
    assert await client.readiness() == Readiness(EngineState.READY)


async def test_a_server_that_answers_with_a_result_needs_nothing_more(client: Clients) -> None:
    """Input frame and output result, as a Bedside engine has them: it gets the tensor, and no word of ours."""
    async with foreign(RESULT | {"/v2/models/m/infer": TEXT}) as server:
        asking = client(server.url)
        await ready(asking)
        answer = await asking.infer(ASK)
        assert (answer.fields, answer.model_ms) == ({"text": "seen"}, None)
        asked = server.asked[-1]
        assert asked.document == {
            "id": "7",
            "parameters": {"binary_data_output": True},
            "inputs": [tensor("frame", "UINT8", 2, 4, 3) | {"parameters": {"binary_data_size": 24}}],
        }
        assert asked.binary == PICTURE.tobytes()


async def test_raw_tensors_without_an_adapter_are_said_with_what_the_model_has(client: Clients) -> None:
    """FAILED, with its inputs and outputs, and what to write."""
    async with foreign(RAW) as server:
        readiness = await client(server.url).readiness()
    assert readiness.state is EngineState.FAILED
    assert "(inputs: image UINT8 [-1, -1, 3]; outputs: probability FP32 [1])" in readiness.error
    assert "write adapter.py with request(frame, info) and result(outputs)" in readiness.error


async def test_an_adapter_turns_tensors_into_a_result(client: Clients) -> None:
    """`result` alone: the frame goes as it is to the only input."""
    async with foreign(RAW | {"/v2/models/m/infer": PROBABILITY}) as server:
        asking = client(server.url, ADAPTER)
        await ready(asking)
        assert (await asking.infer(ASK)).fields == {"text": "0.25"}
        assert server.asked[-1].document["inputs"][0]["name"] == "image"
        assert server.asked[-1].binary == PICTURE.tobytes()


async def test_an_adapter_makes_the_inputs(client: Clients) -> None:
    """`request(frame, info)` gives any tensors, and knows of the frame what an engine here knows."""
    adapter = ADAPTER + (
        "import numpy as np\n"
        "def request(frame, info):\n"
        "    assert info.seq == 7 and info.state == 'live' and info.pixel_spacing_mm == (0.5, 0.5)\n"
        "    return {'x': (frame / 255).astype(np.float16).transpose(2, 0, 1)[None], 'names': ['a', 'bc']}\n"
    )
    async with foreign(RAW | {"/v2/models/m/infer": PROBABILITY}) as server:
        asking = client(server.url, adapter)
        await ready(asking)
        assert (await asking.infer(ASK)).fields == {"text": "0.25"}
        asked = server.asked[-1]
        assert [(one["name"], one["datatype"], one["shape"]) for one in asked.document["inputs"]] == [
            ("x", "FP16", [1, 3, 2, 4]),
            ("names", "BYTES", [2]),
        ]
        pixels = (PICTURE / 255).astype(np.float16).transpose(2, 0, 1)
        assert asked.binary == pixels.tobytes() + b"\x01\x00\x00\x00a\x02\x00\x00\x00bc"


@pytest.mark.parametrize(
    ("declared", "shape"),
    [
        (tensor("image", "UINT8", -1, -1, 3), [2, 4, 3]),
        (tensor("image", "UINT8", -1, -1, -1), [2, 4, 3]),
        (tensor("image", "UINT8", -1, 2, 4, 3), [1, 2, 4, 3]),
        (tensor("image", "INT32", 3, -1, -1), [3, 2, 4]),
        (tensor("image", "UINT8", 1, 3, 2, 4), [1, 3, 2, 4]),
    ],
)
async def test_a_picture_goes_as_the_metadata_want_it(declared: Any, shape: list[int], client: Clients) -> None:
    """A dimension for the batch, colours first, wider whole numbers: the values stay as they are."""
    described = metadata([declared], [tensor("probability", "FP32", 1)])
    async with foreign(described | {"/v2/models/m/infer": PROBABILITY}) as server:
        asking = client(server.url, ADAPTER)
        await ready(asking)
        await asking.infer(ASK)
        sent = server.asked[-1].document["inputs"][0]
        assert (sent["shape"], sent["datatype"]) == (shape, declared["datatype"])
        kind = np.uint8 if declared["datatype"] == "UINT8" else np.int32
        rows = PICTURE.transpose(2, 0, 1) if shape[-1] != 3 else PICTURE
        assert (np.frombuffer(server.asked[-1].binary, kind).reshape(shape).squeeze() == rows).all()


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ([], "the model takes nothing declared; expected a single input, or write request(frame, info)"),
        ([tensor("a", "UINT8", -1), tensor("b", "UINT8", -1)], "the model takes a UINT8 [-1], b UINT8 [-1]; expected"),
        ([tensor("a", "FP32", -1, 3, 4, 2)], "nothing says how 0 to 255 become FP32; write request(frame, info)"),
        ("nonsense", "the model takes nothing declared"),
    ],
)
async def test_an_input_that_leaves_room_for_a_guess_is_failed(inputs: Any, sentence: str, client: Clients) -> None:
    """A wrong guess would be a wrong answer that looks right."""
    async with foreign(metadata(inputs, [])) as server:
        readiness = await client(server.url, ADAPTER).readiness()
    assert readiness.state is EngineState.FAILED
    assert sentence in readiness.error


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((224, 224, 3), "the model takes image UINT8 [224, 224, 3], and the picture is [2, 4, 3]; set size or color"),
        ((-1, -1, -1, -1), "which a picture [2, 4, 3] fits in several ways; write request(frame, info)"),
    ],
)
async def test_a_picture_that_does_not_fit_is_an_error_of_that_frame(
    shape: tuple[int, ...], sentence: str, client: Clients
) -> None:
    """With what to set."""
    async with foreign(metadata([tensor("image", "UINT8", *shape)], [])) as server:
        asking = client(server.url, ADAPTER)
        await ready(asking)
        with pytest.raises(Refused) as raised:
            await asking.infer(ASK)
        assert sentence in str(raised.value)


async def test_a_server_without_binary_tensors_gets_small_ones_as_json(client: Clients) -> None:
    """Numbers in JSON, and plain JSON back."""
    described = metadata([tensor("image", "UINT8", -1, -1, 3)], [], extensions=[])
    async with foreign(described | {"/v2/models/m/infer": PROBABILITY}) as server:
        asking = client(server.url, ADAPTER)
        await ready(asking)
        assert (await asking.infer(ASK)).fields == {"text": "0.25"}
        assert server.asked[-1].document == {
            "id": "7",
            "inputs": [tensor("image", "UINT8", 2, 4, 3) | {"data": PICTURE.reshape(-1).tolist()}],
        }
        assert server.asked[-1].headers["content-type"] == "application/json"
        with pytest.raises(
            Refused, match=rf"at most {MAX_JSON} go that way; use its gRPC port, url = \"grpc://host:port\""
        ):
            await asking.infer(Ask(8, np.zeros((1080, 1920, 3), np.uint8)))


async def test_the_token_goes_with_every_request(client: Clients) -> None:
    """As Authorization: Bearer, to its own address only."""
    async with foreign(RESULT | {"/v2/models/m/infer": TEXT}) as server:
        asking = client(server.url, token="s3cret")
        await ready(asking)
        await asking.infer(ASK)
        assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer s3cret"}


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"/v2/health/ready": (401, {}, {"error": "no"})}, "does not let Bedside in (401: no); check token"),
        ({"/v2/health/ready": (403, {}, b"")}, "does not let Bedside in (403: no reason given); check token"),
        (READY | {"/v2/models/m": (401, {}, b"")}, "does not let Bedside in"),
        (
            {"/v2/health/ready": (302, {"Location": "https://login.example/"}, b"")},
            "sends on to https://login.example/, which Bedside does not follow; correct url",
        ),
        ({}, "does not speak the Open Inference Protocol; check url"),
        ({"/v2/health/ready": b""}, "has no model 'm'; check model (or name) and url"),
        (READY | {"/v2/models/m/ready": (400, {}, b"")}, "has no model 'm'"),
        (READY, "has no model 'm'"),
    ],
)
async def test_what_only_a_setting_changes_is_failed_at_once(answers: Any, sentence: str, client: Clients) -> None:
    """Waiting would not help, so the sentence stands on the page from the first look on."""
    async with foreign(answers) as server:
        readiness = await client(server.url, token="wrong").readiness()
    assert readiness.state is EngineState.FAILED
    assert sentence in readiness.error


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"/v2/health/ready": (503, {}, b"")}, "it is not ready"),
        ({"/v2/health/ready": (503, {}, {"error": "loading"})}, "loading"),
        ({"/v2/health/ready": {"ready": False}}, '{"ready": false}'),
        (RAW | {"/v2/models/m/ready": (400, {}, {"error": "Model version not ready"})}, "Model version not ready"),
        (RAW | {"/v2/models/m/ready": {"name": "m", "ready": False}}, '"ready": false'),
        ({"/v2/health/ready": (502, {}, b"<html>Bad Gateway")}, "<html>Bad Gateway"),
    ],
)
async def test_a_server_that_is_not_ready_yet_is_starting(answers: Any, sentence: str, client: Clients) -> None:
    """Its server, its model, or what stands before it says so in its own way."""
    async with foreign(answers) as server:
        readiness = await client(server.url).readiness()
    assert readiness.state is EngineState.STARTING
    assert sentence in readiness.error


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        ((500, {}, {"error": "out of memory"}), Failure, "out of memory"),
        ((400, {}, {"error": "unexpected shape"}), Refused, "it did not take the frame: unexpected shape"),
        ((429, {}, b"slow down"), Refused, "it did not take the frame: slow down"),
        ((503, {}, b"no replica"), EngineDied, "it takes no frames: no replica"),
        ((401, {}, b"expired"), Refused, "does not let Bedside in (401: expired); check token"),
        ((307, {"Location": "http://else/"}, b""), Refused, "sends on to http://else/"),
        (b"raw:HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", EngineDied, "it died while it computed an answer"),
        (b"raw:SSH-2.0\r\n\r\n", EngineDied, "does not speak HTTP"),
        (b"raw:", EngineDied, "it died while it computed an answer"),
        ({"outputs": [tensor("result", "BYTES", 2) | {"data": ["{}"]}]}, PredictFailed, "1 values, and the shape [2]"),
        ({"outputs": []}, PredictFailed, "no output 'result' among []"),
    ],
)
async def test_a_wrong_answer_is_an_error_of_that_frame_or_a_state(
    answer: Any, error: type[Exception], sentence: str, client: Clients
) -> None:
    """Each with its reason; and the next frame is answered when the server is itself again."""
    async with foreign(RESULT | {"/v2/models/m/infer": answer}) as server:
        asking = client(server.url)
        await ready(asking)
        with pytest.raises(error) as raised:
            await asking.infer(ASK)
        assert sentence in str(raised.value)
        server.answers["/v2/models/m/infer"] = TEXT
        await ready(asking)
        assert (await asking.infer(ASK)).fields == {"text": "seen"}


async def test_another_model_after_a_break_is_noticed(client: Clients) -> None:
    """What comes back at the address is looked at anew."""
    async with foreign(RESULT | {"/v2/models/m/infer": b"raw:"}) as server:
        asking = client(server.url)
        await ready(asking)
        with pytest.raises(EngineDied):
            await asking.infer(ASK)
        server.answers |= RAW
        assert "speaks in tensors of its own" in (await asking.readiness()).error


LINES = ["HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked", "", '{"outputs": [', "ffffffff"]
LINES.append("Inference-Header-Content-Length: 9")
PARTS = st.sampled_from([f"{line}\r\n".encode() for line in LINES]) | st.binary()


@settings(max_examples=60, deadline=None)
@given(st.lists(PARTS, max_size=8), st.sampled_from(["/v2/health/ready", "/v2", "/v2/models/m", "/v2/models/m/infer"]))
def test_any_bytes_are_a_state_or_a_sentence(parts: list[bytes], path: str) -> None:
    """Whatever a server sends for anything that it is asked, nothing is raised but an engine's error."""
    nonsense = {path: b"raw:" + b"".join(parts)}

    async def ask() -> None:
        async with foreign(RESULT | {"/v2/models/m/infer": TEXT} | nonsense) as server:
            asking = Client("m", Address(server.url))
            try:
                async with asyncio.timeout(0.2):  # an answer that does not end is the caller's deadline
                    await asking.readiness()
                    await asking.infer(ASK)
            except (EngineError, TimeoutError):
                pass
            finally:
                await asking.close()

    asyncio.run(ask())


async def test_nothing_there_is_unreachable(client: Clients) -> None:
    """With the address, for readiness; an engine that died, for a frame."""
    asking = client("http://127.0.0.1:9")
    with pytest.raises(Unreachable, match=r"nothing answers at http://127\.0\.0\.1:9: "):
        await asking.readiness()
    with pytest.raises(EngineDied, match="nothing answers at"):
        await asking.infer(ASK)


async def test_a_slow_server_is_unreachable(client: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts and says nothing."""
    monkeypatch.setattr("bedside.engine.client.PROBE_S", 0.1)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with listening(silent) as port:
        with pytest.raises(Unreachable, match="no answer in time"):
            await client(f"http://127.0.0.1:{port}").readiness()


def bedside(*extensions: str) -> dict[str, Any]:
    """A Bedside engine on another machine, as far as its answers tell; the real one is asked in tests/servers."""
    return metadata(
        [tensor("frame", "UINT8", -1, -1, 3)],
        [tensor("result", "BYTES", 1)],
        ["bedside", "binary_tensor_data", *extensions],
    ) | {"/v2/models/m/infer": TEXT}


def jpeg_of(server: Foreign) -> Any:
    """The picture in the last request, which must be one JPEG."""
    sent = server.asked[-1].document["inputs"][0]
    assert (sent["datatype"], sent["shape"], sent["parameters"]["content_type"]) == ("BYTES", [1], "image/jpeg")
    (length,) = struct.unpack_from("<I", server.asked[-1].binary)
    assert length == sent["parameters"]["binary_data_size"] - 4
    return simplejpeg.decode_jpeg(server.asked[-1].binary[4:])


async def test_pictures_go_as_jpeg_where_the_engine_reads_it(client: Clients) -> None:
    """Colour and grey, as nearly the same picture, with what is told of the frame beside it."""
    async with foreign(bedside("bedside_jpeg")) as server:
        asking = client(server.url, encoding="jpeg")
        await ready(asking)
        picture = np.full((48, 64, 3), (200, 40, 90), np.uint8)
        await asking.infer(Ask(1, picture, {"state": "frozen"}))
        assert np.abs(jpeg_of(server).astype(int) - picture).max() <= 3
        assert json.loads(server.asked[-1].document["parameters"]["frame_info"]) == {"state": "frozen"}
        await asking.infer(Ask(2, picture[..., 0]))
        assert np.abs(jpeg_of(server)[..., 0].astype(int) - 200).max() <= 3


@pytest.mark.parametrize(
    ("extensions", "is_window", "why"),
    [([], False, "nothing there reads JPEG"), (["bedside_jpeg"], True, "it gets windows of pictures")],
)
async def test_where_jpeg_cannot_go_pixels_do_and_that_is_said_once(
    extensions: list[str], is_window: bool, why: str, client: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log for any number of frames."""
    async with foreign(bedside(*extensions)) as server:
        asking = client(server.url, encoding="jpeg")
        await ready(asking)
        pixels = PICTURE[None] if is_window else PICTURE
        with caplog.at_level(logging.WARNING):
            for seq in (1, 2):
                await asking.infer(Ask(seq, pixels, is_window=is_window))
                assert server.asked[-1].binary == PICTURE.tobytes()
        (line,) = caplog.messages
        assert why in line


async def test_an_engine_of_another_name_is_said(serve: Any, client: Clients) -> None:
    """A real runner that has another model is FAILED, and says which name was wanted."""
    asking = client(serve("gallery").url, name="other")
    while True:
        try:
            readiness = await asking.readiness()
        except Unreachable:
            await asyncio.sleep(0.02)
            continue
        if readiness.state is EngineState.FAILED:
            break
    assert "has no model 'other'; check model (or name) and url" in readiness.error
