"""What was measured on each machine, in a file for programs: bench/results/MACHINE.json, a figure a line."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bedside.bench import document
from bench import machine
from bench.figure import Figure

RESULTS = Path(__file__).parent / "results"
Row = dict[str, Any]
"""A figure as it lies in the file: name, value, asked, detail, the suite that found it, and the day."""


def path() -> Path:
    """This machine's file."""
    return RESULTS / f"{machine.name()}.json"


def read() -> list[Row]:
    """All figures that were measured on this machine, those of each suite as it found them last."""
    return list(json.loads(path().read_text("utf-8"))["figures"]) if path().exists() else []


def keep(suite: str, figures: Sequence[Figure], order: Sequence[str] = ()) -> list[Row]:
    """Put a suite's figures in the place of those that it found before, and return all of the file's.

    `order` is that of the suites in the file; those of others come last.
    """
    day = datetime.now(UTC).date().isoformat()
    new = [json.loads(json.dumps(asdict(figure))) | {"suite": suite, "day": day} for figure in figures]
    names = {row["name"] for row in new}
    old = [row for row in read() if row.get("suite") != suite and row["name"] not in names]
    places = {name: place for place, name in enumerate(order)}
    rows = sorted([*old, *new], key=lambda row: places.get(row.get("suite", ""), len(places)))
    write(rows, machine.describe())
    return rows


def write(rows: Iterable[Row], described: Mapping[str, str]) -> None:
    """The whole file, so that a figure that is measured again is one line that changes."""
    RESULTS.mkdir(exist_ok=True)
    path().write_text(document.text({"machine": described, "figures": list(rows)}), encoding="utf-8")
