"""`bedside status`: how a running Bedside is."""

import argparse
import contextlib
import json
import os
from pathlib import Path
from typing import Any

from bedside.cli.health import ask_health, ask_server, own_url
from bedside.cli.machine import STATUS_FILE
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import BedsideError
from bedside.supervisor.plan import LOGS

DOC = """\
say how a running Bedside is

Says in words what /admin shows: what is wrong and what to do, the processes and why they were started again, ages, disk
and temperature. Exit status 0 when the system does its job, 1 when not.

examples:
  bedside status
  bedside status --json | python -m json.tool
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    add_verb(verbs, shared, "status", run, DOC).add_argument("--json", action="store_true", help="for a program")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    settings, _ = settings_of(arguments)
    health = ask_health(settings)
    kept = kept_processes(settings.folder / LOGS / STATUS_FILE)
    machine = _machine(ask_server(settings, "api/admin")) if health is not None else None
    if health is None and not kept:
        before = ". What ran last is in logs/; the newest lines say why it ended" if _has_run(settings.folder) else ""
        raise BedsideError(f"nothing answers at {own_url(settings)}; `bedside up` starts it{before}")
    if arguments.json:
        print(json.dumps({"health": health, "processes": kept, "machine": machine}, indent=2))
    else:
        show(health, kept, machine)
    return 0 if health is not None and health["status"] == "ok" else 1


def _has_run(folder: Path) -> bool:
    return (folder / LOGS / STATUS_FILE).exists()


def kept_processes(path: Path) -> list[dict[str, Any]]:
    """What the supervisor wrote about its processes; nothing when it does not run."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        processes = list(body["processes"])
        with contextlib.suppress(PermissionError):  # another user's, and alive
            os.kill(int(body["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return []
    return processes


def show(health: dict[str, Any] | None, kept: list[dict[str, Any]], machine: dict[str, Any] | None = None) -> None:
    """The same for a person."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if health is None:
        console.print("The server does not answer.")
    else:
        frame = health.get("frame") or {}
        console.print(
            f"{health['status']}: signal {health.get('signal')}, {frame.get('fps') or 0} frames/s", highlight=False
        )
        for problem in health.get("problems", ()):
            console.print(f"  {problem}", highlight=False, markup=False)
        for line in [*_session_lines(health), *_machine_lines(machine)]:
            console.print(line, highlight=False, markup=False)
        table = Table("engine", "state", "answers", "age ms", "model ms", "added ms", "restarts")
        for name, engine in (health.get("engines") or {}).items():
            keys = ("answers", "age_ms", "model_ms", "added_ms", "restarts")
            numbers = ("-" if engine.get(key) is None else str(engine[key]) for key in keys)
            table.add_row(name, _state_of(engine), *numbers)
        if table.row_count:
            console.print(table)
    table = Table("process", "state", "pid", "restarts", "why it ended last")
    if not kept and machine:  # no supervisor, as in containers: what the processes say of themselves
        kept = [{**one, "message": one["ends"][-1]["why"] if one["ends"] else ""} for one in machine["processes"]]
    for process in kept:
        flag = " (keeps dying)" if process["keeps_dying"] else ""
        cells = (process["name"], process["state"] + flag, process["pid"], process["restarts"], process["message"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    if kept:
        console.print(table)


def _machine(text: str | None) -> dict[str, Any] | None:
    """What /api/admin says; None where it is not to be had."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) and "alerts" in found else None


def _machine_lines(machine: dict[str, Any] | None) -> list[str]:
    """What a person should look after, the disk and the temperature."""
    if machine is None:
        return []
    lines = [str(machine["words"])] if not machine["alerts"] else []
    for alert in machine["alerts"]:
        lines += [f"{alert['level'].upper()}: {alert['sentence']}", f"  {alert['do']}"]
    disk, sensors = machine["disk"], machine["machine"]["temperatures"]
    if disk["free_bytes"] is not None:
        left = disk["recording_left_s"]
        room = f", room for {left / 3600:.1f} hours of recording" if left is not None else ""
        lines.append(f"disk: {disk['free_bytes'] / 1e9:.1f} of {disk['total_bytes'] / 1e9:.0f} GB free{room}")
    hottest = max((sensor["celsius"] for sensor in sensors), default=None)
    lines.append(f"temperature: {hottest:.0f} °C" if hottest is not None else "temperature: this machine tells none")
    return lines


def _session_lines(health: dict[str, Any]) -> list[str]:
    """What is kept, and whether all of it is."""
    session, recorder = health.get("session"), health.get("recorder")
    lines = []
    if session:
        lost = session["results_lost"] + session["marks_lost"]
        more = f", {lost} could not be written" if lost else ""
        more += f", {session['masks_left_out']} without their mask" if session["masks_left_out"] else ""
        lines.append(f"session {session['name']}: {session['results']} results{more}")
    if recorder:
        line = f"recorder: {recorder['state']}"
        if recorder["recording_ms"]:
            line += (
                f" for {recorder['recording_ms'] / 1e3:.0f} s, {recorder['frames']} frames, {recorder['losses']} lost"
            )
        lines.append(f"{line}, {recorder['free_bytes'] / 1e9:.1f} GB free")
    return lines


def _state_of(engine: dict[str, Any]) -> str:
    """Its state; of several replicas, which as a whole are as well as the best one, also how many are well."""
    state, replicas = str(engine.get("state", "")), engine.get("replicas", 1)
    return f"{state}, {engine.get('replicas_well')} of {replicas} well" if replicas > 1 else state
