"""`bedside serve`: the router that asks the engines, and the pages."""

import argparse
import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.ends import explain_ends
from bedside.cli.live import live
from bedside.cli.machine import STATUS_FILE
from bedside.cli.prune import prune_daily
from bedside.cli.verb import add_verb, settings_of
from bedside.settings import Settings
from bedside.supervisor.plan import LOGS

if TYPE_CHECKING:
    from aiohttp import web

    from bedside.bus.subscriber import Subscriber
    from bedside.engine.replicas import Replicas
    from bedside.hub.feed import Feed
    from bedside.hub.health import Limits
    from bedside.hub.visit import Visit
    from bedside.messages import Scale
    from bedside.router.pipeline import Pipeline
    from bedside.router.router import Router

log = logging.getLogger(__name__)
DOC = """\
the pages, their health, and the router that asks the engines

Reads [server], [[engine]], [pipeline] and [view.NAME] of bedside.toml, takes frames from the broadcaster, and serves
http://HOST:PORT/, /health and /metrics. `bedside up` starts it by itself.

example:
  BEDSIDE_SERVER_PORT=9000 bedside serve
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    add_verb(verbs, shared, "serve", run, DOC)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    settings, file = settings_of(arguments)
    return live(lambda stop: _serve(settings, file, stop))


async def _serve(settings: Settings, file: Path, stop: asyncio.Event) -> None:
    from bedside.bus.subscriber import Subscriber
    from bedside.cli.engines import engines_of
    from bedside.cli.lan import Lan
    from bedside.hub.feed import Feed
    from bedside.hub.server import serving
    from bedside.messages import Frame, Status

    subscriber = Subscriber(settings.frames_url, encoding=settings.encoding, token=settings.source.token)
    feed = Feed(
        subscriber.borrow,
        engines=list(_deadlines_s(settings)),
        quality=settings.server.jpeg_quality,
        pixel_spacing_mm=settings.source.pixel_spacing_mm,
    )
    engines = engines_of(settings, feed.put)
    feed.calibration.tell = lambda scale: _tell_scale(engines, scale)
    router = _router(settings, engines, subscriber, feed)

    async def listen() -> None:
        async for event in subscriber:
            if isinstance(event, Frame | Status):
                router.offer(event)
                await asyncio.sleep(
                    0
                )  # questions to engines leave first; pages are painted at the screen's pace anyway
            feed.put(event)

    try:
        async with AsyncExitStack() as stack:
            app = _app(settings, file, feed, lambda: lan.name)
            lan = Lan(settings, await stack.enter_async_context(serving(app)))
            trust_app = lan.trust_app
            await lan.open(await stack.enter_async_context(serving(trust_app)) if trust_app else None)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            working = [
                group.create_task(listen(), name="listen"),
                group.create_task(router.run(), name="router"),
                group.create_task(prune_daily(settings), name="prune"),
                group.create_task(explain_ends(settings.folder / LOGS / STATUS_FILE, engines), name="explain ends"),
                group.create_task(lan.follow(), name="follow the network"),
            ]
            await stop.wait()
            for task in working:
                task.cancel()
    finally:  # also after a fault: their buffers in shared memory would stay
        closed = await asyncio.gather(*(engine.close() for engine in engines), return_exceptions=True)
        await subscriber.close()
        for fault in filter(None, closed):
            log.error("an engine's link was not closed: %s", fault)


def _tell_scale(engines: "list[Replicas]", scale: "Scale | None") -> None:
    """Each engine is told what a person measured on the ruler."""
    for engine in engines:
        engine.set_scale(scale)


def _deadlines_s(settings: Settings) -> dict[str, float]:
    """Whose answers there are, first the one whose picture pages show, and how long each may take."""
    from bedside.router.pipeline import NAME

    pipeline = {NAME: settings.pipeline.deadline_s} if settings.pipeline.path else {}
    return pipeline | {engine.name: engine.deadline_s for engine in settings.engines}


def _router(
    settings: Settings, engines: "list[Replicas]", subscriber: "Subscriber", feed: "Feed"
) -> "Router | Pipeline":
    """Who gets the frames: each engine for itself, or the pipeline that asks them."""
    from bedside.cli.engines import when_of
    from bedside.router.pipeline import Pipeline
    from bedside.router.router import Router

    if not settings.pipeline.path:
        router = Router(engines, subscriber.borrow, feed.put_result, when_of(settings))
        feed.answer_again = router.answer_again
        return router
    return Pipeline(
        settings.folder / Path(settings.pipeline.path).expanduser(),
        engines,
        subscriber.borrow,
        feed.put_result,
        report=feed.put,
        deadline_s=settings.pipeline.deadline_s,
        when=when_of(settings),
    )


def _visit(settings: Settings, feed: "Feed") -> "Visit":
    """The running session, as this server keeps it."""
    from bedside.cli.fingerprint import made_with
    from bedside.cli.session import desk_of
    from bedside.hub.running import Customs
    from bedside.hub.visit import Visit
    from bedside.session.desk import Who
    from bedside.session.questionnaire import load_all

    session = settings.session
    customs = Customs(
        Who(session.participant, session.arm or settings.server.view),
        lambda: made_with(settings),
        load_all(session.questionnaires, settings.folder),
        needs_consent=session.needs_consent,
        masks=session.masks,
        planes=session.planes,
        clip_s=settings.recorder.clip_s,
    )
    return Visit(feed, desk_of(settings), customs)


def _app(settings: Settings, file: Path, feed: "Feed", name: Callable[[], str]) -> "web.Application":
    """`name`: what this machine is called on its network, which another one may have taken."""
    from bedside.cli.fingerprint import without_secrets
    from bedside.cli.invitation import page_url
    from bedside.hub.access_desk import AccessDesk
    from bedside.hub.app import create_app
    from bedside.hub.control import BroadcasterControl
    from bedside.hub.health import Limits
    from bedside.hub.setup_api import BroadcasterSetup
    from bedside.hub.view import View
    from bedside.source.commands import offered

    server = settings.server
    # A real scanner has its own buttons, and what a broadcaster elsewhere has is not for this [source] to say.
    commands = () if server.source else offered(settings.source.url)
    visit, folder = _visit(settings, feed), Path(server.page_dir) if server.page_dir else None
    limits = Limits(
        server.frame_max_age_s,
        {name: server.answer_max_age_s or deadline_s for name, deadline_s in _deadlines_s(settings).items()},
    )
    app = create_app(
        feed,
        views={name: View(name, **vars(view)) for name, view in settings.views.items()},
        default_view=server.view,
        host=server.host,
        token=server.token,
        visit=visit,
        access=AccessDesk(settings.folder / Path(server.access).expanduser(), server.signed_in_h),
        pair_url=lambda: f"{page_url(replace(settings, server=replace(server, name=name())))}pair",
        about={"source": without_secrets(asdict(settings.source))},
        control=BroadcasterControl(settings.frames_url, settings.source.token, commands) if commands else None,
        setup=BroadcasterSetup(settings.frames_url, settings.source.token),
        limits=limits,
        page_dir=folder,
    )
    _add_admin(app, settings, file, feed, visit, limits)
    return app


def _add_admin(
    app: "web.Application", settings: Settings, file: Path, feed: "Feed", visit: "Visit", limits: "Limits"
) -> None:
    """The admin page, and the watching behind it and behind the alerts."""
    from bedside.cli.on_machine import about_machine, certificate_ends_ns, processes_now
    from bedside.cli.record import GB
    from bedside.hub.admin_app import add_admin
    from bedside.hub.watch import Known

    known = Known(
        lambda: processes_now(settings.folder / LOGS / STATUS_FILE),
        lambda: certificate_ends_ns(settings),
        round(settings.recorder.reserve_gb * GB),
    )
    folder = Path(settings.server.page_dir) if settings.server.page_dir else None
    add_admin(app, feed, visit, limits=limits, known=known, about=about_machine(settings, file), page_dir=folder)
