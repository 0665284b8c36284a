"""Puts the watching, and what the admin page reads, into the application."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from bedside.hub.access_desk import DESK
from bedside.hub.admin import HEALTH, AboutMachine, AdminApi
from bedside.hub.app import PAGE_DIR
from bedside.hub.feed import Feed
from bedside.hub.health import Limits, health
from bedside.hub.machine_metrics import MachineStates
from bedside.hub.visit import Visit
from bedside.hub.watch import Known, Watch


def add_admin(
    app: web.Application,
    feed: Feed,
    visit: Visit,
    *,
    limits: Limits | None = None,
    known: Known | None = None,
    about: AboutMachine | None = None,
    page_dir: Path | None = None,
) -> Watch:
    """Watch machine and processes while `app` runs, and add `/admin`, `/api/admin` and the metrics of both to it."""
    limits = limits or Limits()
    watch = Watch(feed, visit, limits, known or Known())
    feed.metrics.registry.register(MachineStates(feed, watch))
    app[HEALTH] = lambda: health(feed, limits, visit=visit, access=app[DESK].problem).body
    app.add_routes(AdminApi(feed, visit, watch, about or AboutMachine(), page_dir or PAGE_DIR).routes())

    async def run(_: web.Application) -> AsyncIterator[None]:
        watching = asyncio.create_task(watch.run(), name="watch the machine")
        yield
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        watch.close()

    app.cleanup_ctx.append(run)
    return watch
