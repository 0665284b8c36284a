"""`bedside session prune`, and the same once a day by the server: sessions are deleted when their time is over."""

import asyncio
import json
import logging
from collections.abc import Callable
from functools import partial

from bedside import clock
from bedside.access.log import AccessLog
from bedside.access.role import Role, Who
from bedside.cli.health import access_folder
from bedside.cli.session import root_of
from bedside.errors import BedsideError, SessionError, SettingsError
from bedside.session import deletion
from bedside.session.paths import Live
from bedside.session.whole import write_whole
from bedside.settings import Settings

DAILY_S = 86400.0
CLOCK_TRUSTED_S = 7 * DAILY_S
"""Longer after the last look, the clock is doubted for a day."""
HERE = Who(Role.ADMIN, "here", "retention")
log = logging.getLogger(__name__)


def prune(settings: Settings, older_than_days: float | None = None, *, is_dry: bool = False) -> list[str]:
    """Delete the sessions that are older; their names. Each is in the access log before it is gone.

    Without `older_than_days` it is [session] keep_days. One that cannot be deleted does not keep the others.
    Raises SettingsError, and SessionError after the last one, which says what was deleted and what was not.
    """
    live = Live(root_of(settings))
    days = settings.session.keep_days if older_than_days is None else older_than_days
    if not days > 0:
        raise SettingsError("[session] keep_days is 0, which keeps all; set it, or give --older-than DAYS above 0")
    if is_dry:
        return deletion.due(live, days)
    faults = _tried(lambda: deletion.finish(live))
    access, names = AccessLog(access_folder(settings)), []
    for name in deletion.due(live, days):
        told = partial(access.write, HERE, "session delete", session=name, after_days=days)
        failed = _tried(partial(deletion.delete, live, name, told))
        faults += failed
        names += [] if failed else [name]
    if faults:
        raise SessionError(f"deleted: {', '.join(names) or 'none'}; not deleted: {'; '.join(dict.fromkeys(faults))}")
    return names


async def prune_daily(settings: Settings) -> None:
    """Now and once a day, until cancelled: finish what was broken off, and prune where not all is kept."""
    while True:
        try:
            for name in await asyncio.to_thread(_prune_by_itself, settings):
                log.info("session %s was deleted, %g days after its end", name, settings.session.keep_days)
        except (BedsideError, OSError) as error:
            log.error("deleting old sessions: %s; it is tried again tomorrow", error)
        await asyncio.sleep(DAILY_S)


def _prune_by_itself(settings: Settings) -> list[str]:
    """As `prune`, but never by a clock that may be wrong: a year that is set by mistake would make all old."""
    live = Live(root_of(settings))
    if not settings.session.keep_days > 0:
        deletion.finish(live)
        return []
    now_ns = clock.wall_ns()
    since_s = (now_ns - _looked_ns(live, now_ns)) / clock.NS_PER_S
    live.folder.mkdir(parents=True, exist_ok=True)
    write_whole(live.pruned, json.dumps({"wall_ns": now_ns}).encode())
    if 0 <= since_s <= CLOCK_TRUSTED_S:
        return prune(settings)
    deletion.finish(live)
    raise SessionError(
        f"the last look for them was {since_s / DAILY_S:.1f} days ago, by this machine's clock; if it was off so long "
        "that is well, else set the clock; `bedside session prune` deletes them now"
    )


def _looked_ns(live: Live, now_ns: int) -> int:
    """When the server last looked, by the wall clock; now, where that is not known."""
    try:
        looked = json.loads(live.pruned.read_bytes())["wall_ns"]
    except (OSError, ValueError, LookupError, TypeError):
        return now_ns
    return looked if isinstance(looked, int) else now_ns


def _tried(deed: Callable[[], object]) -> list[str]:
    """What stood in the way, if anything did."""
    try:
        deed()
    except (BedsideError, OSError) as error:
        return [str(error)]
    return []
