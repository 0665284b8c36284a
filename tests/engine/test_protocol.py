"""Answers in bytes: what can be used, and what any other bytes become."""

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.engine.ask import Ask
from bedside.engine.protocol import (
    Answer,
    Question,
    binary_request,
    json_request,
    read_error,
    read_response,
    shared_request,
    told,
)
from bedside.engine.protocol import read_answer as result_of
from bedside.errors import PredictFailed
from bedside_engine.check import check
from bedside_engine.tensors import response

MASK = np.arange(6, dtype=np.uint8).reshape(2, 3)
RESULT = {"mask": MASK, "text": "x", "images": [{"pixels": MASK * 2}]}


def answer(is_binary: bool) -> tuple[bytes, str | None]:
    """What the runner sends for RESULT."""
    head = {"id": "1", "parameters": {"binary_data_output": is_binary}}
    made = response(head, "e", check(RESULT), {"model_ms": 1.5})
    return b"".join(made.parts), made.headers.get("Inference-Header-Content-Length")


def read_answer(body: bytes, json_length: str | None) -> Answer:
    """As the client does it with a response of a Bedside engine."""
    return result_of(read_response(body, json_length))


@pytest.mark.parametrize("is_binary", [True, False])
def test_what_the_runner_sends_is_read(is_binary: bool) -> None:
    """Result, mask and images come back, whether as binary data or as JSON."""
    got = read_answer(*answer(is_binary))
    assert got.model_ms == 1.5
    assert not got.keeps_frame
    assert got.fields["text"] == "x"
    assert (got.fields["mask"] == MASK).all()
    assert (got.fields["images"][0]["pixels"] == MASK * 2).all()
    assert got.fields["labels"] == ["background", *(f"label {n}" for n in range(1, 6))]


def test_requests_are_those_of_the_protocol() -> None:
    """The pixels go by name, after the JSON, or as numbers in it; what Bedside tells goes beside them."""
    shared = json.loads(shared_request(Ask(4711, MASK, {"state": "live"}, region="r")))
    assert shared["id"] == "4711"
    assert shared["inputs"][0]["parameters"]["shared_memory_byte_size"] == 6
    assert json.loads(shared["parameters"]["frame_info"]) == {"state": "live"}
    assert "corrections" not in shared["parameters"]
    corrected = json.loads(shared_request(Ask(4711, MASK, region="r", corrections={"labels": {"skull": False}})))
    assert json.loads(corrected["parameters"]["corrections"]) == {"labels": {"skull": False}}
    question = Question(4711, {"frame": MASK, "n": np.array([7], np.int64)}, told(Ask(4711, MASK, {"state": "live"})))
    parts, length = binary_request(question)
    document = json.loads(parts[0])
    assert len(parts[0]) == length
    assert document["inputs"] == [
        {"name": "frame", "datatype": "UINT8", "shape": [2, 3], "parameters": {"binary_data_size": 6}},
        {"name": "n", "datatype": "INT64", "shape": [1], "parameters": {"binary_data_size": 8}},
    ]
    assert parts[1:] == [MASK.tobytes(), bytes([7, 0, 0, 0, 0, 0, 0, 0])]
    assert json.loads(json_request(question))["inputs"] == [
        {"name": "frame", "datatype": "UINT8", "shape": [2, 3], "data": [0, 1, 2, 3, 4, 5]},
        {"name": "n", "datatype": "INT64", "shape": [1], "data": [7]},
    ]


def test_tensors_of_other_servers_are_read() -> None:
    """Binary ones and JSON ones in one response, of several datatypes, with fields that nobody knows."""
    outputs = [
        {"name": "logits", "datatype": "FP32", "shape": [1, 2], "parameters": {"binary_data_size": 8}},
        {"name": "label", "datatype": "BYTES", "shape": [1, 1], "data": [["head"]], "parameters": None, "x": 1},
        {"name": "half", "datatype": "FP16", "shape": [1], "parameters": {"binary_data_size": 2}},
    ]
    head = json.dumps({"model_name": "m", "parameters": None, "outputs": outputs}).encode()
    body = head + struct.pack("<ff", 1.5, -2) + struct.pack("<e", 0.5)
    tensors = read_response(body, str(len(head))).tensors
    assert {name: one.tolist() for name, one in tensors.items()} == {
        "logits": [[1.5, -2.0]],
        "label": [[b"head"]],
        "half": [0.5],
    }


