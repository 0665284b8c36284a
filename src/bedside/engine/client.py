"""Speaks the Open Inference Protocol with one engine over HTTP."""

import asyncio
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from bedside.engine.protocol import JSON_LENGTH, Answer, read_answer, read_error
from bedside.errors import EngineDied, PredictFailed, Unreachable
from bedside.messages import EngineState

MAX_ANSWER = 80 * 1024 * 1024
PROBE_S = 2.0
BROKEN = (aiohttp.ClientError, ConnectionError, OSError, asyncio.IncompleteReadError)


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


class Failure(PredictFailed):
    """The model raised, or its result cannot be used. `model_ms` is its own time where the engine said it."""

    def __init__(self, sentence: str, model_ms: float | None = None) -> None:
        super().__init__(sentence)
        self.model_ms = model_ms


class Client:
    """The engine `name` at `url`. One connection is kept open."""

    def __init__(self, name: str, url: str) -> None:
        self._base = url.rstrip("/") + "/v2"
        self._model = f"{self._base}/models/{quote(name, safe='')}"
        self._infer = f"{self._model}/infer"
        self._name = name
        self._session: aiohttp.ClientSession | None = None

    async def readiness(self) -> Readiness:
        """Ask how it is. Raises Unreachable when nothing listens there, or it is not an engine of that name."""
        try:
            async with asyncio.timeout(PROBE_S):
                status, document = await self._get(f"{self._base}/health/ready")
                process = str(document.get("process", ""))
                if status != 200:
                    failed = document.get("state") == "FAILED"
                    state = EngineState.FAILED if failed else EngineState.STARTING
                    return Readiness(state, str(document.get("error", "")), process)
                if (await self._get(self._model))[0] != 200:
                    raise Unreachable(f"what listens at {self._base} has no model '{self._name}'; check name and url")
                _, server = await self._get(self._base)
        except (*BROKEN, TimeoutError) as error:
            raise Unreachable(f"nothing answers at {self._base}: {error or 'no answer in time'}") from error
        extensions = server.get("extensions")
        shares = isinstance(extensions, list) and "system_shared_memory" in extensions
        state = EngineState.BUSY if document.get("state") == "BUSY" else EngineState.READY
        return Readiness(state, "", process, shares)

    async def register(self, region: str, size: int) -> None:
        """Make the shared memory object `region` known under its own name. Raises Refused, EngineDied."""
        path = f"{self._base}/systemsharedmemory/region/{region}"
        body = json.dumps({"key": f"/{region}", "offset": 0, "byte_size": size}).encode()
        await self._post(f"{path}/unregister", b"{}")
        status, answer = await self._post(f"{path}/register", body)
        if status != 200:
            raise Refused(f"it cannot use shared memory: {read_error(answer)[0]}")

    async def unregister(self, region: str) -> None:
        """Let the engine forget a region. Raises EngineDied."""
        await self._post(f"{self._base}/systemsharedmemory/region/{region}/unregister", b"{}")

    async def infer(self, body: bytes, json_length: int) -> Answer:
        """Ask for one answer; the caller sets the deadline.

        Raises Failure (the model failed), Refused (the request was not taken), EngineDied (the connection broke, or
        the engine is starting again).
        """
        headers = {JSON_LENGTH: str(json_length), "Content-Type": "application/octet-stream"}
        # A large body goes in pieces, so that the event loop stays free.
        data = body if len(body) < 65536 else io.BytesIO(body)
        try:
            async with self._open().post(self._infer, data=data, headers=headers, allow_redirects=False) as response:
                answer = await _read(response)
                status, length = response.status, response.headers.get(JSON_LENGTH)
        except BROKEN as error:
            raise EngineDied(f"the connection broke: {error or type(error).__name__}") from error
        if status == 200:
            return read_answer(answer, length)
        sentence, model_ms = read_error(answer)
        if status == 503:
            raise EngineDied(f"it takes no frames: {sentence}")
        if 400 <= status < 500:
            raise Refused(f"it did not take the frame: {sentence}")
        raise Failure(sentence, model_ms)

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=4, keepalive_timeout=60)
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=PROBE_S)
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        return self._session

    async def _get(self, url: str) -> tuple[int, dict[str, Any]]:
        async with self._open().get(url, allow_redirects=False) as response:
            body = await _read(response)
            try:
                document = json.loads(body) if body else {}
            except ValueError:
                document = {}
            return response.status, document if isinstance(document, dict) else {}

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(PROBE_S), self._open().post(url, data=body, allow_redirects=False) as response:
                return response.status, await _read(response)
        except (*BROKEN, TimeoutError) as error:
            raise EngineDied(f"the connection broke: {error or type(error).__name__}") from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, of bounded size."""
    if (response.content_length or 0) > MAX_ANSWER:
        response.close()
        raise PredictFailed(f"its answer has {response.content_length} bytes; at most {MAX_ANSWER} are taken")
    if response.content_length is not None:
        return await response.read()
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            response.close()
            raise PredictFailed(f"its answer has more than {MAX_ANSWER} bytes")
    return b"".join(parts)
