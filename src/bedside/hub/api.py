"""`/api`: what the page, a script or a study's software may ask; described in openapi.json beside this file."""

import re
from collections.abc import Awaitable, Mapping
from pathlib import Path

from aiohttp import web

from bedside.errors import BedsideError, NotNow, SessionError, SourceError
from bedside.hub.asked import body_of, choice, error_json, one_of, refused, seq_in
from bedside.hub.control import Control
from bedside.hub.feed import Feed
from bedside.hub.recall import Gone
from bedside.hub.snapshot import Snapshots
from bedside.hub.state import state
from bedside.hub.view import View
from bedside.hub.visit import Visit

OPENAPI = Path(__file__).with_name("openapi.json")
COMMAND = re.compile(r"[a-z]+( [A-Za-z0-9+.-]{1,20}){0,3}")
"""A command's shape; which words count, the source decides."""
MOST_COMMAND = 40


class Api:
    """The handlers of `/api`. An error is `{"error": "one sentence"}`."""

    def __init__(
        self,
        feed: Feed,
        views: Mapping[str, View],
        snapshots: Snapshots | None,
        control: Control | None,
        visit: Visit | None = None,
    ) -> None:
        self._feed = feed
        self._views = views
        self._snapshots = snapshots
        self._control = control
        self._visit = visit
        self._openapi = OPENAPI.read_bytes()

    def routes(self) -> list[web.RouteDef]:
        """Every route under `/api`."""
        return [
            web.get("/api/openapi.json", self.openapi),
            web.get("/api/state", self.state),
            web.post("/api/snapshot", self.snapshot),
            web.get("/api/snapshots", self.snapshots),
            web.get("/api/snapshots/{name}.png", self.snapshot_png),
            web.get("/api/best", self.best),
            web.get("/api/best/{name}.png", self.best_png),
            web.get("/api/best/{name}.jpg", self.best_jpg),
            web.get("/api/control", self.offer),
            web.post("/api/control", self.control),
        ]

    async def openapi(self, _: web.Request) -> web.Response:
        """The description of these routes."""
        return web.Response(body=self._openapi, content_type="application/json")

    async def state(self, _: web.Request) -> web.Response:
        """What signal and engines are doing."""
        return web.json_response(state(self._feed, self._visit))

    async def snapshot(self, request: web.Request) -> web.Response:
        """Keeps the frame that a person sees."""
        asked = await body_of(request)
        seq, engine = seq_in(asked), asked.get("engine")
        if engine is not None and engine not in self._feed.engine_names:
            raise refused(f"engine is {str(engine)[:40]!r}; expected {choice(self._feed.engine_names)} or null")
        view = one_of(asked, "view", self._views, default="")
        try:
            kept = await self._kept().keep(seq, engine, view)
        except (Gone, NotNow) as error:
            return error_json(409, str(error))
        except SessionError as error:
            return error_json(507, str(error))
        return web.json_response(kept, status=201)

    async def snapshots(self, _: web.Request) -> web.Response:
        """The snapshots of the running session, or of the last one, oldest first."""
        return web.json_response({"snapshots": await self._kept().listed() if self._snapshots else []})

    async def snapshot_png(self, request: web.Request) -> web.Response:
        """A snapshot's picture, lossless."""
        return await _picture(self._kept().png(request.match_info["name"]))

    async def best(self, _: web.Request) -> web.Response:
        """The best frame of each plane of that session."""
        return web.json_response({"best": await self._kept().best() if self._snapshots else []})

    async def best_png(self, request: web.Request) -> web.Response:
        """A best frame's picture, lossless."""
        return await _picture(self._kept().best_png(request.match_info["name"]))

    async def best_jpg(self, request: web.Request) -> web.Response:
        """The same, small, for the strip under the picture."""
        return await _picture(self._kept().best_jpg(request.match_info["name"]), "image/jpeg")

    async def control(self, request: web.Request) -> web.Response:
        """A command to the source."""
        command = (await body_of(request)).get("command")
        if not isinstance(command, str) or len(command) > MOST_COMMAND or not COMMAND.fullmatch(command):
            raise refused(f"command is {str(command)[:40]!r}; expected a few words, such as freeze or tilt -3")
        if self._control is None:
            return error_json(409, "this source cannot be controlled; press the button on the scanner")
        try:
            await self._control(command)
        except BedsideError as error:
            return error_json(409 if isinstance(error, SourceError) else 502, str(error))
        return web.json_response({"command": command})

    async def offer(self, _: web.Request) -> web.Response:
        """What the source can be asked to do, and what it tells of itself."""
        if self._control is None:
            return web.json_response({"commands": [], "state": None})
        try:
            return web.json_response(await self._control.offer())
        except BedsideError as error:
            return error_json(502, str(error))

    def _kept(self) -> Snapshots:
        if self._snapshots is None:
            raise web.HTTPNotFound(text="this server keeps no snapshots; set [session] folder")
        return self._snapshots


async def _picture(picture: Awaitable[bytes], content_type: str = "image/png") -> web.Response:
    try:
        return web.Response(body=await picture, content_type=content_type)
    except SessionError as error:
        return error_json(404, str(error))
