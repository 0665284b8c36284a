"""A made session behind the real routes of a review, in Chromium."""

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page
from tests.recording import Plan, make_session

from bedside.hub.access_desk import DESK, AccessDesk
from bedside.hub.app import PAGE_DIR
from bedside.hub.asked import errors_as_json
from bedside.hub.guard import Guard, add_headers
from bedside.hub.review import add_review
from bedside.messages import Pixels
from bedside.review.listed import Shelf
from bedside.source import counter

TABLET = (1180, 820)
CANVAS = """() => { const canvas = document.querySelector("canvas.large");
  return [Number(canvas.dataset.frame), Number(canvas.dataset.seq), canvas.toDataURL("image/png")]; }"""
Open = Callable[..., Page]
OpenFolder = Callable[[Path], "Server"]


class Server:
    """The review's routes over a folder of sessions, on a port and in a thread of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="review-server")
        self._thread.start()
        assert self._up.wait(10), "the server did not start"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        """What is at an address, from JSON."""
        with urlopen(f"{self.url}{path}") as answer:
            return json.load(answer)

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(middlewares=[errors_as_json, Guard("127.0.0.1", "").middleware()])
        app.on_response_prepare.append(add_headers)
        app[DESK] = AccessDesk(None)
        add_review(app, Shelf(self.root), PAGE_DIR)
        app.router.add_static("/page", PAGE_DIR)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self._up.set()
        await self._stop.wait()
        await runner.cleanup()


@pytest.fixture(scope="session")
def plan() -> Plan:
    """What the session is like: three segments, frames lost after a second, frozen from the third to the fourth."""
    return Plan(seconds=9.0)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Path:
    """The folder of a session that no test changes."""
    return make_session(tmp_path_factory.mktemp("sessions"), plan)


@pytest.fixture(scope="session")
def reviewed(made: Path) -> Iterator[Server]:
    """The server of the session."""
    server = Server(made.parent)
    yield server
    server.stop()


@pytest.fixture
def reviewed_folder() -> Iterator[OpenFolder]:
    """Starts the server of a folder of sessions."""
    servers: list[Server] = []

    def started(root: Path) -> Server:
        servers.append(Server(root))
        return servers[-1]

    yield started
    for server in servers:
        server.stop()


@pytest.fixture
def faults() -> list[str]:
    """What the console complained of, and requests to other hosts; a test may clear what it provoked."""
    return []


@pytest.fixture
def review(browser: Browser, faults: list[str]) -> Iterator[Open]:
    """Opens a session at a place and waits until its picture stands; at the end nothing must have gone wrong unseen."""
    pages: list[Page] = []

    def opened(server: Server, path: str, size: tuple[int, int] = TABLET, painted: bool = True) -> Page:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        pages.append(page)
        page.set_default_timeout(20_000)
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: faults.append(asked.url) if not _is_ours(asked.url, server) else None)
        page.goto(f"{server.url}{path}")
        if painted:
            page.wait_for_selector("canvas.large[data-seq]")
        return page

    yield opened
    for page in pages:
        page.close()
    assert not faults


def seen(page: Page) -> tuple[int, int, int | None]:
    """Row and number of the frame that the page says is on the screen, and the number that is to be read there."""
    row, seq, data = page.evaluate(CANVAS)
    return int(row), int(seq), counter.read(_pixels(data))


def painted(page: Page) -> Pixels:
    """What is on the canvas."""
    return _pixels(page.evaluate(CANVAS)[2])


def stands_at(page: Page, row: int) -> tuple[int, int, int | None]:
    """The same, once row `row` is on the screen."""
    page.wait_for_selector(f'canvas.large[data-frame="{row}"]')
    return seen(page)


def _pixels(data: str) -> Pixels:
    bgr = cv2.imdecode(np.frombuffer(base64.b64decode(data.split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.asarray(bgr[..., ::-1], np.uint8)


def _is_ours(url: str, server: Server) -> bool:
    return url.startswith((server.url, "data:image/", f"blob:{server.url}"))
