"""`/admin` and `/api/admin`: how everything is, for whoever looks after the machine."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

import bedside
from bedside import clock
from bedside.errors import BedsideError
from bedside.hub.alerts import left_s
from bedside.hub.asked import error_json
from bedside.hub.feed import Feed
from bedside.hub.processes import ProcessNow
from bedside.hub.running import recorder_json
from bedside.hub.standing import in_words
from bedside.hub.state import engine_state, signal_state
from bedside.hub.support import as_text
from bedside.hub.visit import Visit
from bedside.hub.watch import Watch

MOST_LINES = 200


@dataclass(frozen=True)
class AboutMachine:
    """What only the composition root can tell. The functions block."""

    versions: Callable[[], dict[str, Any]] = dict
    """Versions by name, and under `engines` a fingerprint of each engine."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the page names of them: `source`, `preset`, `file`."""
    log_names: Callable[[], list[str]] = list
    log_tail: Callable[[str, int], list[str]] = lambda name, lines: []
    """The last lines of a process's log, scrubbed. Raises BedsideError for a name that has none."""
    support: Callable[[Mapping[str, str]], bytes] | None = None
    """The support file, out of these texts and what the settings' folder has."""


class AdminApi:
    """The handlers. An error is `{"error": "one sentence"}`."""

    def __init__(self, feed: Feed, visit: Visit, watch: Watch, about: AboutMachine, folder: Path) -> None:
        self._feed = feed
        self._visit = visit
        self._watch = watch
        self._about = about
        self._folder = folder
        self._versions: dict[str, Any] | None = None

    def routes(self) -> list[web.RouteDef]:
        """The page and what it reads."""
        return [
            web.get("/admin", self.page),
            web.get("/api/admin", self.now),
            web.get("/api/admin/versions", self.versions),
            web.get("/api/admin/log/{name}", self.log),
            web.get("/api/admin/support", self.support),
        ]

    async def page(self, _: web.Request) -> web.StreamResponse:
        """The page itself."""
        return web.FileResponse(self._folder / "admin.html")

    async def now(self, _: web.Request) -> web.Response:
        """How everything is now."""
        names = await asyncio.to_thread(self._about.log_names)
        return web.json_response(everything(self._feed, self._visit, self._watch) | {"logs": names})

    async def versions(self, _: web.Request) -> web.Response:
        """What runs: versions, the settings' file, engines' fingerprints. Reads the engines' files, once."""
        if self._versions is None:
            self._versions = await asyncio.to_thread(self._about.versions)
        return web.json_response({"versions": self._versions, "settings": dict(self._about.settings)})

    async def log(self, request: web.Request) -> web.Response:
        """The last lines of a process's log, without secrets and codes."""
        name = request.match_info["name"]
        try:
            lines = await asyncio.to_thread(self._about.log_tail, name, MOST_LINES)
        except BedsideError as error:
            return error_json(404, str(error))
        return web.json_response({"name": name, "lines": lines})

    async def support(self, request: web.Request) -> web.Response:
        """The support file."""
        make = self._about.support
        if make is None:
            return error_json(404, "this server makes no support file; `bedside support FILE.zip` does")
        texts = {
            "machine.json": as_text(everything(self._feed, self._visit, self._watch)),
            "metrics.txt": self._feed.metrics.text().decode(),
            "health.json": as_text(request.app[HEALTH]()),
        }
        try:
            packed = await asyncio.to_thread(make, texts)
        except BedsideError as error:
            return error_json(500, str(error))
        headers = {"Content-Disposition": 'attachment; filename="bedside-support.zip"', "Cache-Control": "no-store"}
        return web.Response(body=packed, content_type="application/zip", headers=headers)


HEALTH = web.AppKey[Callable[[], dict[str, Any]]]("health")
"""What /health says, for the support file."""


def everything(feed: Feed, visit: Visit, watch: Watch) -> dict[str, Any]:
    """The machine as the admin page and `bedside status` read it; ages in milliseconds, wall times in ns."""
    now_ns, facts, reading = clock.monotonic_ns(), watch.facts(), watch.reading
    seconds = left_s(facts)
    return {
        "words": in_words(feed.alerts),
        "alerts": [alert.as_json() for alert in feed.alerts],
        "version": bedside.__version__,
        "now_wall_ns": clock.wall_ns(),
        "since_wall_ns": watch.began_wall_ns,
        "supervised": watch.is_supervised,
        "processes": [_process(one) for one in watch.processes],
        "signal": signal_state(feed, now_ns),
        "engines": [engine_state(feed, status, now_ns) for status in feed.engine_statuses],
        "recorder": recorder_json(visit.recorder),
        "session_runs": visit.running is not None,
        "recording_wanted": visit.is_recording_wanted,
        "disk": {
            "free_bytes": reading.disk.free_bytes if reading.disk else None,
            "total_bytes": reading.disk.total_bytes if reading.disk else None,
            "reserve_bytes": facts.reserve_bytes,
            "sessions": watch.kept.sessions if watch.kept else None,
            "sessions_bytes": watch.kept.size_bytes if watch.kept else None,
            "recording_left_s": None if seconds is None else round(seconds),
        },
        "machine": {
            "temperatures": [asdict(one) for one in reading.temperatures],
            "memory_bytes": reading.memory_bytes,
            "memory_free_bytes": reading.memory_free_bytes,
            "load": reading.load,
            "cores": reading.cores,
            "slowed_s": round(reading.slowed_s, 1),
            "clock_jump_s": round(reading.clock_jump_s, 1),
        },
        "certificate_ends_wall_ns": watch.certificate_ends_ns,
        "viewers": dict(feed.viewers),
    }


def _process(one: ProcessNow) -> dict[str, Any]:
    ends = [{"wall_ns": end.wall_ns, "why": end.why} for end in one.ends]
    return {**asdict(one), "ends": ends}
