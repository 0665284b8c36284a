"""Engines over gRPC: what a server is asked, and what becomes of whatever it answers."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.foreign import self_signed

from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.client import Client, Readiness, Refused
from bedside.engine.protocol import Failure
from bedside.errors import EngineDied, EngineError, PredictFailed, Unreachable
from bedside.messages import EngineState

grpc = pytest.importorskip("grpc", reason="grpcio is not installed; pip install 'bedside[grpc]'")

from bedside.engine.grpc_messages import SERVICE, message  # noqa: E402  needs the package, too

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
ASK = Ask(7, PICTURE, {"seqs": [7], "times_s": [1.5]})
ADAPTER = 'def result(outputs):\n    return {"text": "%.2f" % outputs["probability"].reshape(-1)[0]}\n'


def declared(name: str, datatype: str, *shape: int) -> Any:
    """An input or output as metadata declare it."""
    return message("TensorMetadata", name=name, datatype=datatype, shape=shape)


def output(name: str, datatype: str, *shape: int, **contents: Any) -> Any:
    """An output, with typed contents or without."""
    made = message("Tensor", name=name, datatype=datatype, shape=shape)
    for kind, values in contents.items():
        getattr(made.contents, kind).extend(values)
    return made


def answers(inputs: list[Any], outputs: list[Any], infer: Any) -> dict[str, Any]:
    """A server's answers by method: messages, bytes, or what to do with the call."""
    return {
        "ServerReady": message("ServerReadyResponse", ready=True),
        "ModelReady": message("ModelReadyResponse", ready=True),
        "ServerMetadata": message("ServerMetadataResponse", name="x"),
        "ModelMetadata": message("ModelMetadataResponse", name="m", inputs=inputs, outputs=outputs),
        "ModelInfer": infer,
    }


IMAGE, PROBABILITY = declared("image", "UINT8", -1, -1, 3), declared("probability", "FP32", 1)
RAW = message("ModelInferResponse", outputs=[output("probability", "FP32", 1)], raw_output_contents=[b"\0\0\x80\x3e"])
TYPED = message("ModelInferResponse", outputs=[output("probability", "FP32", 1, fp32_contents=[0.25])])
RESULT = message("ModelInferResponse", outputs=[output("result", "BYTES", 1, bytes_contents=[b'{"text": "seen"}'])])


def fails(code: str, words: str = "so it is") -> Callable[[Any], Any]:
    """Ends a call with this status."""
    return lambda context: context.abort(grpc.StatusCode[code], words)


