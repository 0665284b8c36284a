"""Bedside beside what a user would take instead: the same camera, the same model's code, in turn in one run."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench import rig
from bench.figure import Figure
from bench.peers.environments import version
from bench.peers.page import Painted, painted
from bench.peers.trial import Trial, first, running, trial

WAYS = {
    "bedside_": "Bedside",
    "lab": "OpenCV loop, Flask",
    "paper": "the paper's shape",
    "stream_infer_": "stream-infer",
    "roboflow_": "inference",
}
PAGED = ("bedside_", "lab", "paper")
"""Those that bring a page, or are written with one."""
MODELS_S = (0.0, 0.04, 1.0)
ROUNDS = 2
WAIT_S = 20.0
ASKED = "first of all"


def peers(seconds: float) -> list[Figure]:
    """Each way with an empty model, one of 40 ms and one of 1 s, in turn, twice."""
    rows = []
    for busy_s in MODELS_S:
        found: dict[str, list[Trial]] = {name: [] for name in WAYS}
        for _ in range(ROUNDS):
            for name in WAYS:
                found[name].append(trial(name, busy_s, max(seconds, 30 * busy_s)))
        rows += _of_model(busy_s, found)
    return rows


def _of_model(busy_s: float, found: dict[str, list[Trial]]) -> list[Figure]:
    model = f"{busy_s * 1e3:.0f} ms model" if busy_s else "empty model"
    rows = [
        _row(f"age of the answered picture, p50 / p99 ms, {model}", found, _ages),
        _row(f"answers a second, {model}", found, lambda one: f"{_middle(one, 'per_s'):.1f}"),
    ]
    if busy_s >= 1:
        rows.append(
            _row("its age grows, ms a minute", found, lambda one: f"{_middle(one, 'age_slope_per_minute'):+.0f}")
        )
    if not busy_s:
        rows.append(_row("processor, cores, empty model", found, lambda one: f"{_middle(one, 'cores'):.2f}"))
        rows.append(_row("memory of all processes, MB", found, lambda one: f"{_middle(one, 'memory_mb'):.0f}"))
    return rows


def _ages(found: Sequence[Trial]) -> str:
    p50, p99 = (statistics.median(getattr(one.age_ms, name) for one in found) for name in ("p50", "p99"))
    return f"{p50:.1f} / {p99:.1f}"


def _middle(found: Sequence[Any], name: str) -> float:
    return statistics.median(getattr(one, name) for one in found)


def _row(name: str, found: dict[str, Any], text: Callable[[Any], str]) -> Figure:
    """One line of the table, with a column for each way; the numbers behind it stay."""
    values = {heading(way): text(rows) for way, rows in found.items()}
    return Figure(
        f"peers: {name}",
        "; ".join(f"{way} {value}" for way, value in values.items()),
        ASKED,
        {"ways": values, "trials": found},
    )


def heading(way: str) -> str:
    """A way's name and the version of it that was measured."""
    found = version(way)
    return f"{WAYS[way]} {found}".strip()


def peer_pages(seconds: float) -> list[Figure]:
    """Capture to painted in Chromium, of those with a page; then beside a viewer that never reads."""
    alone: dict[str, list[Painted]] = {name: [] for name in PAGED}
    beside: dict[str, list[Painted]] = {name: [] for name in PAGED}
    answered: dict[str, list[Painted]] = {"bedside_": []}
    for _ in range(ROUNDS):
        for name in PAGED:
            alone[name].append(painted(name, seconds))
            beside[name].append(painted(name, seconds, stalled=True))
        answered["bedside_"].append(painted("bedside_", seconds, "explain"))
    answered["lab"] = alone["lab"]  # it shows no other
    return [
        _row("live picture, capture to painted in Chromium, p50 / p99 ms", _without(alone, "lab"), _ages),
        _row("picture with its answer, capture to painted in Chromium, p50 / p99 ms", answered, _ages),
        _row("pictures painted a second", alone, lambda one: f"{_middle(one, 'per_s'):.1f}"),
        _row("the same beside a viewer that never reads", beside, lambda one: f"{_middle(one, 'per_s'):.1f}"),
        _row("memory grows beside it, MB", beside, lambda one: f"{_middle(one, 'grown_mb'):+.0f}"),
    ]


def _without(found: dict[str, list[Painted]], name: str) -> dict[str, list[Painted]]:
    return {other: rows for other, rows in found.items() if other != name}


def peer_deaths() -> list[Figure]:
    """From `kill -9` of the process that runs the model to the next answer."""
    found = {name: [_death(name) for _ in range(ROUNDS)] for name in WAYS}
    name = f"kill -9 of the model's process: next answer after s, of {WAIT_S:.0f}"
    return [_row(name, found, lambda one: "never" if None in one else f"{statistics.median(one):.1f}")]


def _death(name: str) -> float | None:
    with running(name, 0.0) as way:
        first(way)
        lines = rig.children(way.pid)
        engines = [
            pid for pid, line in lines.items() if line.split()[-1] == "engine" or rig.role(line).startswith("engine")
        ]
        rig.kill(engines[0] if engines else way.pid)
        killed_s = time.monotonic()
        while time.monotonic() < killed_s + WAIT_S:
            rows = way.watched(1.0) if engines else way.answers()
            after = [row.at_s for row in rows if row.at_s > killed_s + 0.05]
            if after:
                return after[0] - killed_s
            time.sleep(0.1)
    return None
