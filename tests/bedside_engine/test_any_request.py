"""No request, however odd, brings an engine down: a stranger's client may send anything."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bedside_engine.application import Application

JSON_LENGTH = "Inference-Header-Content-Length"
WORDS = st.sampled_from(["frame", "frames", "UINT8", "BYTES", "image/jpeg", "r", "{}", "[]", '{"seqs": [1]}', ""])
PARAMETERS = ["content_type", "binary_data_size", "binary_data", "shared_memory_region", "shared_memory_byte_size"]
KEYS = st.sampled_from(["id", "inputs", "outputs", "parameters", "name", "datatype", "shape", "data", *PARAMETERS])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.integers() | st.floats() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
TOO_LARGE = '{"times_s": [1' + "0" * 400 + "]}"
MAYBE_WRONG = st.just(None) | ANYTHING


@st.composite
def likely(draw: st.DrawFn) -> dict[str, Any]:
    """A request that is right but for some of its parts."""
    is_window = draw(st.booleans())
    shape = [2, 4, 6, 3] if is_window else [4, 6, 3]
    size = int(np.prod(shape))
    tensor: dict[str, Any] = {
        "name": "frames" if is_window else "frame",
        "datatype": draw(st.sampled_from(["UINT8", "BYTES"])),
        "shape": shape,
        "parameters": {"binary_data_size": size, "content_type": "image/jpeg"},
    }
    info: dict[str, Any] = {"seqs": [3], "times_s": [1.5], "state": "live", "picture_px": [6, 4]}
    for part in draw(st.lists(st.sampled_from([*info]), max_size=2)):
        info[part] = draw(ANYTHING)
    request: dict[str, Any] = {"id": "3", "inputs": [tensor], "parameters": {"frame_info": json.dumps(info)}}
    for place in (tensor, request, tensor["parameters"]):
        for part in draw(st.lists(st.sampled_from([*place]), max_size=1)):
            place[part] = draw(MAYBE_WRONG)
    return request


def right(parameters: Any) -> dict[str, Any]:
    """A request for the smallest picture, with these parameters of its tensor."""
    return {"inputs": [{"name": "frame", "datatype": "UINT8", "shape": [1, 1, 3], "parameters": parameters}]}


@pytest.fixture(scope="module", params=["frame, info", "frames, info"])
def application(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Application:
    """An engine that takes one frame, and one that takes a window."""
    file: Path = tmp_path_factory.mktemp("any") / f"takes_{request.param.replace(', ', '_')}.py"
    file.write_text(f"def predict({request.param}):\n    return {{'text': repr(info)}}\n")
    return Application(str(file), "e")


@given(
    document=ANYTHING | likely(),
    binary=st.sampled_from([b"", bytes(72), bytes(144), struct.pack("<I", 68) + bytes(68)]),
)
@example(document=right(["binary_data_size"]), binary=bytes(3))
@example(document={**right({"binary_data_size": 3}), "outputs": [{"parameters": [1]}]}, binary=bytes(3))
@example(document={**right({"binary_data_size": 3}), "parameters": [1], "id": "\u00b2"}, binary=bytes(3))
@example(document={**right({"binary_data_size": 3}), "parameters": {"frame_info": TOO_LARGE}}, binary=bytes(3))
@settings(max_examples=300)
def test_any_request_gets_an_answer(application: Application, document: Any, binary: bytes) -> None:
    """There is always a status and a JSON document; what is no result says why."""
    head = json.dumps(document).encode()
    headers = {JSON_LENGTH: str(len(head))}
    status, told, body = application.answer("POST", "/v2/models/e/infer", headers, head + binary)
    length = int(told.get(JSON_LENGTH, len(body)))
    answer = json.loads(body[:length])
    if status != 200:
        assert status in (400, 500)
        assert answer["error"]
    else:
        assert answer["outputs"][0]["name"] == "result"
