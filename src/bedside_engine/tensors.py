"""Tensors of the Open Inference Protocol <-> numpy arrays and results."""

from __future__ import annotations

import struct
from json import dumps  # by name: model code may replace what the modules hold
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

import numpy as np

from bedside_engine.jpeg import Jpeg
from bedside_engine.kinds import BadResult
from bedside_engine.regions import BadRegion, Regions
from bedside_engine.routes import JSON_LENGTH
from bedside_engine.server import BadRequest, Response

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_RESULT = 64 * 1024 * 1024
MAX_SIDE = 16384
"""Of a picture that comes in, and the most frames in a window."""


def pictures_of(
    head: Dict[str, Any], binary: memoryview, regions: Regions, jpeg: Jpeg
) -> Tuple[NDArray[np.uint8], bool]:
    """The pixels of a request, and whether they are a window of frames.

    The input tensor `frame` is uint8 [H, W, 3] or [H, W], `frames` has one dimension more in front; a view where it
    lies. Of datatype BYTES it holds one JPEG, or one a frame. Raises BadRequest, BadRegion.
    """
    inputs = head.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise BadRequest(400, "expected exactly one input tensor, 'frame' or 'frames'")
    tensor = inputs[0]
    name, shape, datatype = tensor.get("name"), tensor.get("shape"), tensor.get("datatype")
    if name not in ("frame", "frames") or datatype not in ("UINT8", "BYTES"):
        raise BadRequest(400, "input %r is %r; expected 'frame' or 'frames' of UINT8" % (name, datatype))
    is_window = name == "frames"
    if datatype == "BYTES":
        return _decoded(tensor, _data(tensor, binary, regions), is_window, jpeg), is_window
    size = _size(name, shape, is_window)
    data = _data(tensor, binary, regions)
    if data.nbytes != size:
        raise BadRequest(400, "%s has %d bytes; its shape %s needs %d" % (name, data.nbytes, shape, size))
    return data.reshape(shape), is_window


def _size(name: str, shape: Any, is_window: bool) -> int:
    """How many values pictures of this shape have. Raises BadRequest for what is no picture."""
    whole = isinstance(shape, list) and all(type(side) is int and 0 < side <= MAX_SIDE for side in shape)
    one = shape[is_window:] if whole else []
    if not (len(one) == 2 or (len(one) == 3 and one[2] == 3)):
        first = "frames, " if is_window else ""
        expected = "[%sheight, width, 3] or [%sheight, width]" % (first, first)
        raise BadRequest(400, "%s has shape %s; expected %s" % (name, shape, expected))
    return int(np.prod(shape))


def _decoded(tensor: Dict[str, Any], data: NDArray[np.uint8], is_window: bool, jpeg: Jpeg) -> NDArray[np.uint8]:
    """The pictures of a tensor of JPEGs, each of them behind its length in four bytes."""
    kind = _parameters(tensor).get("content_type")
    if kind != "image/jpeg":
        raise BadRequest(400, "the content_type of BYTES is %r; expected 'image/jpeg'" % (kind,))
    pictures, rest = [], data.tobytes()
    while rest:
        length = int.from_bytes(rest[:4], "little")
        if len(rest) < 4 or length > len(rest) - 4:
            raise BadRequest(400, "a JPEG of %d bytes, and %d are there" % (length, max(0, len(rest) - 4)))
        pictures.append(jpeg.decode(rest[4 : 4 + length]))
        rest = rest[4 + length :]
    shape = tensor.get("shape")
    if shape != [len(pictures)] or not (pictures if is_window else len(pictures) == 1):
        expected = "one JPEG a frame" if is_window else "one JPEG"
        raise BadRequest(400, "shape %s and %d JPEGs; expected %s" % (shape, len(pictures), expected))
    if len({picture.shape for picture in pictures}) != 1:
        raise BadRequest(400, "the frames of a window differ in size or colour")
    return np.stack(pictures) if is_window else pictures[0]


def _parameters(tensor: Dict[str, Any]) -> Dict[str, Any]:
    parameters = tensor.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise BadRequest(400, "parameters is %s; expected one JSON object" % type(parameters).__name__)
    return parameters