class Serving:
    """A gRPC server that answers anything, and what it was asked: (method, body, metadata)."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.asked: list[tuple[str, bytes, dict[str, str]]] = []

    def service(self, details: Any) -> Any:
        """The handler of a call."""
        service, _, method = details.method.strip("/").partition("/")

        async def handle(body: bytes, context: Any) -> bytes:
            self.asked.append((method, body, dict(context.invocation_metadata())))
            answer = self.given[method]
            if callable(answer):
                await answer(context)
            return answer if isinstance(answer, bytes) else bytes(answer.SerializeToString())

        known = service == SERVICE and method in self.given
        return grpc.unary_unary_rpc_method_handler(handle) if known else None

    @property
    def request(self) -> Any:
        """The last request for an answer."""
        made = message("ModelInferRequest")
        made.ParseFromString(self.asked[-1][1])
        return made


@asynccontextmanager
async def serving(given: dict[str, Any], pem: bytes = b"") -> AsyncIterator[tuple[str, Serving]]:
    """A server that runs, and its address."""
    made, server = Serving(given), grpc.aio.server()
    server.add_generic_rpc_handlers([made])
    if not pem:
        port, scheme = server.add_insecure_port("127.0.0.1:0"), "grpc"
    else:
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(pem, pem)]))
        scheme = "grpcs"
    await server.start()
    try:
        yield f"{scheme}://127.0.0.1:{port}", made
    finally:
        await server.stop(None)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Callable[..., Client]]:
    """Clients of the model `m`; `adapter` is the text of one."""
    made: list[Client] = []

    def client(url: str, adapter: str = "", **more: Any) -> Client:
        if adapter:
            (tmp_path / "adapter.py").write_text(adapter)
            more["adapter"] = tmp_path / "adapter.py"
        made.append(Client("m", Address(url, **more)))
        return made[-1]

    yield client
    for one in made:
        await one.close()


@pytest.mark.parametrize("answer", [RAW, TYPED], ids=["raw", "typed"])
async def test_a_picture_goes_as_raw_contents(answer: Any, client: Any) -> None:
    """And the answer may come as raw contents or typed ones."""
    async with serving(answers([IMAGE], [PROBABILITY], answer)) as (url, server):
        asking = client(url, ADAPTER, token="s3cret")
        assert await asking.readiness() == Readiness(EngineState.READY)
        assert (await asking.infer(ASK)).fields == {"text": "0.25"}
        asked = server.request
        assert (asked.model_name, asked.id) == ("m", "7")
        assert [(one.name, one.datatype, list(one.shape)) for one in asked.inputs] == [("image", "UINT8", [2, 4, 3])]
        assert list(asked.raw_input_contents) == [PICTURE.tobytes()]
        assert {metadata["authorization"] for _, _, metadata in server.asked} == {"Bearer s3cret"}


async def test_a_model_with_frame_and_result_needs_nothing_more(client: Any) -> None:
    """As over HTTP; a full HD picture is larger than what gRPC takes by itself."""
    inputs, outputs = [declared("frame", "UINT8", -1, -1, 3)], [declared("result", "BYTES", 1)]
    async with serving(answers(inputs, outputs, RESULT)) as (url, server):
        asking = client(url)
        assert await asking.readiness() == Readiness(EngineState.READY)
        assert (await asking.infer(ASK)).fields == {"text": "seen"}
        assert not server.request.parameters


@pytest.mark.parametrize(
    ("kind", "contents", "values"),
    [
        ("BOOL", {"bool_contents": [True, False]}, [True, False]),
        ("INT8", {"int_contents": [-1, 2]}, [-1, 2]),
        ("INT64", {"int64_contents": [-1, 2]}, [-1, 2]),
        ("UINT16", {"uint_contents": [1, 2]}, [1, 2]),
        ("UINT64", {"uint64_contents": [1, 2]}, [1, 2]),
        ("FP64", {"fp64_contents": [0.5, 2]}, [0.5, 2.0]),
        ("BYTES", {"bytes_contents": [b"a", b""]}, [b"a", b""]),
    ],
)
async def test_typed_contents_are_read(kind: str, contents: Any, values: list[Any], client: Any) -> None:
    """Each datatype from its own list."""
    answer = message("ModelInferResponse", outputs=[output("probability", kind, 2, **contents)])
    adapter = "def result(outputs):\n    return {'text': repr(outputs['probability'].tolist())}\n"
    async with serving(answers([IMAGE], [PROBABILITY], answer)) as (url, _):
        asking = client(url, adapter)
        await asking.readiness()
        assert (await asking.infer(ASK)).fields == {"text": repr(values)}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ServerReady": fails("UNAUTHENTICATED", "who?")}, "does not let Bedside in (who?); check token"),
        ({"ModelReady": fails("PERMISSION_DENIED")}, "check token"),
        ({"ModelReady": fails("NOT_FOUND")}, "has no model 'm'; check model (or name) and url"),
        ({"ModelReady": fails("UNKNOWN", "Model m not found")}, "has no model 'm'"),
        (
            {"ModelReady": message("ModelReadyResponse"), "ModelMetadata": fails("NOT_FOUND")},
            "has no model 'm'",
        ),
        ({"ServerReady": fails("UNIMPLEMENTED")}, "does not speak the Open Inference Protocol"),
    ],
)
async def test_what_only_a_setting_changes_is_failed_at_once(wrong: Any, sentence: str, client: Any) -> None:
    """As over HTTP."""
    async with serving(answers([IMAGE], [PROBABILITY], RAW) | wrong) as (url, _):
        readiness = await client(url, ADAPTER).readiness()
    assert readiness.state is EngineState.FAILED
    assert sentence in readiness.error


@pytest.mark.parametrize("method", ["Server", "Model"])
async def test_a_server_that_is_not_ready_yet_is_starting(method: str, client: Any) -> None:
    """Itself, or its model."""
    wrong = {f"{method}Ready": message(f"{method}ReadyResponse", ready=False)}
    async with serving(answers([IMAGE], [PROBABILITY], RAW) | wrong) as (url, _):
        readiness = await client(url, ADAPTER).readiness()
    assert readiness.state is EngineState.STARTING
    assert "is not ready" in readiness.error


NO_RAW = message("ModelInferResponse", outputs=[output("probability", "FP32", 2)], raw_output_contents=[b"123"])
TWO_RAW = message("ModelInferResponse", outputs=[output("probability", "FP32", 1)], raw_output_contents=[b"", b""])


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (fails("INTERNAL", "out of memory"), Failure, "out of memory"),
        (fails("INVALID_ARGUMENT"), Refused, "it did not take the frame: so it is"),
        (fails("RESOURCE_EXHAUSTED"), Refused, "its largest message is a setting of the server"),
        (fails("UNAVAILABLE"), EngineDied, "it died while it computed an answer: so it is"),
        (fails("UNAUTHENTICATED"), Refused, "does not let Bedside in (so it is); check token"),
        (b"\xff\xff", PredictFailed, "its answer cannot be read"),
        (b"", PredictFailed, "result(outputs) raised KeyError: 'probability'"),
        (NO_RAW, PredictFailed, "3 bytes, and 2 values of FP32 need 8"),
        (TWO_RAW, PredictFailed, "2 raw contents for 1 outputs"),
    ],
)
async def test_a_wrong_answer_is_an_error_of_that_frame_or_a_state(
    answer: Any, error: type[Exception], sentence: str, client: Any
) -> None:
    """Each with its reason; and the next frame is answered when the server is itself again."""
    async with serving(answers([IMAGE], [PROBABILITY], answer)) as (url, server):
        asking = client(url, ADAPTER)
        await asking.readiness()
        with pytest.raises(error) as raised:
            await asking.infer(ASK)
        assert sentence in str(raised.value)
        server.given["ModelInfer"] = RAW
        assert (await asking.infer(ASK)).fields == {"text": "0.25"}


async def test_a_server_is_trusted_by_its_certificate(client: Any, tmp_path: Path) -> None:
    """With ca_file it is asked; without it is FAILED, and so is a ca_file that is not there."""
    certificate = self_signed(tmp_path, "127.0.0.1")
    async with serving(answers([IMAGE], [PROBABILITY], RAW), certificate.read_bytes()) as (url, _):
        assert await client(url, ADAPTER, ca_file=str(certificate)).readiness() == Readiness(EngineState.READY)
        readiness = await client(url, ADAPTER).readiness()
        assert readiness.state is EngineState.FAILED
        assert "is not to be trusted" in readiness.error
        readiness = await client(url, ADAPTER, ca_file="/nowhere").readiness()
        assert "ca_file is /nowhere, which cannot be read: No such file or directory" in readiness.error


async def test_a_server_that_this_machine_trusts_is_trusted(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ca_file, as over https: grpc has a list of its own, in which a hospital's authority is not."""
    certificate = self_signed(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serving(answers([IMAGE], [PROBABILITY], RAW), certificate.read_bytes()) as (url, _):
        assert await client(url, ADAPTER).readiness() == Readiness(EngineState.READY)


async def test_nothing_there_is_unreachable(client: Any) -> None:
    """And it is found when it comes."""
    with pytest.raises(Unreachable, match=r"nothing answers at grpc://127\.0\.0\.1:9: "):
        await client("grpc://127.0.0.1:9").readiness()


async def test_without_the_package_it_says_what_to_install(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAILED, with the command."""
    monkeypatch.delitem(sys.modules, "bedside.engine.over_grpc", raising=False)
    monkeypatch.setitem(sys.modules, "grpc", None)
    readiness = await client("grpc://127.0.0.1:9").readiness()
    assert readiness.state is EngineState.FAILED
    assert "install them: pip install 'bedside[grpc]'" in readiness.error


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=40),
    st.sampled_from(["ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer"]),
)
def test_any_bytes_are_a_state_or_a_sentence(answer: bytes, method: str) -> None:
    """Whatever a server sends for anything that it is asked, nothing is raised but an engine's error."""
    inputs, outputs = [declared("frame", "UINT8", -1, -1, 3)], [declared("result", "BYTES", 1)]

    async def ask() -> None:
        async with serving(answers(inputs, outputs, RESULT) | {method: answer}) as (url, _):
            asking = Client("m", Address(url))
            try:
                await asking.readiness()
                await asking.infer(ASK)
            except EngineError as error:
                assert str(error)
            finally:
                await asking.close()

    asyncio.run(ask())
