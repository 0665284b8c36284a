"""How far each stage of a picture's way is from what this machine could do at best."""

import statistics
from collections.abc import Iterable

import cv2

from bedside.bench.limits import AFTER, NAMES, SCREEN, limits
from bedside.bench.multiples import multiples
from bench.figure import Figure
from bench.kept import Row
from bench.painting import painted, whole_way

WIDTH, HEIGHT = 1920, 1080
ROUNDS = 150


def limit(seconds: float) -> list[Figure]:
    """The limits, the way of an answered picture to Chromium, and the limits again, since a machine has its moods."""
    cv2.setNumThreads(1)
    before = limits(WIDTH, HEIGHT, ROUNDS)
    way = whole_way([row for row in painted("explain", ["empty"], seconds) if row["stream"] == "answer"])
    after = limits(WIDTH, HEIGHT, ROUNDS)
    best_ms = {name: statistics.fmean([before[name].p50, after[name].p50]) for name in before}
    rows = multiples({stage: one.p50 for stage, one in way.items()}, best_ms)
    ours_ms, least_ms = (sum(row[key] for row in rows) for key in ("ours_ms", "least_ms"))
    value = f"{ours_ms / least_ms:.1f} times what this machine needs at least ({ours_ms:.1f} and {least_ms:.1f} ms)"
    detail = {"limits_ms": {"before": before, "after": after}, "multiples": rows, "way_ms": way}
    return [Figure("an answered picture of an empty model, from the device until painted", value, "-", detail)]


def limits_table(figures: Iterable[Row]) -> str:
    """The limits as Markdown; empty where they were not measured."""
    found = next((row["detail"]["limits_ms"] for row in figures if "limits_ms" in row["detail"]), None)
    if found is None:
        return ""
    both = {name: statistics.fmean(found[when][name]["p50"] for when in found) for name in found["before"]}
    lines = ["| what this machine can do | p50 ms | after a pause, p50 ms |", "| --- | --- | --- |"]
    for name in NAMES:
        lines.append(f"| {name} | {both[name]:.2f} | {both[name + AFTER]:.2f} |")
    lines.append(f"| {SCREEN} | {both[SCREEN]:.2f} | - |")
    return "\n".join(lines)


def multiples_table(figures: Iterable[Row]) -> str:
    """Each stage beside what it needs at least, as Markdown; empty where that was not measured."""
    rows = next((row["detail"]["multiples"] for row in figures if "multiples" in row["detail"]), None)
    if rows is None:
        return ""
    lines = ["| stage | p50 ms | needs at least | ms | times |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        times = row["ours_ms"] / row["least_ms"]
        lines.append(
            f"| {row['stage']} | {row['ours_ms']:.2f} | {row['needs']} | {row['least_ms']:.2f} | {times:.1f} |"
        )
    ours_ms, least_ms = (sum(row[key] for row in rows) for key in ("ours_ms", "least_ms"))
    lines.append(f"| all | {ours_ms:.2f} | | {least_ms:.2f} | {ours_ms / least_ms:.1f} |")
    return "\n".join(lines)