def documents(**outputs: Any) -> bytes:
    """A response in plain JSON with these tensors."""
    listed = [{"name": name, "datatype": "BYTES", "shape": [1], "data": data} for name, data in outputs.items()]
    return json.dumps({"model_name": "e", "outputs": listed}).encode()


@pytest.mark.parametrize(
    ("body", "length", "sentence"),
    [
        (b"", None, "its answer cannot be read: "),
        (b"[]", None, "its answer cannot be read: "),
        (b"{}", None, "its answer cannot be read: "),
        (b"{}", "5000000", "its answer cannot be read: "),
        (documents(logits=["1"]), None, "no output 'result' among ['logits']"),
        (documents(result=["[1]"]), None, "predict returned [1]; expected a dict"),
        (documents(result=['{"text": 3}']), None, "its answer cannot be used: text is 3; expected a text"),
        (documents(result=['{"mask": {"tensor": "gone"}}']), None, "not that of a Bedside engine"),
        (documents(result=["{"]), None, "not that of a Bedside engine"),
        (documents(result=[]), None, "its answer cannot be read: "),
        (documents(result=["{}", "{}"]), None, "2 values, and the shape [1] needs 1"),
    ],
)
def test_a_wrong_answer_says_what_is_wrong(body: bytes, length: str | None, sentence: str) -> None:
    """A server that is none of ours, or answers nonsense, is one sentence."""
    with pytest.raises(PredictFailed) as raised:
        read_answer(body, length)
    assert sentence in str(raised.value)


@given(st.integers(0, 10**6), st.integers(0, 255), st.integers(0, 400))
def test_damaged_answers_never_raise_anything_else(at: int, value: int, cut: int) -> None:
    """Flip a byte, cut the end: it is read, or it is a PredictFailed."""
    whole, length = answer(True)
    body = bytearray(whole)
    body[at % len(body)] = value
    try:
        read_answer(bytes(body[: len(body) - cut]), length)
    except PredictFailed as error:
        assert str(error)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["binary_data_size", "a"]), inner),
    max_leaves=5,
)
OUTPUT = st.fixed_dictionaries(
    {
        "name": st.just("result") | VALUES,
        "datatype": st.sampled_from(["BYTES", "UINT8", "FP32", "BF16"]) | VALUES,
        "shape": st.lists(st.integers(-1, 3), max_size=3) | VALUES,
    },
    optional={"data": VALUES, "parameters": VALUES},
)


@given(st.fixed_dictionaries({"outputs": st.lists(OUTPUT, max_size=3)}, optional={"parameters": VALUES}), st.binary())
def test_documents_of_any_shape_never_raise_anything_else(document: dict[str, Any], binary: bytes) -> None:
    """Right words with wrong values behind them: a PredictFailed, or it can be read."""
    head = json.dumps(document).encode()
    try:
        read_answer(head + binary, str(len(head)))
    except PredictFailed as error:
        assert str(error)


@given(st.binary(), st.none() | st.text(max_size=5))
def test_any_bytes_never_raise_anything_else(body: bytes, length: str | None) -> None:
    """With any length told in the header."""
    with pytest.raises(PredictFailed):
        read_response(body, length)
    assert str(read_error(body))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"error": "bad"}', "bad"),
        (b"<html>502</html>", "<html>502</html>"),
        (b"", "no reason given"),
        (b"[]", "[]"),
        (b'{"error": "Traceback:\\n  line\\r\\n\\tValueError"}', "Traceback: line ValueError"),
        (b'{"error": "\\ud800"}', "?"),
        (b'{"error": "' + b"x" * 5000 + b'"}', "x" * 2000),
        (b'{"error": "' + b"x" * 100_000 + b'"}', '{"error": "' + "x" * 189),
    ],
)
def test_errors_are_read_from_anything(body: bytes, sentence: str) -> None:
    """The protocol's error, or whatever came instead of it: one line of bounded length that can be written anywhere."""
    assert str(read_error(body)) == sentence


def test_a_text_longer_than_its_tensor_is_refused() -> None:
    """A length that reaches outside is not followed."""
    tensor = {"name": "result", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 6}}
    head = json.dumps({"outputs": [tensor]}).encode()
    with pytest.raises(PredictFailed, match="a text of 99 bytes"):
        read_answer(head + struct.pack("<I", 99) + b"{}", str(len(head)))
