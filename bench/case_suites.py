"""The case study's figures: the phantom, and the engines that ship through the whole path."""

import asyncio
import os
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
SIZE: dict[str, Any] = {"size": [960, 720], "requirements": "requirements.txt"}
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
    times: list[float] = []
    began = time.perf_counter()
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
