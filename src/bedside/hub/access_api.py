"""`/pair` and `/api/access`: how a tablet becomes a device, and what an admin sees and does about devices."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import segno
from aiohttp import web

from bedside import clock
from bedside.access.devices import role_of
from bedside.access.pairing import CODE_LASTS_S, MOST_LABEL
from bedside.errors import AccessError
from bedside.hub.access_desk import WHO, AccessDesk, noted
from bedside.hub.asked import body_of, refused, text_in
from bedside.hub.guard import cookie_name, set_cookie, too_many

MOST_CODE = 40
MOST_LINES = 500


class AccessApi:
    """The handlers. An error under `/api` is `{"error": "one sentence"}`."""

    def __init__(self, desk: AccessDesk, pair_url: Callable[[], str], page_dir: Path) -> None:
        """`pair_url`: where tablets find `/pair` now; empty is where the asking page finds it."""
        self._desk = desk
        self._pair_url = pair_url
        self._page = page_dir / "pair.html"

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/pair", self.page),
            web.post("/api/pair", self.pair),
            web.get("/api/access", self.listed),
            web.get("/api/access/log", self.log),
            web.post("/api/access/invite", self.invite),
            web.post("/api/access/revoke", self.revoke),
        ]

    async def page(self, _: web.Request) -> web.StreamResponse:
        """The page where a tablet's code is typed; one from a QR code stands behind the # of its address."""
        return web.FileResponse(self._page)

    async def pair(self, request: web.Request) -> web.Response:
        """A code becomes a device, and its secret a cookie."""
        asked, address = await body_of(request), request.remote or ""
        code, label = text_in(asked, "code", MOST_CODE), text_in(asked, "label", MOST_LABEL, default="")
        wait_s = self._desk.code_tries.take(address)
        if wait_s:
            raise too_many(wait_s)
        before = self._desk.device(request.cookies.get(cookie_name(request), ""))
        instead_of = before.id if before else ""
        try:
            device, secret = await self._desk.ask(lambda devices: devices.pair(code, label, instead_of))
        except AccessError as error:
            self._desk.ledger.refused(None, address, asked="POST /api/pair", status=403)
            raise web.HTTPForbidden(text=str(error)) from None
        self._desk.code_tries.give_back(address)
        more = {"instead_of": instead_of} if instead_of else {}
        self._desk.ledger.note(device.who, "pair", address=address, **more)
        said = {"id": device.id, "label": device.label, "role": device.role.word}
        response = web.json_response(said, status=201)
        set_cookie(request, response, secret)
        return response

    async def listed(self, request: web.Request) -> web.Response:
        """All devices, and which of them asks."""
        who = request[WHO]
        said = {"devices": self._desk.listed(), "you": who.id, "problem": self._desk.problem}
        return web.json_response(said | {"pair_url": self._where(request)})

    async def invite(self, request: web.Request) -> web.Response:
        """A code for one tablet."""
        asked = await body_of(request)
        label = text_in(asked, "label", MOST_LABEL, default="")
        try:
            role = role_of(text_in(asked, "role", 20))
        except AccessError as error:
            raise refused(str(error)) from None
        code = await self._ask(lambda devices: devices.invite(role, label))
        noted(request, "invite", role=role.word, label=label)
        url = f"{self._where(request)}#{code}"
        ends_ns = clock.wall_ns() + CODE_LASTS_S * clock.NS_PER_S
        said = {"code": code, "role": role.word, "label": label, "ends_wall_ns": ends_ns, "url": url}
        return web.json_response(said | {"qr": segno.make(url, error="l").svg_data_uri(scale=8)}, status=201)

    def _where(self, request: web.Request) -> str:
        return self._pair_url() or str(request.url.origin() / "pair")

    async def revoke(self, request: web.Request) -> web.Response:
        """A device is none any more; its pages are closed."""
        id_ = text_in(await body_of(request), "id", MOST_LABEL)
        device = await self._ask(lambda devices: devices.revoke(id_))
        noted(request, "revoke", device=device.id, label_of_device=device.label)
        return web.json_response({"id": device.id, "label": device.label, "role": device.role.word})

    async def log(self, request: web.Request) -> web.Response:
        """The newest lines of the access log, oldest of them first."""
        count = request.query.get("count", "100")
        if not count.isascii() or not count.isdecimal() or len(count) > 4 or not 1 <= int(count) <= MOST_LINES:
            raise refused(f"count is {count[:20]!r}; expected a whole number from 1 to {MOST_LINES}")
        return web.json_response({"deeds": await self._lines(int(count))})

    async def _lines(self, count: int) -> list[dict[str, Any]]:
        log = self._desk.log
        return await self._ask(lambda _: log.tail(count)) if log is not None else []

    async def _ask(self, work: Any) -> Any:
        try:
            return await self._desk.ask(work)
        except AccessError as error:
            raise web.HTTPConflict(text=str(error)) from None
