"""The Open Inference Protocol v2 in bytes: requests and answers, pure functions without any I/O.

What a request carries: one UINT8 tensor `frame`, either by the name of a shared memory region or as binary data. What
an answer carries: a BYTES tensor `result` with one JSON object, and the arrays that it names as tensors beside it.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.engine.ask import Ask
from bedside.errors import PredictFailed
from bedside_engine.check import check
from bedside_engine.kinds import BadResult

JSON_LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Answer:
    """What an engine answered: the checked fields of docs/reference/result.md, and the model's own time."""

    fields: Mapping[str, Any]
    model_ms: float | None
    """None when the server does not say."""
    keeps_frame: bool = False
    """The model has kept the pixels that it was given: the memory that they lie in must not be written again."""


class Failure(PredictFailed):
    """The model raised, or its result cannot be used."""

    def __init__(self, sentence: str, model_ms: float | None = None, keeps_frame: bool = False) -> None:
        super().__init__(sentence)
        self.model_ms = model_ms
        self.keeps_frame = keeps_frame


def shared_request(ask: Ask) -> bytes:
    """The JSON of a request whose pixels lie at the start of a registered region."""
    size = int(np.prod(ask.pixels.shape))
    return _request(
        ask, {"shared_memory_region": ask.region, "shared_memory_offset": 0, "shared_memory_byte_size": size}
    )


def binary_request(ask: Ask) -> tuple[bytes, int]:
    """A whole request with its pixels in it, and how many of its bytes are the JSON before them."""
    head = _request(ask, {"binary_data_size": ask.pixels.nbytes})
    return head + ask.pixels.tobytes(), len(head)


def _request(ask: Ask, parameters: dict[str, Any]) -> bytes:
    name = "frames" if ask.is_window else "frame"
    tensor = {"name": name, "datatype": "UINT8", "shape": list(ask.pixels.shape), "parameters": parameters}
    told: dict[str, Any] = {"binary_data_output": True}
    if ask.info:
        told["frame_info"] = json.dumps(ask.info, separators=(",", ":"))  # the protocol's parameters are no objects
    document = {"id": str(ask.seq), "parameters": told, "inputs": [tensor]}
    return json.dumps(document, separators=(",", ":")).encode()


def read_answer(body: bytes, json_length: str | None) -> Answer:
    """The answer in a response. Raises PredictFailed, with the reason, for anything that cannot be used."""
    try:
        head, binary = _split(body, json_length)
        tensors = _tensors(head, binary)
        fields = _with_arrays(json.loads(_first(tensors, "result")), tensors)
        return Answer(check(fields), *_told(head.get("parameters") or {}))
    except BadResult as error:
        raise PredictFailed(f"its answer cannot be used: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise PredictFailed(
            f"its answer is not that of a Bedside engine: {error!r}; expected a tensor 'result' with one JSON object"
        ) from error


def read_error(body: bytes) -> Failure:
    """What an error response says."""
    try:
        document = json.loads(body)
        return Failure(str(document["error"]), *_told(document))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Failure(body[:200].decode("utf-8", "replace") or "no reason given")


def _told(parameters: dict[str, Any]) -> tuple[float | None, bool]:
    """What a Bedside engine tells beside its answer: the model's own time, and whether the model keeps the frame."""
    model_ms = parameters.get("model_ms")
    return float(model_ms) if isinstance(model_ms, int | float) else None, parameters.get("keeps_frame") is True


def _split(body: bytes, json_length: str | None) -> tuple[dict[str, Any], memoryview]:
    length = len(body) if json_length is None else int(json_length)
    head = json.loads(body[:length])
    if not isinstance(head, dict):
        raise ValueError(f"the response is {type(head).__name__}")
    return head, memoryview(body)[length:]


def _tensors(head: dict[str, Any], binary: memoryview) -> dict[str, Any]:
    """The output tensors by name: BYTES as lists of bytes, UINT8 as arrays."""
    tensors: dict[str, Any] = {}
    for output in head["outputs"]:
        size = (output.get("parameters") or {}).get("binary_data_size")
        if size is None:
            data: Any = output.get("data")
        elif not isinstance(size, int) or not 0 <= size <= len(binary):
            raise ValueError(f"output {output['name']!r} of {size!r} bytes, and {len(binary)} are there")
        else:
            data, binary = binary[:size], binary[size:]
        tensors[output["name"]] = _tensor(output, data)
    return tensors


def _tensor(output: dict[str, Any], data: Any) -> Any:
    if output["datatype"] == "BYTES":
        return data if not isinstance(data, memoryview) else _texts(data)
    if output["datatype"] != "UINT8":
        return None  # a tensor that a result does not speak of
    flat = np.frombuffer(data, np.uint8) if isinstance(data, memoryview) else np.asarray(data, np.uint8)
    return flat.reshape(output["shape"])


def _texts(data: memoryview) -> list[bytes]:
    texts: list[bytes] = []
    while data:
        (length,) = struct.unpack_from("<I", data)
        if length > len(data) - 4:
            raise ValueError(f"a text of {length} bytes, and {len(data) - 4} are there")
        texts.append(bytes(data[4 : 4 + length]))
        data = data[4 + length :]
    return texts


def _first(tensors: dict[str, Any], name: str) -> Any:
    if name not in tensors:
        raise ValueError(f"no output '{name}' among {sorted(tensors)}")
    return tensors[name][0]


def _with_arrays(value: Any, tensors: dict[str, Any]) -> Any:
    """`value` with each `{"tensor": NAME}` replaced by that tensor."""
    if isinstance(value, dict):
        if value.keys() == {"tensor"}:
            return tensors[value["tensor"]]
        return {key: _with_arrays(one, tensors) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_arrays(one, tensors) for one in value]
    return value
