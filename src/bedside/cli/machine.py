"""Runs all processes of this machine in the foreground, from the first port to the last leftover."""

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bedside import clock
from bedside.cli.beforehand import refuse_what_cannot_work
from bedside.cli.health import ask_health
from bedside.cli.live import stop_signals
from bedside.cli.missing import build_missing, missing
from bedside.settings import Settings
from bedside.supervisor.child import ChildState, ChildStatus
from bedside.supervisor.leftovers import remove_leftovers
from bedside.supervisor.plan import LOGS, Process
from bedside.supervisor.supervisor import Supervisor

STATUS_FILE = "supervisor.json"
MOST_ENDS = 5
"""So many ends of a process are told."""
log = logging.getLogger(__name__)


def run_machine(
    processes: Sequence[Process], settings: Settings, greet: Callable[[], None], tail: tuple[str, ...] = ()
) -> int:
    """Build what the engines lack, start the processes of `settings`, call `greet` once the pages are up, keep it all.

    `tail` are the options that each verb gets. Returns 130 after Ctrl-C and 0 after SIGTERM or SIGHUP. Raises
    SettingsError or BedsideError before anything is started when the machine cannot do it.
    """
    refuse_what_cannot_work(settings)
    lacking = missing(settings)
    try:
        return asyncio.run(_run(processes, settings, greet, lambda stop: build_missing(lacking, tail, stop)))
    finally:
        ring = "" if settings.server.source else settings.ring_name
        left = remove_leftovers(ring, [engine.name for engine in settings.engines])
        if left:
            log.info("removed from shared memory what killed processes had left: %s", ", ".join(left))
        with contextlib.suppress(OSError):  # where it could not be written, that was said
            (settings.folder / LOGS / STATUS_FILE).unlink()


async def _run(
    processes: Sequence[Process],
    settings: Settings,
    greet: Callable[[], None],
    prepare: Callable[[asyncio.Event], Awaitable[None]],
) -> int:
    supervisor = Supervisor(processes, Report(settings.folder / LOGS / STATUS_FILE))
    heard: list[signal.Signals] = []
    stop = asyncio.Event()

    def end(number: signal.Signals) -> None:
        heard.append(number)
        stop.set()
        if len(heard) == 1:
            log.info("stopping; once more to force it")
        supervisor.stop()

    for number in stop_signals():
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    await prepare(stop)
    greeting = asyncio.create_task(_greet(settings, greet))
    try:
        await supervisor.run()
    finally:
        greeting.cancel()
    return 130 if heard and heard[0] is signal.SIGINT else 0


async def _greet(settings: Settings, greet: Callable[[], None]) -> None:
    while await asyncio.to_thread(ask_health, settings) is None:  # noqa: ASYNC110 - another process answers
        await asyncio.sleep(0.1)
    try:
        await asyncio.to_thread(greet)
    except OSError as error:  # such as a closed terminal
        log.warning("the page's address cannot be printed: %s", error)


class Report:
    """Says what changed, and keeps a file with the newest state for `bedside status`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: dict[str, ChildState] = {}
        self._since_ns: dict[str, tuple[int, int]] = {}
        self._counted: dict[str, int] = {}
        self._ends: dict[str, list[dict[str, object]]] = {}

    def __call__(self, statuses: tuple[ChildStatus, ...]) -> None:
        for status in statuses:
            if self._states.get(status.name) != status.state and status.state is ChildState.RUNNING:
                log.info("%s runs (pid %d)", status.name, status.pid)
            self._states[status.name] = status.state
            self._note(status)
        body = {
            "pid": os.getpid(),
            "processes": [
                {
                    "name": status.name,
                    "state": str(status.state),
                    "pid": status.pid,
                    "restarts": max(0, status.starts - 1),
                    "ends": status.ends,
                    "keeps_dying": status.is_flapping,
                    "message": status.message,
                    "since_wall_ns": self._since_ns.get(status.name, (0, None))[1],
                    "last_ends": self._ends.get(status.name, []),
                }
                for status in statuses
            ],
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(body, indent=2), encoding="utf-8")
            fresh.replace(self._path)
        except OSError as error:  # a full disk must not end the supervision
            log.warning("%s cannot be written (%s); `bedside status` will not show the processes", self._path, error)

    def _note(self, status: ChildStatus) -> None:
        """When it was started last, and why it ended the last times."""
        if status.pid and self._since_ns.get(status.name, (0, 0))[0] != status.starts:
            self._since_ns[status.name] = (status.starts, clock.wall_ns())
        ends = self._ends.setdefault(status.name, [])
        if status.ends > self._counted.get(status.name, 0):
            ends.append({"wall_ns": clock.wall_ns(), "why": status.message})
            del ends[:-MOST_ENDS]
        self._counted[status.name] = status.ends
