"""Why an engine's process ended, from the supervisor to the page.

The server only sees a connection that breaks. The supervisor knows more: a limit, a signal, an exit status and the last
line of the log. It writes that for `bedside status` into a file anyway, and the server reads it there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.cli.status import kept_processes
from bedside.supervisor.child import LOOK_S, ChildState

if TYPE_CHECKING:
    from bedside.engine.replicas import Replicas


async def explain_ends(path: Path, engines: Sequence["Replicas"]) -> None:
    """Tell each engine why its process has ended, whenever it has; until cancelled."""
    known: dict[str, int] = {}
    by_name = {engine.name: engine for engine in engines}
    while True:
        for process in await asyncio.to_thread(kept_processes, path):
            with suppress(LookupError, ValueError, TypeError, AttributeError):  # a file of another version
                _tell(process, by_name, known)
        await asyncio.sleep(LOOK_S)


def _tell(process: dict[str, Any], by_name: Mapping[str, "Replicas"], known: dict[str, int]) -> None:
    kind, name, number = (*process["name"].split(" "), "", "")[:3]
    engine = by_name.get(name) if kind == "engine" else None
    if engine is None or int(number or 1) > len(engine.links):
        return  # the settings have changed since the supervisor started
    if reason := news(process, known):
        engine.explain(reason, int(number or 1))


def news(process: dict[str, Any], known: dict[str, int]) -> str:
    """Why it ended, if `known`, the ends of each, does not have that yet. What runs when first seen has none."""
    name, ends = str(process["name"]), int(process.get("ends", 0))
    is_old = name not in known and process["state"] == ChildState.RUNNING
    before, known[name] = known.get(name, 0), ends
    return "" if is_old or ends == before else str(process["message"])
