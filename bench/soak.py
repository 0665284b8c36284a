"""`python -m bench.soak [--minutes N] [--source URL]`: a scan's length in Chromium: is memory flat, does it paint?"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM, LISTEN
from bench.numbers import slope_per_minute, spread

ENGINE = Path(__file__).parents[1] / "engines" / "picture_quality"
EVERY_S = 10.0
SETTLE_S = 60.0
"""Memory of the first minute is left out of the slope: buffers fill."""


def main() -> None:
    """Run it and print what was seen, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--source", default="synthetic:")
    arguments = parser.parse_args()
    with rig.bedside("up", [str(ENGINE)], arguments.source, size=[640, 480]) as up, sync_playwright() as playwright:
        rig.answering(up, "picture_quality")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1180, "height": 820})
        page.add_init_script(LISTEN)
        page.goto(up.url)
        rows = watch(up, page, arguments.minutes * 60)
        painted = page.evaluate("window.paintings")
        shown = page.evaluate("({...document.querySelector('canvas.large').dataset})")
        browser.close()
    print(json.dumps(summary(rows, painted, shown), indent=1))


def watch(up: rig.Rig, page: Any, seconds: float) -> list[tuple[float, dict[str, float]]]:
    """Resident memory in MB of each process, every ten seconds."""
    pids = rig.children(up.process.pid) | {up.process.pid: "up"}
    names = {pid: "supervisor" if line == "up" else rig.role(line) for pid, line in pids.items()}
    rows, start = [], time.monotonic()
    while time.monotonic() < start + seconds:
        page.wait_for_timeout(EVERY_S * 1000)
        rows.append((time.monotonic() - start, {name: rig.memory_mb(pid)[0] for pid, name in names.items()}))
    return rows


def summary(rows: list[tuple[float, dict[str, float]]], painted: list[dict[str, Any]], shown: Any) -> dict[str, Any]:
    """First, last and slope of the memory; how many pictures were painted, how old, and whether numbers only grow."""
    settled = [row for row in rows if row[0] > SETTLE_S] or rows
    times = [t for t, _ in settled]
    memory = {
        name: {
            "first_mb": round(rows[0][1][name], 1),
            "last_mb": round(rows[-1][1][name], 1),
            "slope_mb_per_minute": round(slope_per_minute(times, [row[name] for _, row in settled]), 3),
        }
        for name in rows[0][1]
    }
    streams = {}
    for stream in ("live", "answer"):
        mine = [row for row in painted if row["stream"] == stream and row["age_ms"] is not None]
        numbers = [row["seq"] for row in mine]
        ages = spread([row["age_ms"] for row in mine])
        streams[stream] = {"painted": len(mine), "in_order": numbers == sorted(set(numbers)), "age_ms": str(ages)}
    return {"minutes": round(rows[-1][0] / 60, 1), "memory": memory, "streams": streams, "shown_last": shown}


if __name__ == "__main__":
    main()
