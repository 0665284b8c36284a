"""Figures to tables for people, which stand between markers in the docs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bedside.bench.page import page
from bench.kept import Row, path
from bench.limit_suites import limits_table, multiples_table
from bench.scale_suites import scale_table
from bench.table1 import table1_table

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "topics" / "performance.md",
    ROOT / "docs" / "topics" / "peers.md",
    ROOT / "docs" / "topics" / "scale.md",
)
CASE = ROOT / "docs" / "topics" / "case-study.md"
OF_CASE = ("pictures of the phantom", "answers of the engine")
SCALES = ("scale_viewers", "scale_engines", "scale_sources", "scale_sizes")
OF_PEERS = "peers: "
OWN_TABLE = {"ways", "pages", "multiples", "table1"}
"""What a figure's detail holds that has a table of its own."""
HEADLINE = ("added", "rate", "age", "paint", "viewers", "kill", "first_picture", "memory", "record", "replay")
"""Suites that stand in the README; the others stand in the docs."""
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


def table(figures: Iterable[Row], described: dict[str, str]) -> str:
    """The figures as Markdown, above the machine that they were measured on, and when."""
    rows = [row for row in figures if not has_own_table(row)]
    lines = ["| what | measured | asked |", "| --- | --- | --- |"]
    lines += [f"| {row['name']} | {row['value']} | {row['asked']} |" for row in rows]
    versions = f"Bedside {described['bedside']}, Python {described['python']}, {described['system']}"
    where = f"Measured on {described['processor']}, {described['memory']}; {versions}{days(rows)}."
    return "\n".join([*lines, "", where])


def days(rows: Iterable[Row]) -> str:
    """From which day to which the figures were measured."""
    found = sorted({row["day"] for row in rows if "day" in row})
    return f"; {' to '.join(dict.fromkeys((found[0], found[-1])))}" if found else ""


def publish(rows: Sequence[Row], described: dict[str, str]) -> str:
    """Rewrite all tables of the docs from a machine's figures, and return the table of them all."""
    rows = list(rows)
    text = table(rows, described)
    tables = {
        "figures": text,
        "headline": table([row for row in rows if row.get("suite") in HEADLINE], described),
        "stages": stages(rows),
        "links": links(rows),
        "peers": peers(rows),
        **{suite.replace("_", "-"): scale_table(rows, suite) for suite in SCALES},
        "table1": table1_table(rows, described["processor"]),
        "limits": limits_table(rows),
        "multiples": multiples_table(rows),
    }
    for place in PAGES:
        for marker, found in tables.items():
            rewrite(place, found, marker)
    rewrite(CASE, table((row for row in rows if row["name"].startswith(OF_CASE)), described), "figures")
    rewrite(CASE, tables["table1"], "table1")
    path().with_suffix(".html").write_text(page({"machine": described, "figures": rows}), encoding="utf-8")
    return text


def stages(figures: Iterable[Row]) -> str:
    """Where the time of an answered picture goes, as Markdown; empty where that was not measured."""
    for row in figures:
        if len(ways := row["detail"].get("stages_ms", {})) > len(ADDED):
            lines = ["| stage | p50 ms | p95 ms | what happens |", "| --- | --- | --- | --- |"]
            lines += [
                f"| {name} | {way['p50']:.1f} | {way['p95']:.1f} | {STAGES[name]} |" for name, way in ways.items()
            ]
            return "\n".join(lines)
    return ""


def has_own_table(row: Row) -> bool:
    """Whether it stands in a table of its own, such as one that compares ways."""
    return not OWN_TABLE.isdisjoint(row.get("detail", {}))


def peers(figures: Iterable[Row]) -> str:
    """Bedside beside others, a column each, as Markdown; empty where that was not measured."""
    rows = [row for row in figures if "ways" in row["detail"]]
    if not rows:
        return ""
    ways = max((row["detail"]["ways"] for row in rows), key=len)
    lines = [f"| what | {' | '.join(ways)} |", "| --- |" + " --- |" * len(ways)]
    for row in rows:
        values = [row["detail"]["ways"].get(way, "-") for way in ways]
        lines.append(f"| {row['name'].removeprefix(OF_PEERS)} | {' | '.join(values)} |")
    return "\n".join(lines)


def links(figures: Iterable[Row]) -> str:
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
