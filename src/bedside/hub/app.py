"""The web application: pages, their websocket, health, metrics and `/api`."""

import asyncio
import html
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

import bedside
from bedside.errors import SettingsError
from bedside.hub.access_api import AccessApi
from bedside.hub.access_desk import DESK, AccessDesk
from bedside.hub.api import Api
from bedside.hub.asked import errors_as_json
from bedside.hub.control import Control
from bedside.hub.door import ON_REFUSED
from bedside.hub.feed import Feed
from bedside.hub.guard import Guard, add_headers
from bedside.hub.health import Limits, health
from bedside.hub.intervention import InterventionApi
from bedside.hub.review import add_review
from bedside.hub.routes import check_routes
from bedside.hub.session_api import SessionApi, is_session
from bedside.hub.session_metrics import SessionStates
from bedside.hub.setup_api import BroadcasterSetup, SetupApi
from bedside.hub.snapshot import Snapshots
from bedside.hub.sockets import SOCKETS, close_sockets, see_devices, serve_page
from bedside.hub.spacing_api import SpacingApi
from bedside.hub.trust import is_trusted
from bedside.hub.view import View
from bedside.hub.visit import Visit
from bedside.review.listed import Shelf

log = logging.getLogger(__name__)

PAGE_DIR = Path(bedside.__file__).parent / "page"
MAX_BODY_BYTES = 64 * 1024


def create_app(
    feed: Feed,
    *,
    views: Mapping[str, View],
    default_view: str,
    host: str = "127.0.0.1",
    token: str = "",
    allowed_hosts: Iterable[str] = (),
    visit: Visit | None = None,
    about: Mapping[str, Any] | None = None,
    control: Control | None = None,
    setup: BroadcasterSetup | None = None,
    limits: Limits | None = None,
    page_dir: Path | None = None,
    access: AccessDesk | None = None,
    pair_url: Callable[[], str] = str,
) -> web.Application:
    """The application that shows `feed`. `host` is what it will listen on; `control` has a command done by the source,
    `setup` asks the broadcaster what may leave it,
    `visit` keeps sessions, with `about` beside each snapshot. `access` knows the paired devices; without it there are
    none, and no log. `pair_url` is where a tablet is paired, as the network sees it; empty is as the asking page does.

    Raises SettingsError when `default_view` is none of `views`, or when `page_dir` holds no page.
    """
    if visit is not None:
        feed.metrics.registry.register(SessionStates(visit))
    desk = access or AccessDesk(None)
    guard = Guard(host, token, allowed_hosts, desk)
    folder = page_dir or PAGE_DIR
    pages = Pages(feed, views, default_view, folder, controls=tuple(control.commands) if control else (), visit=visit)
    probes = Probes(feed, limits or Limits(), guard, visit)
    snapshots = Snapshots(feed, visit, about) if visit else None
    app = web.Application(middlewares=[errors_as_json, guard.middleware()], client_max_size=MAX_BODY_BYTES)
    app[SOCKETS], app[DESK], app[ON_REFUSED] = {}, desk, feed.metrics.refused
    app.add_routes([*pages.routes(), *probes.routes(), *Api(feed, views, snapshots, control, visit).routes()])
    app.add_routes([*SessionApi(feed, views, visit).routes(), *SpacingApi(feed).routes()])
    app.add_routes([*InterventionApi(feed, views, visit).routes(), *AccessApi(desk, pair_url, folder).routes()])
    app.add_routes(SetupApi(setup, visit, folder).routes())
    add_review(app, Shelf(visit.root) if visit else None, folder)
    app.on_response_prepare.append(add_headers)
    app.on_startup.append(check_routes)
    app.on_shutdown.append(close_sockets)

    app.cleanup_ctx.append(lambda app: _following(app, feed, visit, snapshots))
    return app


async def _following(
    app: web.Application, feed: Feed, visit: Visit | None, snapshots: Snapshots | None
) -> AsyncIterator[None]:
    """Devices and session are followed while the application runs."""
    desk = app[DESK]
    await desk.renew()  # nobody who comes back is taken for a stranger
    following = [asyncio.create_task(desk.follow(lambda: see_devices(app, visit)), name="follow the devices")]
    if visit is not None:
        following.append(asyncio.create_task(visit.follow(), name="follow the session"))
    yield
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    if visit is not None:
        await visit.close()
    await desk.close()
    if snapshots is not None:
        snapshots.close()
    feed.close()


