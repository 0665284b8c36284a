"""The review without a server: a small web application for this machine alone, also while a scan runs beside it."""

from pathlib import Path

from aiohttp import web

from bedside.hub.access_desk import DESK, AccessDesk
from bedside.hub.api import OPENAPI
from bedside.hub.app import MAX_BODY_BYTES, PAGE_DIR
from bedside.hub.asked import errors_as_json
from bedside.hub.guard import Guard, add_headers
from bedside.hub.review import add_review
from bedside.hub.routes import check_routes
from bedside.review.listed import Shelf


def create_review_app(
    shelf: Shelf, host: str = "127.0.0.1", page_dir: Path | None = None, access: Path | None = None
) -> web.Application:
    """The application that shows the sessions of `shelf` to this machine alone, on `host`, its loopback.

    `access`: the folder of the access log, which says which session was looked at.
    """
    folder = page_dir or PAGE_DIR
    desk = AccessDesk(access)
    guard = Guard(host, "", desk=desk)
    app = web.Application(middlewares=[errors_as_json, guard.middleware()], client_max_size=MAX_BODY_BYTES)
    app[DESK] = desk

    async def front(_: web.Request) -> web.Response:
        raise web.HTTPFound("/review")

    async def openapi(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(OPENAPI)

    app.add_routes([web.get("/", front), web.get("/api/openapi.json", openapi), web.static("/page", folder)])
    add_review(app, shelf, folder)
    app.on_response_prepare.append(add_headers)
    app.on_startup.append(check_routes)
    app.on_cleanup.append(lambda _: desk.close())
    return app
