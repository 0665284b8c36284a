"""Figures to a table for people and a file for programs; the table stands between markers in the docs."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import machine
from bench.figure import Figure

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "topics" / "performance.md",
    ROOT / "docs" / "topics" / "peers.md",
)
CASE = ROOT / "docs" / "topics" / "case-study.md"
OF_CASE = ("pictures of the phantom", "answers of the engine", "Table 1")
OF_PEERS = "peers: "
STAGES = {
    "capture": "from the device's time stamp until the pixels lie in the ring: conversion, signal, mask, crop",
    "announce": "until the router has been told and takes the frame",
    "stage": "copied or scaled into the engine's buffer",
    "request": "to the engine and back, less the model's own time",
    "model": "the model",
    "hub": "result made ready for pages, picture scaled and encoded, its turn at this page",
    "send": "over the websocket",
    "paint": "decoded and painted by the browser, with its wait for the screen",
}
ADDED = ("capture", "announce", "stage", "request", "model")


def table(figures: Iterable[dict[str, Any]], described: dict[str, str]) -> str:
    """The figures as Markdown, under the machine that they were measured on."""
    lines = ["| what | measured | asked |", "| --- | --- | --- |"]
    lines += [f"| {row['name']} | {row['value']} | {row['asked']} |" for row in figures if not is_of_peers(row)]
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
        rewrite(page, text, "figures")
        rewrite(page, stages(rows), "stages")
        rewrite(page, links(rows), "links")
        rewrite(page, peers(rows), "peers")
    rewrite(CASE, table((row for row in rows if row["name"].startswith(OF_CASE)), described), "figures")
    return text


def stages(figures: Iterable[dict[str, Any]]) -> str:
    """Where the time of an answered picture goes, as Markdown; empty where that was not measured."""
    for row in figures:
        if len(ways := row["detail"].get("stages_ms", {})) > len(ADDED):
            lines = ["| stage | p50 ms | p95 ms | what happens |", "| --- | --- | --- | --- |"]
            lines += [
                f"| {name} | {way['p50']:.1f} | {way['p95']:.1f} | {STAGES[name]} |" for name, way in ways.items()
            ]
            return "\n".join(lines)
    return ""


def is_of_peers(row: dict[str, Any]) -> bool:
    """Whether it compares ways, and so stands in a table of its own."""
    return "ways" in row.get("detail", {})


def peers(figures: Iterable[dict[str, Any]]) -> str:
    """Bedside beside others, a column each, as Markdown; empty where that was not measured."""
    rows = [row for row in figures if is_of_peers(row)]
    if not rows:
        return ""
    ways = max((row["detail"]["ways"] for row in rows), key=len)
    lines = [f"| what | {' | '.join(ways)} |", "| --- |" + " --- |" * len(ways)]
    for row in rows:
        values = [row["detail"]["ways"].get(way, "-") for way in ways]
        lines.append(f"| {row['name'].removeprefix(OF_PEERS)} | {' | '.join(values)} |")
    return "\n".join(lines)


def links(figures: Iterable[dict[str, Any]]) -> str:
    """What pages get that share a link, as Markdown; empty where that was not measured."""
    lines = ["| link | pages | p50 ms | p95 ms | pictures a second | width px | quality | kB each |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in figures:
        for got in row["detail"].get("pages", []):
            link = f"{got['mbit_per_s']:g} Mbit/s" if got["mbit_per_s"] else "no limit"
            ages = f"{got['age_ms']['p50']:.0f} | {got['age_ms']['p95']:.0f}"
            made = f"{got['width_px']} | {got['quality']} | {got['kilobytes']:.0f}"
            lines.append(f"| {link} | {got['pages']} | {ages} | {got['fps']:.0f} | {made} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def rewrite(page: Path, text: str, marker: str) -> None:
    """Put `text` between the page's markers of that name, where it has them."""
    start, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    if text and page.exists() and start in (old := page.read_text(encoding="utf-8")):
        before, rest = old.split(start, 1)
        page.write_text(f"{before}{start}\n{text}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")
