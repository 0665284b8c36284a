"""What `bedside up` builds before it starts anything, in a process of its own that ends with it."""

import asyncio
import logging
import os
import sys

from bedside.cli.beforehand import needed_by
from bedside.settings import Settings
from bedside.supervisor.child import HEARTBEAT_FD

log = logging.getLogger(__name__)


def missing(settings: Settings) -> list[str]:
    """The engines for which something must be built first. Raises SettingsError when it could not even be begun."""
    needs = [(engine.name, needed_by(engine)) for engine in settings.engines if not engine.url]
    return [name for name, needed in needs if needed is not None and not needed.is_built]


async def build_missing(engines: list[str], tail: tuple[str, ...], stop: asyncio.Event) -> None:
    """Run `bedside build` for these engines with the options `tail`, until it is done or `stop` is set.

    What fails is no reason not to start: the picture goes on without that engine, and its own process says why.
    """
    if not engines:
        return
    environ = {**os.environ, HEARTBEAT_FD: ""}  # it beats for nobody, and ends when this process does
    building = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bedside", "build", *engines, *tail, env=environ, stdin=asyncio.subprocess.DEVNULL
    )
    stopping, done = asyncio.create_task(stop.wait()), asyncio.create_task(building.wait())
    await asyncio.wait({stopping, done}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not done.done():
        building.terminate()
    if await done and not stop.is_set():
        log.warning("not all that the engines need could be built; the rest starts, and the page says what is missing")
