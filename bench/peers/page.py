"""A way's page in Chromium: the number is read from what stands there, each time that the screen is drawn."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
from playwright.sync_api import sync_playwright

from bedside.source import counter
from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM, needs_chromium
from bench.numbers import Spread, spread
from bench.peers import camera
from bench.peers.trial import SETTLE_S, Running, first, running

WATCH = """([left, top, across, down, columns, rows]) => {
  const small = new OffscreenCanvas(columns * 5, rows * 5).getContext("2d", { willReadFrequently: true });
  window.seen = [];
  let last = "";
  let at = 0;
  const { port1, port2 } = new MessageChannel();
  const look = () => {
    requestAnimationFrame(look);
    at = Date.now();
    port2.postMessage(0);
  };
  port1.onmessage = () => {
    const shown = document.querySelector("canvas.large, canvas, video, img");
    const width = shown?.videoWidth || shown?.naturalWidth || shown?.width;
    const height = shown?.videoHeight || shown?.naturalHeight || shown?.height;
    if (!width) return;
    const [x, y] = [width / across, height / down];
    small.drawImage(shown, left * x, top * y, columns * x, rows * y, 0, 0, columns * 5, rows * 5);
    const { data } = small.getImageData(0, 0, columns * 5, rows * 5);
    let bits = "";
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        bits += data[4 * ((row * 5 + 2) * columns * 5 + column * 5 + 2)] > 125 ? "1" : "0";
      }
    }
    if (bits !== last) window.seen.push([bits, at]);
    last = bits;
  };
  look();
}"""
"""Notes the squares whenever they have changed, and when the screen was drawn that shows them.

It looks after all that the page does for a screen; otherwise a page that draws then would count a screen late."""


@dataclass(frozen=True)
class Painted:
    """What a page showed."""

    age_ms: Spread
    per_s: float
    grown_mb: float
    """By so much the memory of all processes grew meanwhile."""


def painted(name: str, seconds: float, view: str = "video", stalled: bool = False) -> Painted:
    """A way's page for so long, with an empty model; `stalled`: beside a viewer that never reads. Raises Lacks.

    `view` is Bedside's.
    """
    needs_chromium()
    with running(name, 0.0) as way, sync_playwright() as playwright, contextlib.ExitStack() as stack:
        first(way)
        if stalled:
            stack.enter_context(_stalled(way))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1180, "height": 820})
        page.goto(way.page_url + (view if way.up else ""), wait_until="commit")
        page.wait_for_timeout(SETTLE_S * 1000)
        field = [counter.LEFT, counter.TOP, counter.ACROSS, counter.DOWN, counter.COLUMNS, counter.ROWS]
        before_mb = _memory_mb(way)
        page.evaluate(WATCH, field)
        page.wait_for_timeout(seconds * 1000)
        seen, wall_ms = page.evaluate("window.seen"), time.time_ns() / 1e6 - time.monotonic_ns() / 1e6
        grown_mb = _memory_mb(way) - before_mb
        ages = [
            at_ms - wall_ms - camera.captured_ns(way.folder, seq) / 1e6
            for bits, at_ms in seen[1:]
            if (seq := number(bits)) is not None
        ]
        browser.close()
    return Painted(spread(ages), len(ages) / seconds, grown_mb)


def number(bits: str) -> int | None:
    """The number in the squares, row by row as "0" and "1"; None where the checksum is another."""
    rows = [bits[: counter.COLUMNS], bits[counter.COLUMNS :]]
    found = int("".join(row[1:-1] for row in rows)[:32], 2)
    return found if counter.squares(found) == bits else None


def _memory_mb(way: Running) -> float:
    return sum(map(rig.proportional_mb, [way.pid, *rig.children(way.pid)]))


@contextlib.contextmanager
def _stalled(way: Running) -> Iterator[None]:
    """Somebody asks for the same stream and never reads it."""
    done = threading.Event()

    async def hang() -> None:
        address = f"http://127.0.0.1:{way.up.server_port if way.up else way.port}"
        async with aiohttp.ClientSession(read_bufsize=2**10) as session:
            if way.name == "lab":
                async with session.get(f"{address}/stream"):
                    await asyncio.to_thread(done.wait)
            else:
                async with session.ws_connect(f"{address}/live?view=explain", max_msg_size=0) as socket:
                    if way.up:
                        await socket.send_json({"type": "want", "live": 960, "answer": 960})
                    await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(hang()), daemon=True)
    thread.start()
    yield
    done.set()
