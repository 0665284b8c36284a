"""One way, run for some seconds with a model that takes so long: its answers, its processor time and its memory."""

import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2

from bedside.source.synthetic_screen import Screen
from bench import rig
from bench.numbers import Spread, slope_per_minute, spread
from bench.peers import camera, environments
from bench.watch import watch

HERE = Path(__file__).parent
SETTLE_S = 4.0
"""Answers of the first seconds after the first do not count."""
START_S = 120.0


@dataclass(frozen=True)
class Answer:
    """An answer when its consumer had it."""

    seq: int
    at_s: float
    age_ms: float
    """Of the picture that it is about."""
    model_ms: float


@dataclass(frozen=True)
class Running:
    """A way at work."""

    name: str
    pid: int
    port: int
    """Of its page, where it has one."""
    folder: Path
    """The camera's."""
    up: rig.Rig | None = None
    """Bedside's."""

    @property
    def page_url(self) -> str:
        """Its page; Bedside's is followed by the name of a view."""
        return f"{self.up.url}/view/" if self.up else f"http://127.0.0.1:{self.port}/"

    def answers(self) -> list[Answer]:
        """All so far; for a way that notes its own."""
        lines = (self.folder / "answers").read_text().splitlines() if (self.folder / "answers").exists() else []
        rows = [json.loads(line) for line in lines]
        return [self.answer(row["seq"], row["at_ns"], row["model_ms"]) for row in rows if row["seq"] >= 0]

    def answer(self, seq: int, at_ns: int, model_ms: float) -> Answer:
        """An answer about picture `seq` that somebody had at `at_ns`."""
        return Answer(seq, at_ns / 1e9, (at_ns - camera.captured_ns(self.folder, seq)) / 1e6, model_ms)

    def watched(self, seconds: float) -> list[Answer]:
        """What comes in so many seconds: for Bedside at a page's websocket, for the others where they note it."""
        if self.up is None:
            time.sleep(seconds)
            return self.answers()
        seen = asyncio.run(watch(self.up.url, seconds, view="verdict"))
        said = [
            (at_s, result["answer"]["verdict"]["label"].split()) for at_s, result in seen.results if result["answer"]
        ]
        return [self.answer(int(seq), round(at_s * 1e9), float(ms)) for at_s, (seq, ms) in said if int(seq) >= 0]


@contextmanager
def running(name: str, busy_s: float) -> Iterator[Running]:
    """A way with the camera and the model, from its start until the block ends. Raises Lacks."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-", dir="/dev/shm") as at:
        folder = Path(at)
        screen = Screen(camera.WIDTH, camera.HEIGHT)
        camera.make(folder, lambda n: cv2.cvtColor(screen.draw(n, n, n / camera.FPS, False), cv2.COLOR_RGB2BGR))
        path = os.pathsep.join(map(str, (HERE, HERE / "patched", HERE.parents[1] / "src")))
        told = {"BENCH_CAMERA": at, "BENCH_ANSWERS": f"{at}/answers", "BENCH_BUSY_S": f"{busy_s}", "PYTHONPATH": path}
        if name == "bedside_":
            with _environment(told), rig.bedside("up", [str(HERE / "everyone" / name)], "opencv:bench-camera") as up:
                yield Running(name, up.process.pid, up.server_port, folder, up)
            return
        port = rig.free_port()
        argv = [str(environments.python(name)), str(HERE / "everyone" / f"{name}.py"), str(port)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(argv, env=os.environ | told, stdout=log, stderr=log, start_new_session=True)
            try:
                yield Running(name, process.pid, port, folder)
            except Exception as error:
                error.add_note((folder / "log").read_text()[-2000:])
                raise
            finally:
                for pid in [process.pid, *rig.children(process.pid)]:
                    rig.kill(pid)
                process.wait()


@contextmanager
def _environment(told: dict[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


@dataclass(frozen=True)
class Trial:
    """What one run of one way came to."""

    age_ms: Spread
    added_ms: Spread
    """Age less the model's own time."""
    per_s: float
    age_slope_per_minute: float
    cores: float
    memory_mb: float
    """Of all its processes; pages that several share count once."""


def trial(name: str, busy_s: float, seconds: float) -> Trial:
    """Runs a way for so long after it has settled."""
    with running(name, busy_s) as way:
        first(way)
        way.watched(SETTLE_S)
        pids = [way.pid, *rig.children(way.pid)]
        cpu_s, start_s = sum(map(rig.cpu_s, pids)), time.monotonic()
        rows = [row for row in way.watched(seconds) if row.at_s >= start_s]
        cores = (sum(map(rig.cpu_s, pids)) - cpu_s) / (time.monotonic() - start_s)
        memory_mb = sum(map(rig.proportional_mb, pids))
    if len(rows) < 2:
        raise ValueError(f"{name}: {len(rows)} answers in {seconds:g} s, expected two or more")
    times, ages = [row.at_s for row in rows], [row.age_ms for row in rows]
    added = spread([row.age_ms - row.model_ms for row in rows])
    rate = (len(rows) - 1) / (times[-1] - times[0])
    return Trial(spread(ages), added, rate, slope_per_minute(times, ages), cores, memory_mb)


def first(way: Running) -> None:
    """Returns once it answers."""
    if way.up is not None:
        rig.answering(way.up, way.name, START_S)
    else:
        rig.until(way.answers, f"an answer of {way.name}", START_S)
