"""The Open Inference Protocol v2 over HTTP: which path means what. Needs no numpy: it can say that it lacks."""

from __future__ import annotations

from json import loads  # by name: model code may replace what the modules hold
from typing import Any, Callable, Dict, List, Optional, Tuple, Union
from urllib.parse import unquote

from bedside_engine import VERSION
from bedside_engine.regions import BadRegion, Regions
from bedside_engine.server import BadRequest, Request, Response, json_response
from bedside_engine.status import Status

JSON_LENGTH = "Inference-Header-Content-Length"
Infer = Callable[[Dict[str, Any], memoryview], Response]


class Routes:
    """Answers requests. Without `regions` there is no shared memory here.

    `infer(head, binary)` computes an inference; without it none is computed here.
    """

    def __init__(self, status: Status, regions: Optional[Regions], infer: Optional[Infer] = None) -> None:
        self._status = status
        self._regions = regions
        self._infer_frame = infer

    @staticmethod
    def is_inference(request: Request) -> bool:
        """Whether a request asks for a prediction."""
        return request.method == "POST" and request.path.endswith("/infer")

    def answer(self, request: Request) -> Response:
        """The response to one request; whatever is wrong with it is said in a JSON object with `error`."""
        try:
            return self._route(request, [unquote(part) for part in request.path.strip("/").split("/")])
        except (BadRequest, BadRegion) as error:
            return json_response(getattr(error, "status", 400), {"error": str(error)})

    def _route(self, request: Request, parts: List[str]) -> Response:
        if parts[:2] == ["v2", "systemsharedmemory"]:
            if self._regions is None:
                raise BadRequest(404, "there is no shared memory here; send the pixels in the request")
            return self._shared_memory(request, parts[2:], self._regions)
        model = parts[:3] == ["v2", "models", self._status.name]
        rest = parts[3:]
        if model and rest[:1] == ["versions"]:
            rest = rest[2:]
        if model and rest == ["infer"]:
            self._require(request, "POST")
            return self._infer(request)
        self._require(request, "GET")
        if parts == ["v2"]:
            return json_response(200, self._server())
        if parts == ["v2", "health", "live"]:
            return json_response(200, {"live": True})
        if parts == ["v2", "health", "ready"] or (model and rest == ["ready"]):
            return self._ready()
        if model and not rest:
            return json_response(200, self._model())
        raise BadRequest(404, "nothing at %s; this is the engine %r" % (request.path[:80], self._status.name))

    @staticmethod
    def _require(request: Request, method: str) -> None:
        if request.method != method:
            raise BadRequest(405, "%s %s; expected %s" % (request.method, request.path, method))

    def _process(self) -> Dict[str, str]:
        return {"process": self._status.process} if self._status.process else {}

    def _ready(self) -> Response:
        status = self._status
        document = dict(self._process(), ready=status.is_ready, state=status.state)
        if status.error:
            document["error"] = status.error
        return json_response(200 if status.is_ready else 503, document)

    def _server(self) -> Dict[str, Any]:
        extensions = ["bedside", "binary_tensor_data"]
        if self._regions is not None:
            extensions.append("system_shared_memory")
        if self._status.takes_jpeg:
            extensions.append("bedside_jpeg")
        if self._status.takes_corrections:
            extensions.append("bedside_corrections")
        document = {"name": "bedside_engine", "version": VERSION, "extensions": extensions}
        return dict(document, **self._process())

    def _model(self) -> Dict[str, Any]:
        name, shape = ("frames", [-1, -1, -1, 3]) if self._status.takes_window else ("frame", [-1, -1, 3])
        return {
            "name": self._status.name,
            "versions": ["1"],
            "platform": "bedside_engine",
            "inputs": [{"name": name, "datatype": "UINT8", "shape": shape}],
            "outputs": [{"name": "result", "datatype": "BYTES", "shape": [1]}],
        }

    def _infer(self, request: Request) -> Response:
        if self._infer_frame is None or not self._status.is_ready:
            return json_response(
                503, {"error": self._status.error or "the model is loading", "state": self._status.state}
            )
        head, binary = split(request.headers.get(JSON_LENGTH.lower()), request.body)
        return self._infer_frame(head, binary)

    def _shared_memory(self, request: Request, parts: List[str], regions: Regions) -> Response:
        if parts[-1:] == ["status"]:
            self._require(request, "GET")
            return json_response(200, regions.status())
        self._require(request, "POST")
        if parts == ["unregister"]:
            regions.unregister()
            return json_response(200, {})
        if len(parts) != 3 or parts[0] != "region" or parts[2] not in ("register", "unregister"):
            raise BadRequest(404, "nothing at %s" % request.path)
        if parts[2] == "unregister":
            regions.unregister(parts[1])
            return json_response(200, {})
        document = parse(request.body)
        key, offset, size = document.get("key"), document.get("offset", 0), document.get("byte_size")
        if not isinstance(key, str) or type(offset) is not int or type(size) is not int:
            raise BadRequest(400, "expected key (text), offset (whole number) and byte_size (whole number)")
        regions.register(parts[1], key, offset, size)
        return json_response(200, {})


def split(json_length: Any, body: Union[bytes, bytearray]) -> Tuple[Dict[str, Any], memoryview]:
    """The JSON head and the binary data after it. `json_length` is the header of the binary data extension, or None."""
    view = memoryview(body)
    if json_length is None:
        return parse(body), view[len(body) :]
    if not json_length.isdigit() or int(json_length) > len(body):
        raise BadRequest(400, "%s is %r for a body of %d bytes" % (JSON_LENGTH, json_length[:20], len(body)))
    return parse(bytes(view[: int(json_length)])), view[int(json_length) :]


def parse(data: Union[bytes, bytearray]) -> Dict[str, Any]:
    """The JSON object in `data`; BadRequest when there is none."""
    try:
        document = loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, "the body is not JSON: %s" % error)
    if not isinstance(document, dict):
        raise BadRequest(400, "the body is %s; expected one JSON object" % type(document).__name__)
    return document
