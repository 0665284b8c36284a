"""What a check has found, for a terminal, a page and a program."""

import os
import platform
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bedside.check.run import Outcome
from bedside.clock import NS_PER_S

QUIET_SHARE = 0.15
"""Other programs may keep so much of the machine busy without a word about it."""
LIBRARIES = ("bedside", "numpy", "opencv-python-headless", "aiohttp", "av")
MEANING = {
    "native": "the model in a bare loop, in its own environment, on the same pictures",
    "framework": "from when asking became possible (frame there, engine free) until its result was held",
    "difference": "framework less native, frame by frame",
    "added": "of framework, what was not inside the model in that very frame",
}


@dataclass(frozen=True)
class About:
    """What was checked, and on what."""

    engine: str
    path: str
    source: str
    wall_ns: int
    """When."""

    @property
    def day(self) -> str:
        """In UTC, such as 2026-11-23."""
        return datetime.fromtimestamp(self.wall_ns / NS_PER_S, UTC).date().isoformat()

    @property
    def machine(self) -> str:
        """Processor, cores, memory and system, in a line."""
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        system = f"{platform.system()} {platform.release()}"
        return f"{processor()}, {os.cpu_count()} cores, {pages / 2**30:.0f} GiB, {system}"

    @property
    def versions(self) -> dict[str, str]:
        """Of what runs Bedside itself."""
        return {"Python": sys.version.split()[0], **{name: version(name) for name in LIBRARIES}}


def rows(outcome: Outcome) -> list[tuple[str, str, str, str, str, str]]:
    """The table: name, mean ± SD, p50, p99, per second, memory; times in ms, memory in MB. Empty without times."""
    if outcome.row is None:
        return []
    times = outcome.row.times
    rates = {"framework": _rate(_middle(outcome.answers_per_s))}
    memory = {"framework": f"{outcome.engine_mb:.0f}" if outcome.engine_mb else "-"}
    if "native" in times:
        rates["native"] = _rate(1000 / max(1e-6, times["native"].mean))
        memory["native"] = f"{outcome.alone_mb:.0f}" if outcome.alone_mb else "-"
    return [
        (name, one.text, f"{one.p50:.2f}", f"{one.p99:.2f}", rates.get(name, ""), memory.get(name, ""))
        for name, one in times.items()
    ]


HEADS = ("", "mean ± SD, ms", "p50", "p99", "per second", "peak MB")


def notes(outcome: Outcome) -> list[str]:
    """What a reader of the table must know, a sentence each."""
    found = []
    if outcome.stopped:
        found.append(f"It ended early: {outcome.stopped}.")
    if outcome.restarts:
        times = "once" if outcome.restarts == 1 else f"{outcome.restarts} times"
        found.append(f"The engine's process ended and was started again {times}.")
    busy = sum(outcome.busy_cores) / max(1, len(outcome.busy_cores))
    if busy > QUIET_SHARE * (os.cpu_count() or 1):
        found.append(
            f"Careful: other programs kept {busy:.1f} of {os.cpu_count()} cores busy, so all times are longer than on "
            "a quiet machine; end them and measure again."
        )
    if outcome.row is not None and outcome.row.doubt:
        found.append(f"Careful: {outcome.row.doubt}.")
    if outcome.empty and outcome.empty == outcome.findings.frames:
        found.append("Every result was empty: a page would show nothing.")
    fps = outcome.source.fps if outcome.source else 0.0
    if fps and outcome.row is not None and (1000 / max(1e-6, outcome.row.times["framework"].mean)) > fps:
        found.append(f"The source has {fps:.3g} frames per second; the engine could answer more than it is shown.")
    return found


def is_good(outcome: Outcome) -> bool:
    """Whether the model did its job on every frame."""
    return bool(outcome.findings.frames) and not outcome.findings.all and not outcome.stopped


def verdict(outcome: Outcome) -> str:
    """One sentence."""
    findings = outcome.findings
    if is_good(outcome):
        return f"All {findings.frames} results can be used."
    if not findings.all:
        return f"The model gave up after {findings.frames} results."
    return f"{findings.spoiled} of {findings.frames} results cannot be used, or are none."


def markdown(outcome: Outcome, about: About) -> str:
    """The page `check.md`."""
    lines = [f"# {about.engine}, checked on {about.day}", "", verdict(outcome), ""]
    lines += [f"- {finding.text}" for finding in outcome.findings.all]
    lines += [f"- {note}" for note in notes(outcome)] + [""]
    if table := rows(outcome):
        lines += [f"| {' | '.join(HEADS)} |", "| --- | --- | --- | --- | --- | --- |"]
        lines += [f"| {' | '.join(row)} |" for row in table]
        lines += ["", *(f"- {name}: {MEANING[name]}" for name, *_ in table), ""]
    lines += [
        f"Engine {about.path}; loaded in {outcome.loaded_s:.1f} s. Source {about.source}.",
        f"Machine: {about.machine}.",
        f"Engine's versions: {_listed(dict(outcome.versions)) or 'not known'}. Bedside's: {_listed(about.versions)}.",
        "",
        "Research use only.",
    ]
    return "\n".join(lines) + "\n"


def document(outcome: Outcome, about: About) -> dict[str, Any]:
    """The same for a program."""
    return {
        "engine": about.engine,
        "path": about.path,
        "source": about.source,
        "day": about.day,
        "good": is_good(outcome),
        "frames": outcome.findings.frames,
        "spoiled": outcome.findings.spoiled,
        "findings": [vars(finding) for finding in outcome.findings.all],
        "notes": notes(outcome),
        "times": outcome.row.as_json() if outcome.row else None,
        "stages_p50_ms": {name: round(median(times), 3) for name, times in stages_ms(outcome).items()},
        "answers_per_s": round(_middle(outcome.answers_per_s), 3),
        "source_fps": outcome.source.fps if outcome.source else 0.0,
        "loaded_s": outcome.loaded_s,
        "peak_mb": {"native": round(outcome.alone_mb, 1), "engine": round(outcome.engine_mb, 1)},
        "restarts": outcome.restarts,
        "busy_cores": [round(each, 2) for each in outcome.busy_cores],
        "machine": about.machine,
        "versions": {"engine": dict(outcome.versions), "bedside": about.versions},
        "files": [str(path) for path in outcome.files],
    }


def processor() -> str:
    """Its name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    models = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return models[0] if models else platform.machine()


def stages_ms(outcome: Outcome) -> dict[str, list[float]]:
    """Of each counted answer: how long each stage of its way took. Empty when none was counted."""
    each = [timing.stages_ms for timing in outcome.timings]
    return {name: [one[name] for one in each] for name in (each or [{}])[0]}


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in versions.items())
