"""`/setup`: an admin says what of the picture may leave the broadcaster, which alone has the whole of it."""

from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from bedside.hub.access_desk import noted
from bedside.hub.asked import body_of, error_json
from bedside.hub.visit import Visit

DEADLINE_S = 5.0
PROPOSE_S = 90.0
"""A text finder that starts on a busy machine takes long."""
UNSET = "the picture comes from a broadcaster elsewhere that cannot be set up from here"
NO_ANSWER = "the broadcaster does not answer; is it running?"


class BroadcasterSetup:
    """A broadcaster's `/setup`. `frames_url` is the address of its websocket."""

    def __init__(self, frames_url: str, token: str = "") -> None:
        url = URL(frames_url)
        self._url = url.with_scheme({"ws": "http", "wss": "https"}.get(url.scheme, url.scheme))
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask(self, method: str, path: str, body: Any, deadline_s: float) -> tuple[int, bytes, str]:
        """Status, body and content type of its answer. Raises aiohttp.ClientError or TimeoutError where none comes."""
        timeout = aiohttp.ClientTimeout(total=deadline_s)
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=self._headers) as session,
            session.request(method, self._url.with_path(path), json=body) as response,
        ):
            return response.status, await response.read(), response.content_type


class SetupApi:
    """The handlers. An error is `{"error": "one sentence"}`."""

    def __init__(self, setup: BroadcasterSetup | None, visit: Visit | None, folder: Path) -> None:
        self._setup, self._visit, self._folder = setup, visit, folder

    def routes(self) -> list[web.RouteDef]:
        """The page, and what it asks."""
        return [
            web.get("/setup", self.page),
            web.get("/api/setup", self.state),
            web.post("/api/setup", self.apply),
            web.post("/api/setup/open", self.open),
            web.post("/api/setup/propose", self.propose),
            web.get("/api/setup/picture", self.picture),
        ]

    async def page(self, _: web.Request) -> web.StreamResponse:
        """The setup page."""
        return web.FileResponse(self._folder / "setup.html")

    async def state(self, _: web.Request) -> web.Response:
        """Crop, masks, fan and presets as they are."""
        return await self._pass_on("GET", "/setup")

    async def apply(self, request: web.Request) -> web.Response:
        """Use what is asked from the next picture on, and keep it."""
        asked = await body_of(request)
        noted(request, "setup", preset=str(asked.get("preset", asked.get("load", "")))[:64], mask=asked.get("mask"))
        return await self._pass_on("POST", "/setup", asked)

    async def open(self, request: web.Request) -> web.Response:
        """Take the masks off for the setup page alone; nobody else gets a picture meanwhile."""
        asked = await body_of(request)
        if asked.get("open") is True:
            if self._visit is not None and self._visit.running is not None:
                return error_json(409, "a session runs, and it would get no picture; end it first")
            noted(request, "setup without masks")
        return await self._pass_on("POST", "/setup/open", asked)

    async def propose(self, _: web.Request) -> web.Response:
        """Fan, crop and masks as the broadcaster finds them."""
        return await self._pass_on("POST", "/setup/propose", deadline_s=PROPOSE_S)

    async def picture(self, _: web.Request) -> web.Response:
        """The newest picture, as it leaves or, while the masks are off, whole."""
        return await self._pass_on("GET", "/setup/picture")

    async def _pass_on(self, method: str, path: str, body: Any = None, deadline_s: float = DEADLINE_S) -> web.Response:
        if self._setup is None:
            return error_json(409, UNSET)
        try:
            status, data, kind = await self._setup.ask(method, path, body, deadline_s)
        except (TimeoutError, aiohttp.ClientError):
            return error_json(502, NO_ANSWER)
        if status == 404:
            return error_json(409, UNSET)
        return web.Response(status=status, body=data, content_type=kind, headers={"Cache-Control": "no-store"})
