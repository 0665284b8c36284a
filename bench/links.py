"""Pages on a slow link and on one that is cut, in a small network of namespaces on this machine."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, sync_playwright
from tests.network_namespaces import Host, lan, why_not

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM, needs_chromium, paintings
from bench.figure import Lacks
from bench.numbers import Spread, spread
from bench.watch import read

TOKEN = "a-token-of-the-bench"
LISTENING = f'host = "0.0.0.0"\ntoken = "{TOKEN}"\ntls = "off"'
WIDTH_PX = 960
UNLIMITED_MBIT_PER_S = 10_000.0
LUMINANCE_Q50 = 16
"""First step of the luminance table of a JPEG of quality 50."""
LOOK = """() => {
  const row = { seq: "", grey: false };
  window.stayed = true;
  window.changes = [];
  const look = () => {
    const seq = document.querySelector("canvas.large").dataset.seq;
    const grey = document.querySelector("#stage").classList.contains("grey");
    if (seq !== row.seq || grey !== row.grey) window.changes.push({ at_s: Date.now() / 1000, seq, grey });
    Object.assign(row, { seq, grey });
    requestAnimationFrame(look);
  };
  look();
}"""
"""Notes with each picture of the screen when what stands there has changed."""


@dataclass(frozen=True)
class Got:
    """What pages got that share a link, without the first seconds; the age is that of their oldest."""

    pages: int
    mbit_per_s: float
    """0: as fast as this machine."""
    age_ms: Spread
    fps: float
    """Of the slowest page."""
    width_px: int
    quality: int
    kilobytes: float


@contextmanager
def on_a_lan() -> Iterator[tuple[Host, str]]:
    """A Bedside and a tablet on a network: the tablet, and the address of the pages. Raises Lacks."""
    if lacks := why_not():
        raise Lacks(lacks)
    with lan() as net, net.server.inside(), rig.bedside("up", more=LISTENING) as up:
        rig.until(up.health, "a server")
        yield net.tablets[0], f"http://{net.server.address}:{up.server_port}"


def named(mbit_per_s: float) -> str:
    """A rate, in words."""
    return f"link of {mbit_per_s:g} Mbit/s" if mbit_per_s else "link without a limit"


def painted(tablet: Host, url: str, mbit_per_s: float, seconds: float, settle_s: float) -> list[float]:
    """Age in ms of every picture when Chromium has painted it, by the page's own reckoning."""
    tablet.limit(mbit_per_s or UNLIMITED_MBIT_PER_S)
    with tablet.inside():
        rows = paintings(f"{url}/view/video?token={TOKEN}", seconds, settle_s)
    return [row["age_ms"] for row in rows]


def shared(tablet: Host, url: str, pages: int, mbit_per_s: float, seconds: float, settle_s: float) -> Got:
    """So many pages behind one link."""
    tablet.limit(mbit_per_s or UNLIMITED_MBIT_PER_S)

    async def all_of() -> list[list[dict[str, Any]]]:
        return await asyncio.gather(*(_pictures(url, seconds + settle_s) for _ in range(pages)))

    with tablet.inside():
        seen = [[row for row in rows if row["at_s"] > settle_s] for rows in asyncio.run(all_of())]
    oldest = max((spread([row["age_ms"] for row in rows]) for rows in seen), key=lambda ages: ages.p95)
    last = seen[0][-1]
    size = sum(row["bytes"] for rows in seen for row in rows) / sum(len(rows) for rows in seen)
    fps = min(len(rows) for rows in seen) / seconds
    return Got(pages, mbit_per_s, oldest, fps, last["width"], last["quality"], size / 1e3)


async def _pictures(url: str, seconds: float) -> list[dict[str, Any]]:
    """Every picture of a page that acknowledges each as it comes, and how old it was then, by the one clock of both."""
    rows, started_s = list[dict[str, Any]](), time.monotonic()
    async for kind, header in read(url, "video", WIDTH_PX, 0, token=TOKEN):
        now_s = time.monotonic()
        if now_s > started_s + seconds:
            break
        if kind == "picture":
            jpeg = header["jpeg"]
            age_ms = header["age_ms"] + now_s * 1e3 - header["sent_ms"]
            row = {"at_s": now_s - started_s, "age_ms": age_ms, "bytes": len(jpeg)}
            rows.append(row | {"width": header["width"], "quality": quality(jpeg)})
    return rows


def quality(jpeg: bytes) -> int:
    """The quality from 1 to 100 that a JPEG was made with, to within one, by the table that it carries."""
    step = jpeg[jpeg.index(b"\xff\xdb") + 5]
    scale = 100 * step / LUMINANCE_Q50
    return round(5000 / scale if scale > 100 else 100 - scale / 2)


@dataclass(frozen=True)
class Lost:
    """One cut: seconds until the page was grey, and from the link's being whole until a new picture stood there."""

    cut_s: float
    grey_s: float
    back_s: float


def cuts(tablet: Host, url: str, lengths_s: list[float]) -> list[Lost]:
    """A page in Chromium, cut off for so long each time. Raises RuntimeError for one that was loaded anew."""
    needs_chromium()
    tablet.limit(50)
    with tablet.inside(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1180, "height": 820})
        page.goto(f"{url}/view/video?token={TOKEN}")
        page.wait_for_function("() => Number(document.querySelector('canvas.large')?.dataset.seq) > 0")
        page.evaluate(LOOK)
        found = [_cut(page, tablet, length_s) for length_s in lengths_s]
        if not page.evaluate("window.stayed"):
            raise RuntimeError("the page was loaded anew")
        browser.close()
    return found


def _cut(page: Page, tablet: Host, cut_s: float) -> Lost:
    page.wait_for_timeout(3000)
    page.evaluate("window.changes.length = 0")
    tablet.cut()
    cut_at_s = time.time()
    page.wait_for_timeout(cut_s * 1000)
    tablet.join()
    whole_at_s = time.time()
    page.wait_for_function("at => window.changes.some((row) => row.at_s > at && !row.grey)", arg=whole_at_s)
    rows = page.evaluate("window.changes")
    grey_s = next(row["at_s"] for row in rows if row["grey"]) - cut_at_s
    back_s = next(row["at_s"] for row in rows if row["at_s"] > whole_at_s and not row["grey"]) - whole_at_s
    return Lost(cut_s, grey_s, back_s)
