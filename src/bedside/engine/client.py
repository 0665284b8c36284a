"""Speaks the Open Inference Protocol with one engine over HTTP."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bedside.engine.address import Address
from bedside.engine.ask import Ask
from bedside.engine.connection import Broken, Connection, Reply
from bedside.engine.protocol import JSON_LENGTH, Answer, binary_request, read_answer, read_error, shared_request
from bedside.errors import EngineDied, PredictFailed, Unreachable
from bedside.messages import EngineState

PROBE_S = 2.0


class Refused(PredictFailed):
    """The engine did not accept the request as it was, for example because it does not know the region (any more)."""


@dataclass(frozen=True)
class Readiness:
    """What an engine says of itself."""

    state: EngineState
    """READY, BUSY, STARTING or FAILED."""
    error: str = ""
    process: str = ""
    """Another text after every start of a Bedside engine; empty for other servers."""
    shares_memory: bool = False
    """Whether it reads pixels from shared memory."""


class Client:
    """The engine `name` at an address. Questions about its health have a connection of their own."""

    def __init__(self, name: str, address: Address) -> None:
        self._name = address.model or name
        self._url = address.url
        self._model = f"/v2/models/{quote(self._name, safe='')}"
        self._asks = Connection(self._url)
        self._probes = Connection(self._url)

    async def readiness(self) -> Readiness:
        """Ask how it is. Raises Unreachable when nothing listens there, or it is not an engine of that name."""
        try:
            async with asyncio.timeout(PROBE_S):
                reply = await self._probes.request("GET", "/v2/health/ready")
                ready, process = _document(reply), str(_document(reply).get("process", ""))
                if reply.status != 200:
                    failed = ready.get("state") == "FAILED"
                    state = EngineState.FAILED if failed else EngineState.STARTING
                    return Readiness(state, str(ready.get("error", "")), process)
                if (await self._probes.request("GET", self._model)).status != 200:
                    raise Unreachable(f"what listens at {self._url} has no model '{self._name}'; check name and url")
                server = _document(await self._probes.request("GET", "/v2"))
        except (Broken, TimeoutError) as error:
            raise Unreachable(f"nothing answers at {self._url}: {error or 'no answer in time'}") from error
        extensions = server.get("extensions")
        shares = isinstance(extensions, list) and "system_shared_memory" in extensions
        state = EngineState.BUSY if ready.get("state") == "BUSY" else EngineState.READY
        return Readiness(state, "", process, shares)

    async def register(self, region: str, size: int) -> None:
        """Make the shared memory object `region` known under its own name. Raises Refused, EngineDied."""
        await self.unregister(region)
        body = json.dumps({"key": f"/{region}", "offset": 0, "byte_size": size}).encode()
        reply = await self._post(f"/v2/systemsharedmemory/region/{region}/register", body)
        if reply.status != 200:
            raise Refused(f"it cannot use shared memory: {read_error(reply.body)}")

    async def unregister(self, region: str) -> None:
        """Let the engine forget a region; none of that name is fine. Raises EngineDied."""
        await self._post(f"/v2/systemsharedmemory/region/{region}/unregister", b"{}")

    async def infer(self, ask: Ask) -> Answer:
        """Ask for one answer; the caller sets the deadline.

        Raises Failure (the model failed, or its answer cannot be used), Refused (the request was not taken), EngineDied
        (the connection broke, or the engine is starting again).
        """
        if ask.region:
            body = shared_request(ask)
            json_length = len(body)
        else:
            body, json_length = binary_request(ask)
        headers = {JSON_LENGTH: str(json_length), "Content-Type": "application/octet-stream"}
        try:
            reply = await self._asks.request("POST", f"{self._model}/infer", body, headers)
        except Broken as error:
            raise EngineDied(f"it died while it computed an answer: {error}") from error
        if reply.status == 200:
            return read_answer(reply.body, reply.headers.get(JSON_LENGTH.lower()))
        failure = read_error(reply.body)
        if reply.status == 503:
            raise EngineDied(f"it takes no frames: {failure}")
        if 400 <= reply.status < 500:
            raise Refused(f"it did not take the frame: {failure}")
        raise failure

    async def close(self) -> None:
        """Close the connections."""
        await self._asks.close()
        await self._probes.close()

    async def _post(self, path: str, body: bytes) -> Reply:
        try:
            async with asyncio.timeout(PROBE_S):
                return await self._asks.request("POST", path, body)
        except (Broken, TimeoutError) as error:
            raise EngineDied(f"the connection broke: {error or 'no answer in time'}") from error


def _document(reply: Reply) -> Mapping[str, Any]:
    """The JSON object in a reply; empty where there is none."""
    try:
        document = json.loads(reply.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
