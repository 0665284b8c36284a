"""Chromium, and the stand-in server that says to the page what a test wants it to hear."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that tests can import tests.page.stand_in

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from tests.page.stand_in import Script, StandIn

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
TABLET = (1180, 820)
Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever opens a browser here needs Chromium."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.chromium)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests; given back before any other file wants an event loop."""
    if not CHROMIUM.exists():
        pytest.skip(f"chromium: {CHROMIUM} is not there; `apt install chromium`")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def server() -> Iterator[StandIn]:
    """A stand-in that serves; a test changes its script."""
    stand_in = StandIn(Script())
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def faults() -> list[str]:
    """What the console of the pages complained of, and requests to other hosts; a test may clear what it provoked."""
    return []


@pytest.fixture
def open_page(browser: Browser, server: StandIn, faults: list[str]) -> Iterator[Open]:
    """Opens a view and waits until it painted a picture; at the end nothing must have gone wrong unseen."""
    pages: list[Page] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.append(message.text)

    def opened(view: str = "explain", size: tuple[int, int] = TABLET, painted: bool = True) -> Page:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        pages.append(page)
        page.set_default_timeout(10_000)
        page.on("console", listen)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url) if not _is_ours(request.url, server) else None)
        page.goto(f"{server.url}/view/{view}")
        if painted:
            page.wait_for_selector("canvas.large[data-seq]")
        return page

    yield opened
    for page in pages:
        page.close()
    assert not faults


def fitted(page: Page) -> None:
    """Returns once the large picture fills the room that the rest of the page leaves it."""
    page.wait_for_function(
        """() => {
          const boxOf = (name) => document.querySelector(name).getBoundingClientRect();
          const [room, box] = [boxOf("#stage"), boxOf("canvas.large")];
          const isInside = box.left > room.left - 1 && box.right < room.right + 1 && box.top > room.top - 1;
          const isFull = room.width - box.width < 2 || room.height - box.height < 2;
          return isInside && isFull && box.bottom < room.bottom + 1;
        }"""
    )


def _is_ours(url: str, server: StandIn) -> bool:
    return url.startswith((server.url, server.url.replace("http", "ws", 1), "data:image/", "blob:" + server.url))
