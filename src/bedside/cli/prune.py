"""`bedside session prune`, and the same once a day by the server: sessions are deleted when their time is over."""

import asyncio
import logging
from functools import partial
from pathlib import Path

from bedside.access.log import AccessLog
from bedside.access.role import Role, Who
from bedside.errors import BedsideError, SettingsError
from bedside.session import deletion
from bedside.session.paths import Live
from bedside.settings import Settings

DAILY_S = 86400.0
HERE = Who(Role.ADMIN, "here", "retention")
log = logging.getLogger(__name__)


def prune(settings: Settings, older_than_days: float | None = None, *, is_dry: bool = False) -> list[str]:
    """Delete the sessions that are older; their names. Each is in the access log before it is gone.

    Without `older_than_days` it is [session] keep_days. Raises SettingsError, SessionError, AccessError.
    """
    days = settings.session.keep_days if older_than_days is None else older_than_days
    if not days > 0:
        raise SettingsError("[session] keep_days is 0, which keeps all; set it, or give --older-than DAYS above 0")
    live = Live(settings.folder / Path(settings.session.folder).expanduser())
    names = deletion.due(live, days)
    if is_dry:
        return names
    deletion.finish(live)
    access = AccessLog(settings.folder / Path(settings.server.access).expanduser())
    for name in names:
        deletion.delete(live, name, partial(access.write, HERE, "session delete", session=name, after_days=days))
    return names


async def prune_daily(settings: Settings) -> None:
    """Prune now and once a day, until cancelled; returns at once where all is kept."""
    while settings.session.keep_days > 0:
        try:
            for name in await asyncio.to_thread(prune, settings):
                log.info("session %s was deleted, %g days after its end", name, settings.session.keep_days)
        except (BedsideError, OSError) as error:
            log.error("old sessions are not deleted: %s; it is tried again tomorrow", error)
        await asyncio.sleep(DAILY_S)