class Pages:
    """The pages, their files and their websocket."""

    def __init__(
        self,
        feed: Feed,
        views: Mapping[str, View],
        default_view: str,
        folder: Path,
        *,
        controls: tuple[str, ...],
        visit: Visit | None,
    ) -> None:
        if default_view not in views:
            raise SettingsError(f"[server] view is {default_view!r}; expected one of {', '.join(views)}")
        if not folder.is_dir():
            raise SettingsError(f"[server] page_dir is {str(folder)!r}; expected a folder with index.html in it")
        self._feed = feed
        self._views = views
        self._default_view = default_view
        self._folder = folder
        self._controls = controls
        self._visit = visit

    def routes(self) -> list[web.AbstractRouteDef]:
        """`/`, `/view/NAME`, `/questionnaire/SESSION/NAME`, `/page/...` and `/live`."""
        return [
            web.get("/", self.default),
            web.get("/view/{name}", self.view),
            web.get("/questionnaire/{session}/{name}", self.questionnaire),
            web.get("/live", self.live),
            web.get("/trusted", is_trusted),
            web.static("/page", self._folder),
        ]

    async def default(self, _: web.Request) -> web.Response:
        """On to the view of the running session's arm, or the default one; `follow=arm` has a page go along."""
        running = self._visit.running if self._visit else None
        view = running.arm if running and running.arm in self._views else self._default_view
        raise web.HTTPFound(f"/view/{view}?follow=arm")

    async def view(self, request: web.Request) -> web.StreamResponse:
        """The page; which view it is, it reads from its address."""
        if request.match_info["name"] not in self._views:
            return self._unknown(request.match_info["name"])
        return web.FileResponse(self._folder / "index.html")

    async def questionnaire(self, request: web.Request) -> web.StreamResponse:
        """The page of a questionnaire; which one and of which session, it reads from its address."""
        visit, session, name = self._visit, request.match_info["session"], request.match_info["name"]
        if visit is None or name not in visit.customs.questionnaires:
            raise web.HTTPNotFound(text=f"there is no questionnaire {name[:40]!r}")
        if not await visit.ask(lambda: is_session(visit, session)):
            raise web.HTTPNotFound(text=f"there is no session {session[:80]!r}")
        return web.FileResponse(self._folder / "questionnaire.html")

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The page's websocket."""
        name = request.query.get("view", self._default_view)
        if name not in self._views:
            raise web.HTTPNotFound(text=f"there is no view {name[:40]!r}; there are {', '.join(self._views)}")
        return await serve_page(request, self._feed, self._views[name], controls=self._controls, visit=self._visit)

    def _unknown(self, name: str) -> web.Response:
        links = "".join(f'<li><a href="/view/{html.escape(view)}">{html.escape(view)}</a></li>' for view in self._views)
        text = f"<!doctype html><title>Bedside</title><p>There is no view “{html.escape(name[:40])}”. There are:</p>"
        return web.Response(status=404, text=f"{text}<ul>{links}</ul>", content_type="text/html", charset="utf-8")


class Probes:
    """`/health` and `/metrics`."""

    def __init__(self, feed: Feed, limits: Limits, guard: Guard, visit: Visit | None) -> None:
        self._feed = feed
        self._limits = limits
        self._guard = guard
        self._visit = visit

    def routes(self) -> list[web.RouteDef]:
        """Both of them."""
        return [web.get("/health", self.health), web.get("/metrics", self.metrics)]

    async def health(self, request: web.Request) -> web.Response:
        """200 when the system does its job, 503 when not; to a stranger only the word."""
        now = health(self._feed, self._limits, visit=self._visit, access=request.app[DESK].problem)
        body = now.body if self._guard.who(request) else {"status": now.status}
        return web.json_response(body, status=200 if now.ok else 503)

    async def metrics(self, _: web.Request) -> web.Response:
        """Prometheus' text format."""
        return web.Response(
            body=self._feed.metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )
