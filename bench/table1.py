"""The paper's Table 1: seconds a frame of a model alone, and inside the system."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench import rig
from bench.case_suites import ENGINES, SIZE, SWEEP
from bench.figure import Figure
from bench.kept import Row

MODELS = {
    "empty": (rig.ENGINES, "does nothing"),
    "head": (ENGINES, "the head's outline, as it ships"),
    "pcbm": (ENGINES, "the progressive concept bottleneck, as it ships"),
    "pcbm_torch": (ENGINES, "the same in PyTorch"),
    "busy_300ms": (rig.ENGINES, "computes for 0.3 s"),
    "busy_1s": (rig.ENGINES, "computes for 1 s"),
    "pcbm_full": (rig.ENGINES, "the bottleneck at the paper's size"),
}
"""Where each engine lies, and what it is."""
PAPER = {
    "workstation, CPU": ("1.00", "1.06 ± 0.04", "0.06 ± 0.02"),
    "workstation, Quadro P5000": ("0.25", "0.31 ± 0.04", "0.06 ± 0.02"),
    "workstation, TITAN V": ("0.35", "0.40 ± 0.05", "0.05 ± 0.01"),
    "laptop, CPU": ("2.69", "2.75 ± 0.56", "0.06 ± 0.02"),
    "laptop, RTX 2070 Super": ("0.39 ± 0.20", "0.45 ± 0.21", "0.06 ± 0.02"),
    "mini-PC, CPU": ("1.20", "1.23 ± 0.10", "0.03 ± 0.01"),
}
"""Native, inside the framework, difference, in seconds: Table 1 of arXiv 2404.00032. A native value without ± is the
difference taken from the framework's value: the table itself cannot be read there."""
NAME = "Table 1, seconds a frame, "


def table1(seconds: float) -> list[Figure]:
    """Each model alone and inside Bedside, by turns on the same frames."""
    return [_row(folder / name, seconds) for name, (folder, _) in MODELS.items()]


def _row(engine: Path, seconds: float) -> Figure:
    ms = _checked(engine, max(seconds, 20))["ms"]
    text = ", ".join(f"{key} {_seconds(ms[key])}" for key in ("native", "framework", "difference"))
    text += f", outside of the model {_seconds(ms['added'])}"
    return Figure(NAME + engine.name, text, "difference 0.03 to 0.06 in the paper", {"table1": ms})


def _seconds(ms: Mapping[str, float]) -> str:
    return f"{ms['mean'] / 1e3:.4f} ± {ms['sd'] / 1e3:.4f}"


def _checked(engine: Path, seconds: float) -> dict[str, Any]:
    """What `bedside check --json` says of an engine, on the phantom's sweep."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        own = SIZE if (engine / "requirements.txt").exists() else {"size": SIZE["size"]}
        config = rig.write_settings(Path(name), [str(engine)], SWEEP, (rig.free_port(), rig.free_port()), **own)
        argv = [sys.executable, "-m", "bedside", "--config", str(config), "check", engine.name, "--json"]
        argv += ["--seconds", str(seconds)]
        done = subprocess.run(argv, cwd=name, capture_output=True, text=True, check=False)
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            error.add_note(done.stderr[-2000:])
            raise
        return dict(found["times"])


def table1_table(figures: Iterable[Row], where: str) -> str:
    """Ours, measured on `where`, above the paper's, as Markdown; empty where ours were not measured."""
    rows = {row["name"].removeprefix(NAME): row["detail"]["table1"] for row in figures if "table1" in row["detail"]}
    if not rows:
        return ""
    lines = ["| model | on | native, s | inside, s | difference, s |", "| --- | --- | --- | --- | --- |"]
    for name, (_, what) in MODELS.items():
        if name in rows:
            values = " | ".join(_seconds(rows[name][key]) for key in ("native", "framework", "difference"))
            lines.append(f"| {name}: {what} | {where} | {values} |")
    lines += [f"| the paper's model | {place} | {' | '.join(values)} |" for place, values in PAPER.items()]
    return "\n".join(lines)
