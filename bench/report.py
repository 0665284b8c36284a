"""Figures to a table for people and a file for programs; the table stands between markers in the docs."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from bench import machine
from bench.suites import Figure

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
PAGES = (ROOT / "README.md", ROOT / "docs" / "topics" / "performance.md")
OPEN, CLOSE = "<!-- figures -->", "<!-- /figures -->"


def table(figures: Iterable[dict[str, str]], described: dict[str, str]) -> str:
    """The figures as Markdown, under the machine that they were measured on."""
    lines = ["| what | measured | asked |", "| --- | --- | --- |"]
    lines += [f"| {row['name']} | {row['value']} | {row['asked']} |" for row in figures]
    versions = f"Python {described['python']}, {described['system']}"
    return "\n".join([*lines, "", f"Measured on {described['processor']}, {described['memory']}; {versions}."])


def keep(figures: Iterable[Figure]) -> str:
    """Merge the figures into this machine's file, rewrite the docs' tables, and return the table.

    A figure of the same name is replaced; the others stay, so that one suite can be measured again by itself.
    """
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{machine.name()}.json"
    known = json.loads(path.read_text())["figures"] if path.exists() else []
    new = {figure.name: json.loads(json.dumps(asdict(figure))) for figure in figures}
    rows = [new.pop(row["name"], row) for row in known] + list(new.values())
    described = machine.describe()
    path.write_text(json.dumps({"machine": described, "figures": rows}, indent=1) + "\n")
    text = table(rows, described)
    for page in PAGES:
        rewrite(page, text)
    return text


def rewrite(page: Path, text: str) -> None:
    """Put `text` between the page's markers."""
    if page.exists() and OPEN in (old := page.read_text(encoding="utf-8")):
        before, rest = old.split(OPEN, 1)
        page.write_text(f"{before}{OPEN}\n{text}\n{CLOSE}{rest.split(CLOSE, 1)[1]}", encoding="utf-8")
