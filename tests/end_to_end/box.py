"""A whole Bedside for a test: `bedside up` in a folder of its own, on ports of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bedside import clock

ENGINE = """
def predict(frame):
    return {"verdict": {"label": "seen", "level": "good", "score": 1.0}}
"""
NAMES = ("broadcast", "record", "engine seen", "serve")


def wait(true: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait until something is true, and return it."""
    end_ns = clock.monotonic_ns() + int(seconds * clock.NS_PER_S)
    while clock.monotonic_ns() < end_ns:
        found = true()
        if found:
            return found
        clock.wait_s(0.05)
    pytest.fail(f"not within {seconds:g} s: {what}")


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@dataclass
class Box:
    """One running `bedside up` in a folder of its own, on ports of its own."""

    folder: Path
    ports: tuple[int, int, int]
    up: "subprocess.Popen[str]"

    @property
    def url(self) -> str:
        """Address of the pages."""
        return f"http://127.0.0.1:{self.ports[1]}"

    @property
    def health(self) -> dict[str, Any]:
        """What /health says; empty when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error))
        except OSError:
            return {}

    @property
    def processes(self) -> dict[str, dict[str, Any]]:
        """What the supervisor says about its processes."""
        path = self.folder / "logs" / "supervisor.json"
        if not path.exists():
            return {}
        return {process["name"]: process for process in json.loads(path.read_text(encoding="utf-8"))["processes"]}

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [process["pid"] for process in self.processes.values() if process["pid"]]

    @property
    def shared_memory(self) -> list[str]:
        """What lies in shared memory for this box."""
        found = [path.name for path in Path("/dev/shm").glob("bedside-*")]
        stages = [f"bedside-stage-{name.split()[1]}-" for name in NAMES if " " in name]
        return [name for name in found if name == f"bedside-{self.ports[0]}" or name.startswith(tuple(stages))]

    def answers(self) -> bool:
        """Whether it does its whole job: picture, engine and server."""
        health = self.health
        engine = health.get("engines", {}).get("seen", {})
        return health.get("status") == "ok" and engine.get("answers", 0) > 3


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def write_settings(
    folder: Path,
    more: str = "",
    *,
    engine: str = ENGINE,
    path: str = "seen",
    source: str = "synthetic:",
    mask: str = "[]",
) -> tuple[int, int, int]:
    """A bedside.toml with this source and one engine: this code, or what lies at `path`. Returns the ports.

    `more` goes to the engine's table.
    """
    ports = free_ports(3)
    if path == "seen":
        (folder / "seen").mkdir(exist_ok=True)
        (folder / "seen" / "engine.py").write_text(engine, encoding="utf-8")
    (folder / "bedside.toml").write_text(
        f'[source]\nurl = "{source}"\nmask = {mask}\nport = {ports[0]}\n[server]\nport = {ports[1]}\n'
        f'[[engine]]\nname = "seen"\npath = "{path}"\nport = {ports[2]}\n{more}\n',
        encoding="utf-8",
    )
    return ports[0], ports[1], ports[2]


def bedside(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """One verb, in that folder."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    argv = [sys.executable, "-m", "bedside", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


@contextmanager
def running(folder: Path, more: str = "", *, words: Sequence[str] = (), **settings: str) -> Iterator[Box]:
    """`bedside up` with these words and settings, once it does its job; afterwards nothing of it is left."""
    ports = write_settings(folder, more, **settings)
    up = bedside(folder, "up", *words)
    box = Box(folder, ports, up)
    try:
        wait(box.answers, "picture, engine and server")
        yield box
    finally:
        pids = box.pids
        if up.poll() is None:
            up.send_signal(signal.SIGTERM)
        try:
            up.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            up.kill()
            up.communicate()
        wait(lambda: not any(alive(pid) for pid in pids), "no process is left", 20)
