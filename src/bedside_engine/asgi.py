"""The application for any server that speaks ASGI 3: `uvicorn --factory` of a function that returns `app(PATH)`."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Awaitable, Callable, Dict, Tuple

from bedside_engine.application import Application
from bedside_engine.server import MAX_BODY, BadRequest

MOST_WAITING = 32
Receive = Callable[[], Awaitable[Dict[str, Any]]]
Send = Callable[[Dict[str, Any]], Awaitable[None]]
Asgi = Callable[[Dict[str, Any], Receive, Send], Awaitable[None]]


def app(path: str, name: str = "", moves_in: bool = False) -> Asgi:
    """An ASGI app around the model at `path`; see Application for the arguments. Raises loader.CannotLoad."""
    return _App(path, name, moves_in)


class _App:
    """Loads the model and calls it in one thread of its own: what libraries keep by thread stays true."""

    def __init__(self, path: str, name: str, moves_in: bool) -> None:
        self._thread = ThreadPoolExecutor(1, "predict")
        self._application: Application = self._thread.submit(Application, path, name, moves_in).result()
        self._waiting = 0

    async def __call__(self, scope: Dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError("a connection of type %r; this engine answers HTTP only" % scope["type"])
        status, headers, body = await self._answer(scope, receive)
        raw = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Dict[str, Any], receive: Receive) -> Tuple[int, Dict[str, str], bytes]:
        try:
            body = await _body(receive)
        except BadRequest as error:
            return _error(error.status, str(error))
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        path, above = scope["path"], scope.get("root_path", "")
        if above and path.startswith(above + "/"):  # servers differ in whether the path has it
            path = path[len(above) :]
        if not path.endswith("/infer"):
            return self._application.answer(scope["method"], path, headers, body)
        if self._waiting >= MOST_WAITING:
            return _error(503, "%d requests wait for this engine already; ask again later" % self._waiting)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._thread, self._application.answer, scope["method"], path, headers, body
            )
        finally:
            self._waiting -= 1


async def _live(receive: Receive, send: Send) -> None:
    """Say yes to start and stop."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytearray:
    """The whole body; a bytearray, so that the model may write into its pictures. Raises BadRequest."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(400, "the client is gone after %d bytes" % len(body))
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise BadRequest(413, "a body of more than %d bytes" % MAX_BODY)
        if not message.get("more_body", False):
            return body


def _error(status: int, sentence: str) -> Tuple[int, Dict[str, str], bytes]:
    body = json.dumps({"error": sentence}).encode()
    return status, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body
