"""Whether what was installed comes up: asked of the service, or of a short run of its own."""

import json
import os
import signal
import subprocess
from enum import Enum
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.bundle import containers, machine, service
from bedside.bundle.prefix import Prefix
from bedside.errors import BundleError


class Runs(Enum):
    """What starts Bedside here, and starts it again."""

    BY_HAND = "by hand"
    AS_SERVICE = "as a service"
    IN_CONTAINERS = "in containers"


PATIENCE_S = 120.0
"""So long engines may take to load."""
STOP_S = 30.0
WELL = ("READY", "BUSY")


def refuse_while_a_session_runs(prefix: Prefix) -> None:
    """Raise BundleError while a participant is scanned: an update ends everything for some seconds."""
    health = asked(prefix).get("health") or {}
    if health.get("session"):
        raise BundleError("a session runs; end it first, since everything stops for some seconds")


def refuse_while_it_runs(prefix: Prefix) -> None:
    """Raise BundleError when somebody runs it by hand, so that we cannot start it anew."""
    if asked(prefix).get("health"):
        raise BundleError("Bedside runs here; stop it first, and start it again afterwards")


def trouble(prefix: Prefix, runs: Runs) -> str:
    """Why the current version does not come up; empty when server, processes and engines are well."""
    if runs is not Runs.BY_HAND:
        try:
            start(prefix, runs)
        except BundleError as error:
            return str(error)
        return _wait(prefix, None)
    log = prefix.data / "logs" / "trial.log"
    log.parent.mkdir(exist_ok=True)
    argv = [str(prefix.folder / "bin" / "bedside"), "up"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("BEDSIDE_", "PYTHON"))}
    with log.open("wb") as out:
        up = subprocess.Popen(
            argv, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        found = _wait(prefix, up)
    finally:
        _stop(up)
    return f"{found}; all that it said is in {log}" if found else ""


def start(prefix: Prefix, runs: Runs) -> None:
    """Have the current version run from now on, but where a person starts it. Raises BundleError."""
    if runs is Runs.AS_SERVICE:
        machine.run("systemctl", "restart", service.UNIT)
    elif runs is Runs.IN_CONTAINERS:
        containers.start(prefix)


def _wait(prefix: Prefix, up: "subprocess.Popen[bytes] | None") -> str:
    until_ns = clock.monotonic_ns() + int(PATIENCE_S * clock.NS_PER_S)
    found = "it was not asked"
    while clock.monotonic_ns() < until_ns:
        if up is not None and up.poll() is not None:
            return f"it ends by itself, with status {up.returncode}{_last_line(prefix)}"
        status = asked(prefix)
        found = _unwell(status)
        if not found or any(process["keeps_dying"] for process in status.get("processes") or ()):
            return found
        clock.wait_s(0.5)
    return found


def _unwell(status: dict[str, Any]) -> str:
    health, processes = status.get("health"), status.get("processes") or []
    for process in processes:
        if process["state"] != "running" or process["keeps_dying"]:
            return f"{process['name']} is {process['state']}: {process['message'] or 'it gives no reason'}"
    if health is None:
        return "its server does not answer"
    engines = {
        name: engine
        for name, engine in (health.get("engines") or {}).items()
        if f"engine {name}".lower() in str(processes).lower()
    }
    for name, engine in engines.items():
        if engine.get("state") not in WELL:
            return f"the engine {name} is {engine.get('state')}: {engine.get('message') or 'it is not ready'}"
    return "" if processes else "its processes are not there"


def asked(prefix: Prefix) -> dict[str, Any]:
    """What the current version says of itself; empty when nothing answers."""
    command = prefix.folder / "bin" / "bedside"
    if not command.exists() or not prefix.settings.exists() or not prefix.current_name:
        return {}
    if containers.is_for(prefix.current):
        return containers.status(prefix)
    try:
        done = subprocess.run([str(command), "status", "--json"], capture_output=True, timeout=30, check=False)
        return dict(json.loads(done.stdout or b"{}"))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}


def _stop(up: "subprocess.Popen[bytes]") -> None:
    if up.poll() is None:
        up.send_signal(signal.SIGTERM)
        try:
            up.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(up.pid, signal.SIGKILL)
            up.wait()


def _last_line(prefix: Prefix) -> str:
    log: Path = prefix.data / "logs" / "trial.log"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
