"""Bedside's own processes, started for a measurement and ended after it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENGINES = Path(__file__).parent / "engines"
SOURCE_1080P30 = "synthetic:?size=1920x1080&fps=30"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Rig:
    """One running Bedside: where it listens and which process it is."""

    folder: Path
    broadcaster_port: int
    server_port: int
    process: subprocess.Popen[bytes]
    started_s: float

    @property
    def url(self) -> str:
        """Address of the pages."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def frames_url(self) -> str:
        """Address of the broadcaster's websocket."""
        return f"ws://127.0.0.1:{self.broadcaster_port}/frames"

    def health(self) -> dict[str, Any]:
        """The server's health, whatever its status code says."""
        return get_json(f"{self.url}/health")


def get_json(url: str) -> dict[str, Any]:
    """JSON at `url`, also of a 503; an empty object while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except OSError:
        return {}


def write_settings(
    folder: Path, engines: Sequence[str], source: str, ports: tuple[int, int], more: str = "", **engine: Any
) -> Path:
    """A `bedside.toml` in `folder` for these engines, by their folders in bench/engines or elsewhere.

    `more` are further lines of [server], and then of other tables.
    """
    lines = [
        f'[source]\nurl = "{source}"\nport = {ports[0]}',
        f"[server]\nport = {ports[1]}",
        more,
    ]
    for engine_path in engines:
        path = ENGINES / engine_path  # an absolute path stays what it is
        lines.append(f'[[engine]]\nname = "{path.name}"\npath = "{path}"\nport = {free_port()}')
        lines += [f"{key} = {json.dumps(value)}" for key, value in engine.items()]
    config = folder / "bedside.toml"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


@contextmanager
def bedside(
    verb: str, engines: Sequence[str] = (), source: str = SOURCE_1080P30, more: str = "", **engine: Any
) -> Iterator[Rig]:
    """`bedside VERB` with these engines, in a folder of its own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        folder, ports = Path(name), (free_port(), free_port())
        config = write_settings(folder, engines, source, ports, more, **engine)
        started_s = time.monotonic()
        with (folder / "log").open("wb") as log:
            process = start(verb, config, log)
        try:
            yield Rig(folder, ports[0], ports[1], process, started_s)
        except Exception as error:
            error.add_note((folder / "log").read_text()[-2000:])
            raise
        finally:
            stop(process)


def start(verb: str, config: Path, log: Any) -> subprocess.Popen[bytes]:
    """`bedside VERB` with `config`, in a process group of its own."""
    argv = [sys.executable, "-m", "bedside", *verb.split(), "--config", str(config)]
    return subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it as Ctrl-C does, by force after ten seconds."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(condition: Any, what: str, seconds: float = 30) -> Any:
    """The first truthy value of `condition()`. Raises TimeoutError naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise TimeoutError(f"{what} did not happen within {seconds} s")


def post_json(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """What is answered to `body`."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


def answering(rig: Rig, engine: str, seconds: float = 30) -> dict[str, Any]:
    """The engine's part of /health once it has answered; with an environment that is not made yet it takes minutes."""

    def row() -> Any:
        found = rig.health().get("engines", {}).get(engine, {})
        return found if found.get("answers", 0) > 3 else None

    return dict(until(row, f"an answer of {engine}", seconds))


def children(pid: int) -> dict[int, str]:
    """Process ids and command lines of all descendants of `pid`."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if parent == pid:
                found[int(entry.name)] = line
                found |= children(int(entry.name))
    return found


def role(command_line: str) -> str:
    """`broadcaster`, `recorder`, `server`, `engine NAME` or `supervisor`, from a command line."""
    words = command_line.split()
    if any(word.endswith("bedside_engine") for word in words):
        return f"engine {words[words.index('--name') + 1]}"
    return {"broadcast": "broadcaster", "record": "recorder", "serve": "server"}.get(
        next((w for w in words if w in ("broadcast", "record", "serve")), ""), "other"
    )


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident and private memory of a process in MB; the ring's shared pages count in the first one only."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return kib["Rss"] / 1024, (kib["Private_Clean"] + kib["Private_Dirty"]) / 1024


def proportional_mb(pid: int) -> float:
    """Memory of a process in MB, of pages that several share its part; 0 when it has gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def kill(pid: int) -> None:
    """`kill -9`, of whatever is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used so far."""
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
