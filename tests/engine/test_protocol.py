"""Answers in bytes: what can be used, and what any other bytes become."""

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.engine.ask import Ask
from bedside.engine.protocol import binary_request, read_answer, read_error, shared_request
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
    """The pixels go by name, or after the JSON."""
    shared = json.loads(shared_request(Ask(4711, np.zeros((2, 3), np.uint8), region="r")))
    assert shared["id"] == "4711"
    assert shared["inputs"][0]["parameters"]["shared_memory_byte_size"] == 6
    body, length = binary_request(Ask(4711, MASK))
    assert json.loads(body[:length])["inputs"][0]["shape"] == [2, 3]
    assert body[length:] == MASK.tobytes()


def documents(**outputs: Any) -> bytes:
    """A response in plain JSON with these tensors."""
    listed = [{"name": name, "datatype": "BYTES", "shape": [1], "data": data} for name, data in outputs.items()]
    return json.dumps({"model_name": "e", "outputs": listed}).encode()


@pytest.mark.parametrize(
    ("body", "length", "sentence"),
    [
        (b"", None, "not that of a Bedside engine"),
        (b"[]", None, "not that of a Bedside engine"),
        (b"{}", None, "not that of a Bedside engine"),
        (b"{}", "5000000", "not that of a Bedside engine"),
        (documents(logits=["1"]), None, "no output 'result' among ['logits']"),
        (documents(result=["[1]"]), None, "predict returned [1]; expected a dict"),
        (documents(result=['{"text": 3}']), None, "its answer cannot be used: text is 3; expected a text"),
        (documents(result=['{"mask": {"tensor": "gone"}}']), None, "not that of a Bedside engine"),
        (documents(result=["{"]), None, "not that of a Bedside engine"),
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


@pytest.mark.parametrize(
    ("body", "sentence"),
    [(b'{"error": "bad"}', "bad"), (b"<html>502</html>", "<html>502</html>"), (b"", "no reason given"), (b"[]", "[]")],
)
def test_errors_are_read_from_anything(body: bytes, sentence: str) -> None:
    """The protocol's error, or whatever came instead of it."""
    assert str(read_error(body)) == sentence


def test_a_text_longer_than_its_tensor_is_refused() -> None:
    """A length that reaches outside is not followed."""
    tensor = {"name": "result", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 6}}
    head = json.dumps({"outputs": [tensor]}).encode()
    with pytest.raises(PredictFailed, match="a text of 99 bytes"):
        read_answer(head + struct.pack("<I", 99) + b"{}", str(len(head)))
