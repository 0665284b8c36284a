"""Bedside in containers of Docker Compose: what they add to a frame, and how long a machine takes that starts."""

import asyncio
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import rig
from bench.figure import Figure, Lacks
from bench.numbers import Spread, spread
from bench.watch import read
from bench.ways import has_docker

RIG = Path(__file__).parents[1] / "tests" / "rigs" / "docker-engine"
PROJECT = "bedside-bench"
SETTLE_S = 3.0
START_S = 180


@dataclass(frozen=True)
class Stack:
    """A stack with the empty engine, in a folder of its own."""

    folder: Path
    port: int
    token: str

    @property
    def url(self) -> str:
        """Address of the pages."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> int:
        """How many there are since the server has started; 0 while it does not answer."""
        request = urllib.request.Request(f"{self.url}/health", headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return int(json.load(answer)["engines"]["empty"]["answers"])
        except (OSError, http.client.HTTPException):  # not there yet, or not well, which is status 503
            return 0

    def compose(self, *words: str) -> None:
        """One command of docker-compose. Raises CalledProcessError."""
        command = ["docker-compose", "-p", PROJECT, "-f", str(self.folder / "compose.yaml"), *words]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)


def containers(seconds: float) -> list[Figure]:
    """What Bedside adds to a frame at 1080p in processes and in containers, one after the other, twice."""
    times: dict[str, list[float]] = {"processes": [], "containers": []}
    with stack() as built:
        built.compose("down", "-v")
        for _ in range(2):
            with rig.bedside("up", ["empty"]) as up:
                rig.answering(up, "empty")
                times["processes"] += added_ms(up.url, seconds / 2)
            built.compose("up", "-d")
            rig.until(lambda: built.answers() > 3, "an answer in containers", START_S)
            times["containers"] += added_ms(built.url, seconds / 2, built.token)
            built.compose("down", "-v")
    found: dict[str, Spread] = {name: spread(column) for name, column in times.items()}
    ratio = found["containers"].p50 / found["processes"].p50
    value = f"{ratio:.2f} ({found['containers'].p50:.1f} and {found['processes'].p50:.1f} ms)"
    return [Figure("added per frame, 1920x1080, containers over processes, p50", value, "<= 1.1", {"added_ms": found})]


def boot(rounds: int = 3) -> list[Figure]:
    """From the start of the Docker daemon to the first answer, as after a power cut; nobody touches anything."""
    waits = []
    with stack() as built:
        rig.until(lambda: built.answers() > 3, "an answer in containers", START_S)
        for _ in range(rounds):
            if subprocess.run([RIG, "stop"], check=False, capture_output=True).returncode:
                raise Lacks("a Docker daemon that tests/rigs/docker-engine may stop")
            started_s = time.monotonic()
            subprocess.run([RIG, "build"], check=True, capture_output=True)
            rig.until(lambda: built.answers() > 0, "an answer after the daemon has started", START_S)
            waits.append(time.monotonic() - started_s)
    value = f"{spread(waits).p50:.1f} s"
    return [Figure("Docker daemon started to first answer, empty model", value, "<= 60 s", {"waits_s": waits})]


def added_ms(url: str, seconds: float, token: str = "") -> list[float]:
    """What was added to each answered frame, without those of the first seconds."""
    return asyncio.run(_added_ms(url, seconds, token))


async def _added_ms(url: str, seconds: float, token: str) -> list[float]:
    rows: list[tuple[float, float]] = []
    async with asyncio.timeout(seconds + START_S):
        async for kind, header in read(url, "explain", 960, 960, token):
            result = header.get("result", header if kind == "result" else None)
            if result and not result.get("error"):
                rows.append((time.monotonic(), result["timing"]["added_ms"]))
                if rows[-1][0] > rows[0][0] + SETTLE_S + seconds:
                    break
    return [added for t, added in rows if t > rows[0][0] + SETTLE_S]


@contextmanager
def stack() -> Iterator[Stack]:
    """Everything in containers, started; its images are built first. Raises Lacks without Docker."""
    if not has_docker():
        raise Lacks("a Docker engine (tests/rigs/docker-engine build)")
    if shutil.which("docker-compose") is None:
        raise Lacks("docker-compose (tests/rigs/docker-engine build)")
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        folder, port = Path(name), rig.free_port()
        folder.chmod(0o755)  # the containers' user reads the settings
        shutil.copytree(rig.ENGINES / "empty", folder / "empty", ignore=shutil.ignore_patterns("__pycache__"))
        config = rig.write_settings(folder, [str(folder / "empty")], rig.SOURCE_1080P30, (rig.free_port(), port))
        words = [sys.executable, "-m", "bedside", "--config", str(config), "compose", "--build"]
        subprocess.run(words, check=True, capture_output=True)
        secrets = dict(line.split("=", 1) for line in (folder / ".env").read_text(encoding="utf-8").splitlines())
        found = Stack(folder, port, secrets["BEDSIDE_SERVER_TOKEN"])
        try:
            found.compose("up", "-d")
            yield found
        finally:
            found.compose("down", "-v", "--timeout", "3")
