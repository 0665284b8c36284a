"""The system that is to endure, and what stands around it: viewers, a page, and hands that reach into it."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from playwright.sync_api import Page, sync_playwright

from bench import recording, rig
from bench.browser import ARGUMENTS, CHROMIUM
from bench.watch import read

ROOT = Path(__file__).parents[2]
ENGINES = (str(ROOT / "engines" / "picture_quality"), "empty")
SLICE_S = 0.2
COUNT = """
window.painted = 0;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (typeof data === "string" && data.includes('"painted"')) window.painted += 1;
  return send.call(this, data);
};
"""


class Viewer(threading.Thread):
    """A page without a browser, which comes back whenever it is thrown out, until `stop`."""

    def __init__(self, url: str, view: str) -> None:
        super().__init__(name=f"viewer {view}", daemon=True)
        self.pictures = 0
        self._url, self._view = url, view
        self._is_over = threading.Event()

    def run(self) -> None:
        """Watch until stopped."""
        asyncio.run(self._watch())

    def stop(self) -> None:
        """It leaves within a second or so."""
        self._is_over.set()

    async def _watch(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(2):
                    async for kind, _ in read(self._url, self._view, 960, 960):
                        self.pictures += kind == "picture"
                        if self._is_over.is_set():
                            return
            await asyncio.sleep(SLICE_S)


class World:
    """A running system that records, with those who look at it."""

    def __init__(self, up: rig.Rig, page: Page | None, viewers: list[Viewer]) -> None:
        self.up, self.viewers = up, viewers
        self._page = page
        self.session = recording.begin(up)

    def processes(self) -> dict[int, str]:
        """Process ids by what they are for, the supervisor's among them."""
        found = {pid: rig.role(line) for pid, line in rig.children(self.up.process.pid).items()}
        return {self.up.process.pid: "supervisor"} | {pid: role for pid, role in found.items() if role != "other"}

    def signal(self, role: str, number: signal.Signals) -> None:
        """Send a signal to the process of this role."""
        pid = next(pid for pid, its in self.processes().items() if its == role)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def command(self, command: str) -> None:
        """What a person does at the scanner or its cable."""
        rig.post_json(f"http://127.0.0.1:{self.up.broadcaster_port}/control", {"command": command})

    def rest(self, seconds: float) -> None:
        """Let time pass; the page lives on meanwhile."""
        if self._page is None:
            time.sleep(seconds)
        else:
            self._page.wait_for_timeout(seconds * 1000)

    def painted(self) -> int:
        """Pictures that the page in Chromium has painted since it was loaded; 0 without one."""
        return int(self._page.evaluate("window.painted")) if self._page is not None else 0

    def heap_mb(self) -> float:
        """Memory that the page's own script holds; 0 without a page."""
        return float(self._page.evaluate("performance.memory.usedJSHeapSize")) / 1e6 if self._page is not None else 0.0

    def health(self) -> dict[str, Any]:
        """What the server says of itself; nothing while there is none."""
        with contextlib.suppress(ValueError, OSError):
            return self.up.health()
        return {}


@contextmanager
def world(source: str, viewers: int) -> Iterator[World]:
    """A system that works, until the block ends."""
    with ExitStack() as stack:
        up = stack.enter_context(rig.bedside("up", ENGINES, source, size=[640, 480]))
        for engine in ENGINES:
            rig.answering(up, Path(engine).name, 300)
        watching = [Viewer(up.url, view) for view in ("explain", "verdict", "video")[:viewers]]
        for viewer in watching:
            viewer.start()
            stack.callback(viewer.join, 5)
            stack.callback(viewer.stop)
        yield World(up, _page(up, stack), watching)


def _page(up: rig.Rig, stack: ExitStack) -> Page | None:
    if not Path(CHROMIUM).exists():
        return None
    playwright = stack.enter_context(sync_playwright())
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, "--enable-precise-memory-info"])
    stack.callback(browser.close)
    page = browser.new_page(viewport={"width": 1180, "height": 820})
    page.add_init_script(COUNT)
    page.goto(f"{up.url}/view/explain")
    return page
