"""`/api`: what the page, a script or a study's software may ask; described in openapi.json beside this file."""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bedside.errors import BedsideError, SessionError
from bedside.hub.feed import Feed
from bedside.hub.recall import Gone
from bedside.hub.snapshot import Snapshots
from bedside.hub.state import state
from bedside.hub.view import View

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Control = Callable[[str], Awaitable[None]]

OPENAPI = Path(__file__).with_name("openapi.json")
COMMANDS = ("freeze", "unfreeze")


class Api:
    """The handlers of `/api`. An error is `{"error": "one sentence"}`."""

    def __init__(
        self, feed: Feed, views: Mapping[str, View], snapshots: Snapshots | None, control: Control | None
    ) -> None:
        self._feed = feed
        self._views = views
        self._snapshots = snapshots
        self._control = control
        self._openapi = OPENAPI.read_bytes()

    def routes(self) -> list[web.RouteDef]:
        """Every route under `/api`."""
        return [
            web.get("/api/openapi.json", self.openapi),
            web.get("/api/state", self.state),
            web.post("/api/snapshot", self.snapshot),
            web.get("/api/snapshots", self.snapshots),
            web.get("/api/snapshots/{name}.png", self.snapshot_png),
            web.post("/api/control", self.control),
        ]

    async def openapi(self, _: web.Request) -> web.Response:
        """The description of these routes."""
        return web.Response(body=self._openapi, content_type="application/json")

    async def state(self, _: web.Request) -> web.Response:
        """What signal and engines are doing."""
        return web.json_response(state(self._feed))

    async def snapshot(self, request: web.Request) -> web.Response:
        """Keeps the frame that a person sees."""
        asked = await _body(request)
        seq, engine, view = asked.get("seq"), asked.get("engine"), asked.get("view", "")
        if seq is not None and (isinstance(seq, bool) or not isinstance(seq, int) or not 0 < seq < 2**53):
            raise _refused(f"seq is {str(seq)[:40]!r}; expected the frame's number, or null for the newest")
        if engine is not None and engine not in self._feed.engine_names:
            raise _refused(f"engine is {str(engine)[:40]!r}; expected {_choice(self._feed.engine_names)} or null")
        if not isinstance(view, str) or (view and view not in self._views):
            raise _refused(f"view is {str(view)[:40]!r}; expected {_choice(self._views)}")
        try:
            kept = await self._kept().keep(seq, engine, view)
        except Gone as error:
            return _error(409, str(error))
        except SessionError as error:
            return _error(507, str(error))
        return web.json_response(kept, status=201)

    async def snapshots(self, _: web.Request) -> web.Response:
        """This session's snapshots, oldest first."""
        return web.json_response({"snapshots": await self._kept().listed() if self._snapshots else []})

    async def snapshot_png(self, request: web.Request) -> web.Response:
        """A snapshot's picture, lossless."""
        try:
            png = await self._kept().png(request.match_info["name"])
        except SessionError as error:
            return _error(404, str(error))
        return web.Response(body=png, content_type="image/png")

    async def control(self, request: web.Request) -> web.Response:
        """A command to the source."""
        command = (await _body(request)).get("command")
        if command not in COMMANDS:
            raise _refused(f"command is {str(command)[:40]!r}; expected {_choice(COMMANDS)}")
        if self._control is None:
            return _error(409, "this source cannot be controlled; press the button on the scanner")
        try:
            await self._control(command)
        except BedsideError as error:
            return _error(502, str(error))
        return web.json_response({"command": command})

    def _kept(self) -> Snapshots:
        if self._snapshots is None:
            raise web.HTTPNotFound(text="this server keeps no snapshots; set [session] folder")
        return self._snapshots


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Under `/api` every error is `{"error": "one sentence"}`."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        sentence = error.text if error.status != 405 else f"{request.method} is not possible here"
        if error.status == 404 and error.text == "404: Not Found":
            sentence = "there is nothing at this address; /api/openapi.json lists what there is"
        return _error(error.status, sentence or error.reason)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text())
    except (ValueError, RecursionError, LookupError):
        raise _refused("the body is not JSON; expected one JSON object") from None
    if not isinstance(body, dict):
        raise _refused("the body is not a JSON object; expected {...}")
    return body


def _refused(sentence: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=sentence)


def _error(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


def _choice(names: Any) -> str:
    return " or ".join([", ".join(list(names)[:-1]), list(names)[-1]]) if len(names) > 1 else ", ".join(names) or "none"
