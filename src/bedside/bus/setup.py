"""`/setup` of a broadcaster: what of the picture may leave it, set from a page. Behind the broadcaster's own gate."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

from bedside.bus import jpeg
from bedside.errors import BedsideError, ShowsMore
from bedside.messages import Pixels

QUALITY = 90


class SetsUp(Protocol):
    """Whoever knows what may leave, such as source.setup.Setup. Each call may block, and raise SourceError."""

    def state(self) -> dict[str, Any]:
        """What holds now, fit for JSON."""

    def picture(self) -> Pixels:
        """The next picture, whole size, as far as it may be shown now."""

    def open(self, is_open: bool) -> dict[str, Any]:
        """Hold all pictures back while somebody sets up, or no more; then the state."""

    def apply(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Use and keep what is asked; then the state."""

    def propose(self) -> dict[str, Any]:
        """Areas found in the picture."""


class SetupRoutes:
    """The handlers. An error is `{"error": "one sentence"}`, with `"confirm": true` where it helps to ask again
    with that."""

    def __init__(self, setup: SetsUp) -> None:
        self._setup = setup
        self._one = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """`/setup` and what is under it."""
        return [
            web.get("/setup", self._state),
            web.post("/setup", self._apply),
            web.post("/setup/open", self._open),
            web.post("/setup/propose", self._propose),
            web.get("/setup/picture", self._picture),
        ]

    async def _state(self, _: web.Request) -> web.Response:
        return await self._answer(self._setup.state)

    async def _apply(self, request: web.Request) -> web.Response:
        asked = await _body(request)
        return await self._answer(lambda: self._setup.apply(asked))

    async def _open(self, request: web.Request) -> web.Response:
        is_open = (await _body(request)).get("open")
        if not isinstance(is_open, bool):
            return _error(400, f"open is {str(is_open)[:40]!r}; expected true or false")
        return await self._answer(lambda: self._setup.open(is_open))

    async def _propose(self, _: web.Request) -> web.Response:
        if self._one.locked():
            return _error(409, "proposals are being made already; wait for them")
        async with self._one:
            return await self._answer(self._setup.propose)

    async def _picture(self, _: web.Request) -> web.Response:
        try:
            data = await asyncio.to_thread(lambda: jpeg.encode(self._setup.picture(), quality=QUALITY))
        except BedsideError as error:
            return _error(409, str(error))
        return web.Response(body=data, content_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def _answer(self, work: Callable[[], dict[str, Any]]) -> web.Response:
        try:
            return web.json_response(await asyncio.to_thread(work))
        except ShowsMore as error:
            return web.json_response({"error": str(error), "confirm": True}, status=409)
        except BedsideError as error:
            return _error(409, str(error))


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (ValueError, RecursionError, LookupError):
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(
            text='{"error": "the body is not understood; expected a JSON object"}', content_type="application/json"
        )
    return body


def _error(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
