"""The Open Inference Protocol v2 in bytes over HTTP: requests and answers, pure functions without any I/O.

A Bedside engine gets one UINT8 tensor `frame` or `frames`, by the name of a shared memory region, as binary data, or as
a JPEG, and answers with a BYTES tensor `result`: one JSON object, which names the arrays that are tensors beside it.
Any other server gets and gives whatever tensors its model has.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bedside.engine.ask import Ask
from bedside.engine.tensors import Array, datatype, from_bytes, from_list, to_bytes, to_list
from bedside.errors import PredictFailed
from bedside_engine.check import check
from bedside_engine.kinds import BadResult

JSON_LENGTH = "Inference-Header-Content-Length"
NONSENSE = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading any bytes as something else than they are may raise."""
MAX_DOCUMENT = 64 * 1024
"""Bytes; longer JSON is not read on the event loop."""
MAX_ERROR = 2000
MAX_MS = 1e9


@dataclass(frozen=True)
class Question:
    """One request to a model, before it is known in which form it travels."""

    seq: int
    inputs: Mapping[str, Array]
    """Tensors by name, as `tensors.tensor` makes them."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tensor_parameters: Mapping[str, str] = field(default_factory=dict)
    """Of each input."""


@dataclass(frozen=True)
class Response:
    """One response of a server: its tensors by name, and what it tells beside them."""

    tensors: Mapping[str, Array]
    parameters: Mapping[str, Any] = field(default_factory=dict)


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
    where = {
        "shared_memory_region": ask.region,
        "shared_memory_offset": 0,
        "shared_memory_byte_size": ask.pixels.nbytes,
    }
    name = "frames" if ask.is_window else "frame"
    tensor = {"name": name, "datatype": "UINT8", "shape": list(ask.pixels.shape), "parameters": where}
    return _request(ask.seq, told(ask), [tensor])


def told(ask: Ask) -> dict[str, str]:
    """The parameters of a request to a Bedside engine; the protocol's are no objects, so there is JSON in each."""
    parts = {"frame_info": ask.info, "corrections": ask.corrections}
    return {name: json.dumps(part, separators=(",", ":")) for name, part in parts.items() if part}


def binary_request(question: Question) -> tuple[list[bytes], int]:
    """A whole request in parts, its tensors as binary data, and how many of its bytes are the JSON before them."""
    parts, tensors = [], []
    for name, array in question.inputs.items():
        parts.append(to_bytes(array))
        more = {"binary_data_size": len(parts[-1]), **question.tensor_parameters}
        tensors.append({"name": name, "datatype": datatype(array), "shape": list(array.shape), "parameters": more})
    head = _request(question.seq, question.parameters, tensors)
    return [head, *parts], len(head)


def json_request(question: Question) -> bytes:
    """A whole request as one JSON document. Raises ValueError for what has no form in it: FP16, bytes, NaN."""
    tensors = []
    for name, array in question.inputs.items():
        if datatype(array) == "FP16":
            raise ValueError(f"{name} is FP16, which has no form in JSON")
        tensor = {"name": name, "datatype": datatype(array), "shape": list(array.shape), "data": to_list(array)}
        tensors.append(
            tensor | ({"parameters": dict(question.tensor_parameters)} if question.tensor_parameters else {})
        )
    document: dict[str, Any] = {"id": str(question.seq), "inputs": tensors}
    if question.parameters:
        document["parameters"] = dict(question.parameters)
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()


def _request(seq: int, parameters: Mapping[str, str], inputs: list[dict[str, Any]]) -> bytes:
    document = {"id": str(seq), "parameters": {"binary_data_output": True, **parameters}, "inputs": inputs}
    return json.dumps(document, separators=(",", ":")).encode()


def read_response(body: bytes, json_length: str | None) -> Response:
    """The tensors in a response, binary or JSON. Raises PredictFailed, with the reason, for what is no response."""
    try:
        length = len(body) if json_length is None else int(json_length)
        head = json.loads(body[:length])
        if not isinstance(head, dict):
            raise ValueError(f"the response is {type(head).__name__}")
        parameters = head.get("parameters")
        tensors = _tensors(head, memoryview(body)[length:])
        return Response(tensors, parameters if isinstance(parameters, dict) else {})
    except NONSENSE as error:
        raise PredictFailed(
            f"its answer cannot be read: {error!r}; expected one of the Open Inference Protocol"
        ) from error


def is_long(response: Response) -> bool:
    """Whether reading the result in it takes so long that it belongs into a thread."""
    result = response.tensors.get("result")
    return result is not None and result.dtype.kind == "O" and sum(map(len, result.reshape(-1))) > MAX_DOCUMENT


def read_answer(response: Response) -> Answer:
    """The result in a response of a Bedside engine. Raises PredictFailed for anything that cannot be used."""
    tensors = response.tensors
    try:
        if "result" not in tensors:
            raise ValueError(f"no output 'result' among {sorted(tensors)}")
        fields = json.loads(tensors["result"].reshape(-1)[0])
        return checked(_with_arrays(fields, tensors), response)
    except NONSENSE as error:
        raise PredictFailed(
            f"its answer is not that of a Bedside engine: {error!r}; expected a tensor 'result' with one JSON object"
        ) from error


def checked(fields: Any, response: Response) -> Answer:
    """The answer with these fields. Raises PredictFailed with the sentence about the field that cannot be used."""
    try:
        return Answer(check(fields), *_told(response.parameters))
    except BadResult as error:
        raise PredictFailed(f"its answer cannot be used: {error}") from error


def read_error(body: bytes) -> Failure:
    """What an error response says, on one line; one that is too long is quoted as it begins."""
    try:
        document = json.loads(body if len(body) <= MAX_DOCUMENT else b"")
        return Failure(_line(str(document["error"]))[:MAX_ERROR], *_told(document))
    except NONSENSE:
        return Failure(_line(body[:200].decode("utf-8", "replace")) or "no reason given")


def _line(said: str) -> str:
    """A text as one line that can be written anywhere: JSON may hold half characters, which no file takes."""
    return " ".join(said.encode("utf-8", "replace").decode().split())


def _told(parameters: Mapping[str, Any]) -> tuple[float | None, bool]:
    """What a Bedside engine tells beside its answer: the model's own time, and whether the model keeps the frame."""
    model_ms = parameters.get("model_ms")
    if not isinstance(model_ms, int | float) or not 0 <= model_ms < MAX_MS:
        model_ms = None
    return model_ms, parameters.get("keeps_frame") is True


def _tensors(head: dict[str, Any], binary: memoryview) -> dict[str, Array]:
    """The output tensors by name."""
    tensors: dict[str, Array] = {}
    for output in head["outputs"]:
        name, kind, shape = str(output["name"]), output["datatype"], output["shape"]
        parameters = output.get("parameters") or {}
        size = parameters.get("binary_data_size")
        if size is None:
            tensors[name] = from_list(kind, shape, output.get("data"))
        elif type(size) is not int or not 0 <= size <= len(binary):
            raise ValueError(f"output {name!r} of {size!r} bytes, and {len(binary)} are there")
        else:
            tensors[name], binary = from_bytes(kind, shape, binary[:size]), binary[size:]
    return tensors


def _with_arrays(value: Any, tensors: Mapping[str, Array]) -> Any:
    """`value` with each `{"tensor": NAME}` replaced by that tensor."""
    if isinstance(value, dict):
        if value.keys() == {"tensor"}:
            return tensors[value["tensor"]]
        return {key: _with_arrays(one, tensors) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_arrays(one, tensors) for one in value]
    return value
