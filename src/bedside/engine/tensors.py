"""Tensors of the Open Inference Protocol: numpy arrays <-> datatype, shape, and bytes or JSON.

Bytes are little-endian, row by row, without gaps. An element of BYTES is its length (4 bytes) and its content; its
array holds `bytes` objects. numpy has no BF16: it is read as float32, and cannot be written.
"""

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MAX_BYTES = 80 * 1024 * 1024
DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "BYTES": np.dtype(object),
}
_NAMES = {dtype: name for name, dtype in DATATYPES.items()}


@dataclass(frozen=True)
class Declared:
    """An input or output, as a model's metadata declare it."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    """-1 is any length."""

    def __str__(self) -> str:
        return f"{self.name} {self.datatype} {list(self.shape)}"


def tensor(value: Any, name: str) -> Array:
    """`value` as an array that the protocol can carry: numpy, torch, nested lists, numbers, texts.

    Raises ValueError with a sentence that names the tensor.
    """
    for step in ("detach", "cpu"):  # a torch tensor on a GPU, or one that has a gradient
        value = getattr(value, step)() if hasattr(value, step) else value
    array = np.asarray(value)
    if array.dtype.kind in "US":
        array = array.astype(object)
    if array.dtype.kind == "O":
        flat = [one.encode() if isinstance(one, str) else one for one in array.reshape(-1)]
        if not all(isinstance(one, bytes) for one in flat):
            raise ValueError(f"{name} is {value!r:.60}; expected an array of numbers, or of texts")
        return _objects(flat, array.shape)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.dtype not in _NAMES:
        raise ValueError(f"{name} is an array of {array.dtype}; expected one of {', '.join(map(str, _NAMES))}")
    return array


def datatype(array: Array) -> str:
    """The protocol's name for what an array of `tensor` holds."""
    return _NAMES[array.dtype]


def to_bytes(array: Array) -> bytes:
    """The tensor as binary data."""
    if array.dtype.kind != "O":
        return array.tobytes()
    return b"".join(struct.pack("<I", len(one)) + one for one in array.reshape(-1))


def to_list(array: Array) -> list[Any]:
    """The tensor as the flat list of a JSON document."""
    if array.dtype.kind != "O":
        flat: list[Any] = array.reshape(-1).tolist()
        return flat
    return [one.decode("utf-8") for one in array.reshape(-1)]


def from_bytes(kind: str, shape: Any, data: memoryview | bytes) -> Array:
    """The tensor in binary data; numbers are a view of them. Raises ValueError."""
    sides, count = _count(shape)
    if kind == "BYTES":
        return _objects(_texts(memoryview(data), count), sides)
    if kind == "BF16":
        halves = _flat(np.dtype("<u2"), kind, count, data)
        return (halves.astype(np.uint32) << 16).view(np.float32).reshape(sides)
    if kind not in DATATYPES:
        raise ValueError(f"the datatype {kind!r:.40} is unknown")
    return _flat(DATATYPES[kind], kind, count, data).reshape(sides)


def from_list(kind: str, shape: Any, data: Any) -> Array:
    """The tensor in a JSON document's list, flat or nested. Raises ValueError."""
    sides, count = _count(shape)
    if kind not in DATATYPES or not isinstance(data, list):
        raise ValueError(f"{data!r:.40} is no JSON data of the datatype {kind!r:.40}")
    try:
        if kind != "BYTES":
            array = np.asarray(data, DATATYPES[kind])
        else:
            array = tensor(data, "data") if data else np.empty(0, object)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"{data!r:.40} is no data of the datatype {kind}: {error}") from error
    if array.dtype != DATATYPES[kind]:
        raise ValueError(f"{data!r:.40} is no data of the datatype {kind}")
    if array.size != count:
        raise ValueError(f"{array.size} values, and the shape {list(sides)} needs {count}")
    return array.reshape(sides)


def _count(shape: Any) -> tuple[tuple[int, ...], int]:
    """The shape, checked, and how many values it has."""
    sides = tuple(shape) if isinstance(shape, list | tuple) else (-1,)
    if len(sides) > 32 or not all(type(side) is int and 0 <= side <= MAX_BYTES for side in sides):
        raise ValueError(f"the shape is {shape!r:.60}; expected whole numbers")
    count = math.prod(sides)
    if count > MAX_BYTES:
        raise ValueError(f"the shape {list(sides)} has {count} values; at most {MAX_BYTES} are taken")
    return sides, count


def _flat(dtype: np.dtype[Any], kind: str, count: int, data: memoryview | bytes) -> Array:
    if len(data) != count * dtype.itemsize:
        raise ValueError(f"{len(data)} bytes, and {count} values of {kind} need {count * dtype.itemsize}")
    return np.frombuffer(data, dtype)


def _texts(data: memoryview, count: int) -> list[bytes]:
    texts: list[bytes] = []
    while data:
        if len(data) < 4:
            raise ValueError(f"{len(data)} bytes after the last text")
        (length,) = struct.unpack_from("<I", data)
        if length > len(data) - 4:
            raise ValueError(f"a text of {length} bytes, and {len(data) - 4} are there")
        texts.append(bytes(data[4 : 4 + length]))
        data = data[4 + length :]
    if len(texts) != count:
        raise ValueError(f"{len(texts)} texts, and the shape needs {count}")
    return texts


def _objects(flat: list[Any], shape: tuple[int, ...]) -> Array:
    """An array of objects; numpy by itself would look into them."""
    array = np.empty(len(flat), object)
    array[:] = flat
    return array.reshape(shape)