def _data(tensor: Dict[str, Any], binary: memoryview, regions: Regions) -> NDArray[np.uint8]:
    """The values of a tensor, flat: from shared memory, from the binary part, or from the JSON."""
    parameters = _parameters(tensor)
    if "shared_memory_region" in parameters:
        offset, size = parameters.get("shared_memory_offset", 0), parameters.get("shared_memory_byte_size")
        if type(offset) is not int or type(size) is not int:
            raise BadRegion("shared_memory_offset and shared_memory_byte_size; expected whole numbers")
        return np.frombuffer(regions.view(str(parameters["shared_memory_region"]), offset, size), dtype=np.uint8)
    if "binary_data_size" in parameters:
        if parameters["binary_data_size"] != binary.nbytes:
            raise BadRequest(
                400, "binary_data_size is %r and %d bytes came" % (parameters["binary_data_size"], binary.nbytes)
            )
        return np.frombuffer(binary, dtype=np.uint8)
    if tensor.get("datatype") == "BYTES":
        raise BadRequest(400, "a JPEG is expected as binary data, with binary_data_size")
    try:
        values = np.asarray(tensor.get("data"))
        if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() > 255:
            raise ValueError("expected whole numbers 0 to 255")
        return values.astype(np.uint8).reshape(-1)
    except (ValueError, TypeError) as error:
        raise BadRequest(400, "data of %s: %s" % (tensor.get("name"), error))


def bounded(result: Dict[str, Any]) -> Dict[str, Any]:
    """`result`, unless its arrays are larger than can be carried; then BadResult."""
    size = sum(int(array.nbytes) for array in arrays_in(result))
    if size > MAX_RESULT:
        raise BadResult("mask and images have %d bytes; expected at most %d" % (size, MAX_RESULT))
    return result


def arrays_in(result: Dict[str, Any]) -> List[Any]:
    """The arrays of a checked result."""
    masks = [result["mask"]] if "mask" in result else []
    return masks + [image["pixels"] for image in result.get("images", ())]


def response(head: Dict[str, Any], model: str, result: Dict[str, Any], told: Dict[str, Any]) -> Response:
    """The protocol's response: `result` as JSON in a BYTES tensor, its arrays as tensors beside it.

    They travel as binary data where the request asks for that, as JSON where it does not. `told` goes beside them.
    """
    arrays: List[Tuple[str, Any]] = []
    text = dumps(_without_arrays(result, arrays), separators=(",", ":"), allow_nan=False)
    document: Dict[str, Any] = {"model_name": model, "model_version": "1"}
    if isinstance(head.get("id"), str):
        document["id"] = head["id"]
    document["parameters"] = told
    if not _wants_binary(head):
        outputs = [_output("result", "BYTES", [1], data=[text])]
        outputs += [_output(name, "UINT8", list(a.shape), data=a.reshape(-1).tolist()) for name, a in arrays]
        return Response(200, [dumps(dict(document, outputs=outputs)).encode()])
    raw = text.encode()
    payload: List[Any] = [struct.pack("<I", len(raw)) + raw]
    outputs = [_output("result", "BYTES", [1], binary=len(payload[0]))]
    for name, one in arrays:
        outputs.append(_output(name, "UINT8", list(one.shape), binary=int(one.nbytes)))
        payload.append(memoryview(one).cast("B"))
    first = dumps(dict(document, outputs=outputs), separators=(",", ":")).encode()
    kinds = {"Content-Type": "application/octet-stream", JSON_LENGTH: str(len(first))}
    return Response(200, [first, *payload], kinds)


def _output(name: str, datatype: str, shape: List[int], data: Any = None, binary: int = -1) -> Dict[str, Any]:
    tensor: Dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
    if binary >= 0:
        tensor["parameters"] = {"binary_data_size": binary}
    else:
        tensor["data"] = data
    return tensor


def _wants_binary(head: Dict[str, Any]) -> bool:
    parameters = head.get("parameters")
    if isinstance(parameters, dict) and parameters.get("binary_data_output") is True:
        return True
    outputs = head.get("outputs")
    asked = (
        [output.get("parameters") for output in outputs if isinstance(output, dict)]
        if isinstance(outputs, list)
        else []
    )
    return any(isinstance(one, dict) and one.get("binary_data") is True for one in asked)


def _without_arrays(value: Any, arrays: List[Tuple[str, Any]], name: str = "") -> Any:
    """`value` with each array replaced by `{"tensor": NAME}`; the arrays are appended to `arrays`."""
    if isinstance(value, np.ndarray):
        arrays.append((name, value))
        return {"tensor": name}
    if isinstance(value, dict):
        return {key: _without_arrays(one, arrays, "%s.%s" % (name, key) if name else key) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_arrays(one, arrays, "%s.%d" % (name, index)) for index, one in enumerate(value)]
    return value
