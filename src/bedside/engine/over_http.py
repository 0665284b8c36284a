"""A server of the Open Inference Protocol over HTTP: binary tensors where it announces them, JSON where not."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote

from bedside.engine.address import Address
from bedside.engine.connection import Broken, Connection, Reply, Untrusted
from bedside.engine.protocol import (
    JSON_LENGTH,
    MAX_DOCUMENT,
    NONSENSE,
    Question,
    Response,
    binary_request,
    json_request,
    read_error,
    read_response,
)
from bedside.engine.server import Barred, Contract, Health, Refused, barred, missing
from bedside.engine.tensors import Declared
from bedside.errors import EngineDied, Unreachable

PROBE_S = 2.0
BINARY = "binary_tensor_data"
SILENT_BINARY = frozenset({"kserve"})
"""Servers that take binary tensors and do not announce it."""
MAX_JSON = 200_000
"""So many numbers go as JSON at most: a colour picture of 224 x 224 has 150528, and takes about 20 ms to write."""
AT_ONCE = 8 * 1024 * 1024
"""Bytes; more than a picture of 1920x1080 is not copied on the event loop."""
_JSON = {"Content-Type": "application/json"}


class Http:
    """The model `model` at an http, https or unix address. Questions about its health have their own connection."""

    def __init__(self, model: str, address: Address) -> None:
        self._model = model
        self._url = address.url
        self._path = f"/v2/models/{quote(model, safe='')}"
        headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
        self._asks = Connection(address.url, ca_file=address.ca_file, headers=headers)
        self._probes = Connection(address.url, ca_file=address.ca_file, headers=headers)
        self._probing = asyncio.Lock()  # a first frame may want to know the model while its health is asked

    async def health(self) -> Health:
        """How it is. Raises Unreachable, Barred."""
        reply = await self._get("/v2/health/ready")
        if reply.status in (404, 405):
            raise Barred(f"what listens at {self._url} does not speak the Open Inference Protocol; check url")
        process = str(_document(reply).get("process", ""))
        if _is_ready(reply):
            reply = await self._get(f"{self._path}/ready")
            if reply.status == 404 or (reply.status == 400 and (await self._get(self._path)).status == 404):
                raise Barred(missing(self._url, self._model))
        said = _document(reply)
        if _is_ready(reply):
            return Health(True, str(said.get("state", "")), "", process)
        is_said = "error" in said or "state" not in said  # a Bedside engine that loads has a state and no error
        error = (_text(reply) if reply.body else "it is not ready") if is_said else ""
        return Health(False, str(said.get("state", "")), error, process)

    async def contract(self) -> Contract:
        """What it can do. Raises Unreachable, Barred."""
        model = await self._get(self._path)
        if model.status == 404:
            raise Barred(missing(self._url, self._model))
        server = _document(await self._get("/v2"))
        announced = server.get("extensions")
        extensions = frozenset(map(str, announced)) if isinstance(announced, list) else frozenset()
        told = _document(model)
        takes_binary = BINARY in extensions or server.get("name") in SILENT_BINARY
        return Contract(extensions, _declared(told.get("inputs")), _declared(told.get("outputs")), takes_binary)

    async def infer(self, question: Question, contract: Contract) -> Response:
        """Ask. Raises Failure, Refused, EngineDied."""
        if contract.takes_binary:
            size = sum(one.nbytes for one in question.inputs.values())
            if size <= AT_ONCE:
                return await self.infer_binary(*binary_request(question))
            return await self.infer_binary(*await asyncio.to_thread(binary_request, question))
        count = sum(one.size for one in question.inputs.values())
        if count > MAX_JSON:
            raise Refused(
                f"{self._url} takes tensors in JSON only (it announces no {BINARY}), and this one has {count} values, "
                f'at most {MAX_JSON} go that way; use its gRPC port, url = "grpc://host:port", or a smaller size'
            )
        try:  # in a thread: a picture of this size keeps the event loop for a frame's time
            body = await asyncio.to_thread(json_request, question)
        except ValueError as error:
            raise Refused(f"{self._url} takes JSON only, and {error}; use its gRPC port") from error
        return await _read(await self._post("infer", [body], _JSON))

    async def infer_binary(self, parts: Sequence[bytes], json_length: int) -> Response:
        """Ask with a request that is written already. Raises as `infer`."""
        headers = {JSON_LENGTH: str(json_length), "Content-Type": "application/octet-stream"}
        return await _read(await self._post("infer", parts, headers))

    async def register(self, region: str, size: int) -> None:
        """Make the shared memory object `region` known under its own name. Raises Refused, EngineDied."""
        await self.unregister(region)
        body = json.dumps({"key": f"/{region}", "offset": 0, "byte_size": size}).encode()
        reply = await self._shared_memory(region, "register", body)
        if reply.status != 200:
            raise Refused(f"it cannot use shared memory: {read_error(reply.body)}")

    async def unregister(self, region: str) -> None:
        """Let the engine forget a region; none of that name is fine. Raises EngineDied."""
        await self._shared_memory(region, "unregister", b"{}")

    async def close(self) -> None:
        """Close the connections."""
        await self._asks.close()
        await self._probes.close()

    async def _shared_memory(self, region: str, what: str, body: bytes) -> Reply:
        try:
            async with asyncio.timeout(PROBE_S):
                return await self._asks.request("POST", f"/v2/systemsharedmemory/region/{region}/{what}", [body], _JSON)
        except (Broken, TimeoutError) as error:
            raise EngineDied(f"the connection broke: {error or 'no answer in time'}") from error

    async def _post(self, what: str, parts: Sequence[bytes], headers: Mapping[str, str]) -> Reply:
        try:
            reply = await self._asks.request("POST", f"{self._path}/{what}", parts, headers)
        except Broken as error:
            raise EngineDied(f"it died while it computed an answer: {error}") from error
        if reply.status != 200:
            self._complain(reply)
        return reply

    def _complain(self, reply: Reply) -> NoReturn:
        """What a response that is none means."""
        failure = read_error(reply.body)
        wrong = self._setting(reply)
        if wrong:
            raise Refused(wrong)
        if reply.status in (502, 503, 504):
            raise EngineDied(f"it takes no frames: {failure}")
        if reply.status < 500:
            raise Refused(f"it did not take the frame: {failure}")
        raise failure

    def _setting(self, reply: Reply) -> str:
        """The sentence for a response that only another setting changes; empty for others."""
        if reply.status in (401, 403):
            return barred(self._url, f"{reply.status}: {_text(reply)}")
        if 300 <= reply.status < 400:
            to = reply.headers.get("location", "nowhere")[:200]
            return f"what listens at {self._url} sends on to {to}, which Bedside does not follow; correct url"
        return ""

    async def _get(self, path: str) -> Reply:
        try:
            async with self._probing:
                reply = await self._probes.request("GET", path)
        except Untrusted as error:
            raise Barred(f"{self._url} is not to be trusted: {error}; check ca_file, and the name in url") from error
        except Broken as error:
            raise Unreachable(f"nothing answers at {self._url}: {error}") from error
        wrong = self._setting(reply)
        if wrong:
            raise Barred(wrong)
        return reply


async def _read(reply: Reply) -> Response:
    """The response in a reply; long JSON, such as a list of numbers, is read in a thread."""
    length = reply.headers.get(JSON_LENGTH.lower())
    is_short = len(reply.body) <= MAX_DOCUMENT or (
        length is not None and len(length) < len(str(MAX_DOCUMENT)) and len(reply.body) <= AT_ONCE
    )
    if is_short:
        return read_response(reply.body, length)
    return await asyncio.to_thread(read_response, reply.body, length)


def _declared(listed: Any) -> tuple[Declared, ...]:
    """Inputs or outputs in a model's metadata; none where they cannot be read."""
    try:
        return tuple(Declared(str(one["name"]), str(one["datatype"]), tuple(map(int, one["shape"]))) for one in listed)
    except NONSENSE:
        return ()


def _is_ready(reply: Reply) -> bool:
    return reply.status == 200 and _document(reply).get("ready") is not False


def _document(reply: Reply) -> Mapping[str, Any]:
    """The JSON object in a reply; empty where there is none, or a far too long one."""
    try:
        document = json.loads(reply.body if len(reply.body) <= MAX_DOCUMENT else b"")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(reply: Reply) -> str:
    return str(read_error(reply.body))
