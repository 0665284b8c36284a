"""What an endurance run came to: as Markdown between markers, as a picture, and as a file for programs."""

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import machine
from bench.endurance.faults import Fault
from bench.endurance.losses import Explained
from bench.endurance.samples import Flatness, Sample, Surroundings

UNITS = {"private_mb": "memory, MB", "descriptors": "descriptors", "threads": "threads"}
NS_PER_MIN = 60e9


@dataclass(frozen=True)
class Run:
    """Everything that was seen."""

    minutes: float
    seed: int
    day: str
    start_ns: int
    """Monotonic."""
    faults: Sequence[Fault]
    samples: Sequence[Sample]
    surroundings: Sequence[Surroundings]
    flat: Sequence[Flatness]
    losses: Sequence[Explained]
    frames: int
    """In the video."""
    unplayable: Sequence[str]
    left: Sequence[str]
    """What was still there after the end: shared memory, processes."""


def as_json(run: Run) -> str:
    """Everything but the single samples, of which the flatness tells."""
    found = asdict(run)
    del found["samples"]
    return json.dumps({"machine": machine.describe(), **found}) + "\n"


def markdown(run: Run) -> str:
    """For the page of the docs."""
    parts = [_head(run), _faults(run), _flat(run), _losses(run)]
    return "\n\n".join(part for part in parts if part)


def _head(run: Run) -> str:
    never = [fault for fault in run.faults if not fault.back_ns]
    lost = sum(loss.count for loss in run.losses)
    unexplained = sum(loss.count for loss in run.losses if not loss.fault)
    shared = [one.shared_mb for one in run.surroundings]
    described = machine.describe()
    rows = [
        ("how long", f"{run.minutes:.0f} minutes, {run.day}, {described['processor']}, {described['system']}"),
        ("faults", f"{len(run.faults)} of {len({fault.kind for fault in run.faults})} kinds (seed {run.seed})"),
        ("not back within a minute", _list([fault.kind for fault in never])),
        ("frames in the video, lost, lost without a fault nearby", f"{run.frames}, {lost}, {unexplained}"),
        ("files of video that do not agree with their rows", _list(run.unplayable)),
        (
            "shared memory",
            f"{min(shared):.0f} to {max(shared):.0f} MB, {run.surroundings[-1].shared_mb:.0f} at the end",
        ),
        ("zombies, at most", str(max(one.zombies for one in run.surroundings))),
        ("painted in Chromium", f"{run.surroundings[-1].painted} pictures"),
        ("the page's script held", _heap(run.surroundings)),
        ("left behind after the end", _list(run.left)),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _heap(seen: Sequence[Surroundings]) -> str:
    values = [one.heap_mb for one in seen if one.heap_mb]
    if not values:
        return "no Chromium"
    third = max(1, len(values) // 3)
    return f"{statistics.median(values[:third]):.1f} MB at first, {statistics.median(values[-third:]):.1f} MB at last"


def _list(what: Sequence[str]) -> str:
    return "; ".join(what) or "none"


def _faults(run: Run) -> str:
    kinds: dict[str, list[Fault]] = defaultdict(list)
    for fault in run.faults:
        kinds[fault.kind].append(fault)
    lost: dict[str, int] = defaultdict(int)
    for loss in run.losses:
        lost[loss.fault] += loss.count
    lines = ["| fault | times | all back after s, p50 | at most | frames lost |", "| --- | --- | --- | --- | --- |"]
    for kind, found in sorted(kinds.items()):
        backs = [back for fault in found if (back := fault.back_s) is not None]
        middle, worst = (f"{statistics.median(backs):.1f}", f"{max(backs):.1f}") if backs else ("never", "never")
        worst = worst if len(backs) == len(found) else "never"
        lines.append(f"| {kind} | {len(found)} | {middle} | {worst} | {lost[kind]} |")
    return "\n".join(lines)


def _flat(run: Run) -> str:
    head = "| process | | first life | last life | at most | slope within a life, an hour |"
    lines = [head, "| --- | --- | --- | --- | --- | --- |"]
    for one in run.flat:
        slope = f"{one.per_hour:+.1f}" if one.per_hour is not None else "too short"
        values = f"{one.first:.0f} | {one.last:.0f} | {one.largest:.0f}"
        lines.append(f"| {one.role} | {UNITS[one.quantity]} | {values} | {slope} |")
    return "\n".join(lines)


def _losses(run: Run) -> str:
    lines = ["| minute | frames lost | in rows | where | fault |", "| --- | --- | --- | --- | --- |"]
    for loss in run.losses:
        minute = (loss.captured_ns - run.start_ns) / NS_PER_MIN
        lines.append(f"| {minute:.1f} | {loss.count} | {loss.rows} | {loss.where} | {loss.fault or '**none**'} |")
    return "\n".join(lines) if run.losses else ""


def draw(run: Run, file: Path) -> None:
    """Memory, descriptors, threads and shared memory over time, with a mark at each fault."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a moment

    fig = Figure(figsize=(11, 9), layout="constrained")
    panels: list[Any] = fig.subplots(4, 1, sharex=True)
    roles = sorted({sample.role for sample in run.samples})
    for panel, (quantity, label) in zip(panels, UNITS.items(), strict=False):
        for role in roles:
            rows = [sample for sample in run.samples if sample.role == role]
            panel.plot(
                [s.at_s / 60 for s in rows], [getattr(s, quantity) for s in rows], ".-", ms=2, lw=0.8, label=role
            )
        panel.set_ylabel(label)
        panel.set_ylim(bottom=0)
    minutes = [one.at_s / 60 for one in run.surroundings]
    panels[3].plot(minutes, [one.shared_mb for one in run.surroundings], ".-", ms=2, lw=0.8)
    panels[3].set_ylabel("shared memory, MB")
    panels[3].set_ylim(bottom=0)
    panels[3].set_xlabel("minutes; each line is a fault")
    panels[0].legend(loc="upper right", ncols=3, fontsize=7, frameon=False)
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        for fault in run.faults:
            panel.axvline((fault.at_ns - run.start_ns) / NS_PER_MIN, color="#0002", lw=0.6)
    fig.savefig(file)
