"""Arrays in bytes and in JSON, and back."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bedside.engine.tensors import DATATYPES, Declared, datatype, from_bytes, from_list, tensor, to_bytes, to_list

NUMBERS = [name for name in DATATYPES if name != "BYTES"]


@pytest.mark.parametrize("kind", NUMBERS)
@settings(max_examples=30)
@given(data=st.data())
def test_numbers_come_back_from_bytes(kind: str, data: st.DataObject) -> None:
    """Every datatype, any shape, each bit as it was."""
    array = data.draw(hnp.arrays(DATATYPES[kind], hnp.array_shapes(min_dims=0, max_dims=4, max_side=3)))
    back = from_bytes(datatype(array), list(array.shape), to_bytes(array))
    assert datatype(back) == kind
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize("kind", NUMBERS)
@settings(max_examples=30)
@given(data=st.data())
def test_numbers_come_back_from_json(kind: str, data: st.DataObject) -> None:
    """Through a JSON document, as a server without binary data sends it."""
    array = np.nan_to_num(data.draw(hnp.arrays(DATATYPES[kind], (2, 3))))  # JSON has finite numbers only
    back = from_list(kind, [2, 3], json.loads(json.dumps(to_list(array))))
    assert (back == array).all()


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_texts_come_back(texts: list[bytes]) -> None:
    """BYTES keeps each element's bytes, zeros at the end too."""
    array = np.empty(len(texts), object)
    array[:] = texts
    back = from_bytes("BYTES", [len(texts)], to_bytes(array))
    assert list(back) == texts


@pytest.mark.parametrize(
    ("value", "kind", "shape"),
    [
        ([[1.5, 2]], "FP64", (1, 2)),
        (3, "INT64", ()),
        (True, "BOOL", ()),
        (["a", "bc"], "BYTES", (2,)),
        (b"x", "BYTES", ()),
        ([b"x", "y"], "BYTES", (2,)),
        (np.arange(3, dtype=">u2"), "UINT16", (3,)),
        (np.zeros((4, 4, 3), np.float32).transpose(2, 0, 1), "FP32", (3, 4, 4)),
    ],
)
def test_what_an_adapter_returns_becomes_a_tensor(value: Any, kind: str, shape: tuple[int, ...]) -> None:
    """Lists, numbers, texts, other byte orders, views."""
    array = tensor(value, "x")
    assert (datatype(array), array.shape) == (kind, shape)
    back = from_bytes(kind, list(shape), to_bytes(array))
    assert (back == array).all()


def test_a_tensor_with_a_gradient_is_taken() -> None:
    """A torch tensor that needs its steps first."""

    class Grad:
        def detach(self) -> "Grad":
            return self

        def cpu(self) -> Any:
            return np.ones(2, np.float32)

    assert datatype(tensor(Grad(), "x")) == "FP32"


@pytest.mark.parametrize("value", [None, {"a": 1}, object(), np.zeros(2, complex), [1, "a", None]])
def test_what_is_no_tensor_is_named(value: Any) -> None:
    """One sentence with the tensor's name."""
    with pytest.raises(ValueError, match=r"^image is "):
        tensor(value, "image")


def test_bf16_is_read_as_float32() -> None:
    """Its upper half: 1.0 is 0x3f80."""
    assert from_bytes("BF16", [2], bytes([0x80, 0x3F, 0x00, 0xC0])).tolist() == [1.0, -2.0]


@pytest.mark.parametrize(
    ("kind", "shape", "data"),
    [
        ("FP32", [2], b"1234567"),
        ("FP32", [2, -1], b"12345678"),
        ("FP32", "2", b"12345678"),
        ("FP32", [True], b"1234"),
        ("FP32", [10**9, 10**9], b""),
        ("FP128", [1], b"1"),
        ("BYTES", [1], b"\xff\xff\xff\xffab"),
        ("BYTES", [2], b"\x00\x00\x00\x00"),
        ("BYTES", [1], b"\x00"),
        (None, [1], b"1"),
    ],
)
def test_wrong_lengths_and_shapes_are_value_errors(kind: Any, shape: Any, data: bytes) -> None:
    """Nothing is guessed, and nothing large is made for a number in a document."""
    with pytest.raises(ValueError, match=r"."):
        from_bytes(kind, shape, data)


@pytest.mark.parametrize(
    ("kind", "data"),
    [("UINT8", [1]), ("UINT8", [1, 300]), ("UINT8", [1, "a"]), ("FP32", [1, None, 2]), ("FP32", "ab"),
     ("UINT8", [1, float("nan")]), ("BYTES", [1, 2]), ("BF16", [1, 2]), ("UINT8", [[1], [2, 3]])],
)  # fmt: skip
def test_wrong_json_data_are_value_errors(kind: str, data: Any) -> None:
    """Each with a sentence."""
    with pytest.raises(ValueError, match=r"."):
        from_list(kind, [2], data)


def test_a_declared_input_is_shown_in_words() -> None:
    """As messages list it."""
    assert str(Declared("image", "FP32", (-1, 3))) == "image FP32 [-1, 3]"
