"""Capture to painted in Chromium: how old pictures are when they are seen, and where that time went."""

from collections.abc import Sequence
from typing import Any

from bench import browser, rig
from bench.figure import Figure
from bench.numbers import Spread, spread

SOURCE = "synthetic:?size=1920x1080&fps=29.97"
SWEEP_S = 17.0
"""29.97 a second, as cables carry them, pass through all phases of a screen's 60 in so long; 30 stay in one."""
SETTLE_S = 3.0
"""Pictures of the first seconds are left out: processes warm up."""


def paint(seconds: float) -> list[Figure]:
    """1080p30 on this machine, the live picture alone and beside an engine."""
    figures = []
    for view, engines in (("video", ()), ("explain", ("empty",))):
        rows = painted(view, engines, seconds)
        for stream in sorted({row["stream"] for row in rows}):
            mine = [row for row in rows if row["stream"] == stream]
            times = spread([row["age_ms"] for row in mine])
            figures.append(
                Figure(
                    f"capture to painted in Chromium, 1080p30, view {view}, {stream} picture",
                    f"p50 {times.p50:.0f} ms, p95 {times.p95:.0f} ms",
                    "p50 <= 45 ms, p95 <= 80 ms",
                    {"age_ms": times, "fps": len(mine) / max(seconds, SWEEP_S), "stages_ms": whole_way(mine)},
                )
            )
    return figures


def painted(view: str, engines: Sequence[str], seconds: float) -> list[dict[str, Any]]:
    """What Chromium painted of a view in so long, and at least through all phases (browser.paintings)."""
    with rig.bedside("up", engines, SOURCE) as up:
        rig.until(lambda: up.health().get("frame", {}).get("seq"), "a first frame")
        return browser.paintings(f"{up.url}/view/{view}", max(seconds, SWEEP_S), SETTLE_S)


def whole_way(rows: list[dict[str, Any]]) -> dict[str, Spread]:
    """Where the time of answered pictures went, from the device until painted; empty for live ones."""
    ways = []
    for row in filter(lambda row: row["stages_ms"], rows):
        until_answered = sum(row["stages_ms"].values())
        ways.append(
            row["stages_ms"]
            | {
                "hub": row["sent_age_ms"] - until_answered,
                "send": row["age_ms"] - row["sent_age_ms"] - row["here_ms"],
                "paint": row["here_ms"],
            }
        )
    return {name: spread([way[name] for way in ways]) for name in (ways[0] if ways else ())}
