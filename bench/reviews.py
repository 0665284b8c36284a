"""How long a session of an hour takes to open and to seek in, by the server's answers and in Chromium."""

import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from tests.hour import Length, make_hour

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM

HOUR = Length(width=1920, height=1080, crf=23)
SEEKS = 30
FIRST = ("", "/frames", "/timeline", "/items", "/notes")
"""What the page asks for at once when it opens."""
PAINTED = "canvas[data-frame]"


@dataclass(frozen=True)
class Reviewed:
    """Seconds of each opening and each seek, and megabytes."""

    open_s: list[float]
    """Until all is there that the page asks for first, and the picture of the first frame; cold each time."""
    seek_s: list[float]
    """Until the exact picture of a random frame, 1280 pixels wide, is there."""
    open_page_s: list[float]
    """In Chromium, until the first frame is painted."""
    seek_page_s: list[float]
    """In Chromium, from the tap on the timeline until that frame is painted."""
    resident_mb: float
    video_gb: float


def reviewed(rounds: int = 3) -> Reviewed:
    """An hour at 1080p30 with an answer to each frame, 108,000 of each."""
    with tempfile.TemporaryDirectory(prefix="bedside-bench-") as name:
        root = Path(name)
        session = make_hour(root / "sessions", HOUR)
        chance = random.Random(1)
        opens, seeks, resident = [], [], 0.0
        for _ in range(rounds):
            with reviewing(root) as (process, url):
                api = f"{url}/api/sessions/{session.name}"
                opens.append(opened_s(api))
                seeks += [taken_s(f"{api}/frame/{chance.randrange(108_000)}.jpg?width=1280") for _ in range(SEEKS)]
                resident = max(resident, rig.memory_mb(process.pid)[0])
        pages = [in_chromium(root, session.name, chance) for _ in range(rounds)]
        video = (session / "video-000.mp4").stat().st_size * 6
        taps = [seek for _, found in pages for seek in found]
        return Reviewed(opens, seeks, [first for first, _ in pages], taps, resident, video / 1e9)


@contextmanager
def reviewing(root: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`bedside review` of a folder, and its address."""
    argv = [sys.executable, "-m", "bedside", "review", "--no-open", "--port", "0"]
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1].removesuffix("/review")
        finally:
            rig.stop(process)  # type: ignore[arg-type]


def opened_s(api: str) -> float:
    """Until the page could paint its first picture."""
    start = time.monotonic()
    with ThreadPoolExecutor(len(FIRST)) as pool:
        list(pool.map(lambda path: taken_s(api + path), FIRST))
    taken_s(f"{api}/frame/0.jpg?width=1280")
    return time.monotonic() - start


def taken_s(address: str) -> float:
    """Until an answer is there, whole."""
    start = time.monotonic()
    with urllib.request.urlopen(
        urllib.request.Request(address, headers={"Accept-Encoding": "gzip"}), timeout=60
    ) as answer:
        answer.read()
    return time.monotonic() - start


def in_chromium(root: Path, session: str, chance: random.Random) -> tuple[float, list[float]]:
    """Seconds to the first painted frame, and for each tap on the timeline to its frame."""
    if not Path(CHROMIUM).exists():
        raise FileNotFoundError("Chromium is not installed: scripts/rigs installs it")
    with reviewing(root) as (_, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1180, "height": 820})
        start = time.monotonic()
        page.goto(f"{url}/review/{session}")
        page.wait_for_selector(PAINTED, timeout=60_000)
        first = time.monotonic() - start
        seeks = [tapped_s(page, chance.random()) for _ in range(SEEKS // 3)]
        browser.close()
    return first, seeks


def tapped_s(page: Any, share: float) -> float:
    """From a tap on the timeline until another frame than before is painted."""
    box = page.locator("canvas.lanes").bounding_box()
    before = page.get_attribute(PAINTED, "data-frame")
    start = time.monotonic()
    page.mouse.click(box["x"] + box["width"] * (0.02 + 0.96 * share), box["y"] + box["height"] / 2)
    page.wait_for_function(
        f"before => (document.querySelector('{PAINTED}')?.dataset.frame ?? before) !== before", arg=before
    )
    return time.monotonic() - start
