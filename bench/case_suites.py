"""The case study's figures: the phantom, the engines that ship through the whole path, and the paper's Table 1."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

from bedside.phantom.scanner import Scanner
from bench import rig
from bench.figure import Figure
from bench.numbers import spread
from bench.watch import watch

ROOT = Path(__file__).parents[1]
ENGINES = ROOT / "engines"
SWEEP = "phantom:?sweep=1&seed=1"
SETTLE_S = 3.0
SIZE = {"size": [960, 720], "requirements": "requirements.txt"}
ASKED = {"pcbm": 15.0, "head": 25.0}
WHAT = {"pcbm": "phantom at 25 a second", "head": "pictures of a head at 30 a second"}
HEADS = 60


def phantom(seconds: float) -> list[Figure]:
    """Pictures a second of the phantom at 960x720 on one core, while it sweeps over all planes."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        found = spread(_drawing_ms(seconds))
    finally:
        os.sched_setaffinity(0, cores)  # what is started after this has all of them again
    name = "pictures of the phantom at 960x720 on one core"
    return [Figure(name, f"{1000 / found.p50:.0f} a second, p99 {found.p99:.0f} ms", ">= 25 a second", {"ms": found})]


def _drawing_ms(seconds: float) -> list[float]:
    cv2.setNumThreads(1)
    scanner = Scanner(1)
    scanner.apply("sweep on")
    times, began = [], time.perf_counter()
    while time.perf_counter() - began < seconds:
        started = time.perf_counter()
        scanner.frame(len(times) / 25)
        times.append((time.perf_counter() - started) * 1e3)
    return times


def case(seconds: float) -> list[Figure]:
    """Answers a second of the engines that ship, through the whole path, with a page that watches."""
    figures = []
    for engine, asked in ASKED.items():
        with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
            source = SWEEP if engine == "pcbm" else heads(Path(name))
            with rig.bedside("up", [str(ENGINES / engine)], source, **SIZE) as up:
                rig.answering(up, engine, 300)
                seen = asyncio.run(watch(up.url, seconds + SETTLE_S))
        start = seen.results[0][0] + SETTLE_S
        times = [at for at, _ in seen.results if at >= start]
        model_ms = spread([result["timing"]["model_ms"] for at, result in seen.results if at >= start])
        rate = (len(times) - 1) / (times[-1] - times[0])
        figures.append(
            Figure(
                f"answers of the engine {engine} through the whole path, {WHAT[engine]}",
                f"{rate:.1f} a second, model p50 {model_ms.p50:.0f} ms",
                f">= {asked:.0f} a second",
                {"per_s": rate, "model_ms": model_ms},
            )
        )
    return figures


def heads(folder: Path) -> str:
    """Pictures of the phantom's head in `folder`, as a source: drawn beforehand, as a scanner's are made elsewhere."""
    scanner = Scanner(1)
    for number in range(HEADS):
        cv2.imwrite(str(folder / f"{number:03d}.png"), scanner.frame(number / 30)[..., ::-1])
    return f"file:{folder}?fps=30&loop=1"


def table1(seconds: float) -> list[Figure]:
    """The paper's Table 1: seconds a frame of the model alone, inside Bedside, and their difference on that frame."""
    rows = {"pcbm": ENGINES, "head": ENGINES, "pcbm_torch": ENGINES, "pcbm_full": rig.ENGINES}
    return [_row(folder / name, seconds) for name, folder in rows.items()]


def _row(engine: Path, seconds: float) -> Figure:
    ms = _checked(engine, max(seconds, 20))["ms"]
    text = ", ".join(f"{key} {_seconds(ms[key])}" for key in ("native", "framework", "difference"))
    text += f", outside of the model {_seconds(ms['added'])}"
    return Figure(f"Table 1, seconds a frame, {engine.name}", text, "difference 0.03 to 0.06 in the paper", ms)


def _seconds(ms: dict[str, float]) -> str:
    return f"{ms['mean'] / 1e3:.4f} ± {ms['sd'] / 1e3:.4f}"


def _checked(engine: Path, seconds: float) -> dict[str, Any]:
    """What `bedside check --json` says of an engine that ships, on the phantom's sweep."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        config = rig.write_settings(Path(name), [str(engine)], SWEEP, (rig.free_port(), rig.free_port()), **SIZE)
        argv = [sys.executable, "-m", "bedside", "--config", str(config), "check", engine.name, "--json"]
        argv += ["--seconds", str(seconds)]
        done = subprocess.run(argv, cwd=name, capture_output=True, text=True, check=False)
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            error.add_note(done.stderr[-2000:])
            raise
        return dict(found["times"])
