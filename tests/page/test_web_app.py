"""The page as an app: installable, awake where allowed, open about plain HTTP, and back after it was frozen."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.page.conftest import ARGUMENTS, CHROMIUM, Open
from tests.page.stand_in import PAGE, StandIn

TABLET = {"width": 1180, "height": 820}


@pytest.fixture
def plain(server: StandIn, browser: Browser) -> Iterator[Page]:
    """The page over plain HTTP as a tablet sees it: a name of the network that is not this machine."""
    port = server.url.rpartition(":")[2]
    args = [*ARGUMENTS, "--host-resolver-rules=MAP bedside.test 127.0.0.1"]
    second = browser.browser_type.launch(executable_path=str(CHROMIUM), args=args)
    page = second.new_page(viewport=TABLET)  # type: ignore[arg-type]
    page.goto(f"http://bedside.test:{port}/view/explain")
    page.wait_for_selector("canvas.large[data-seq]")
    yield page
    second.close()


def test_a_browser_finds_nothing_that_keeps_it_from_installing(open_page: Open) -> None:
    """Chromium's own check of manifest and icons has no complaint but that a test has no profile."""
    page = open_page("explain")
    tools = page.context.new_cdp_session(page)
    manifest = tools.send("Page.getAppManifest")
    assert manifest["url"].endswith("/page/manifest.webmanifest")
    assert manifest["errors"] == []
    faults = tools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [fault["errorId"] for fault in faults if fault["errorId"] != "in-incognito"] == []


@pytest.mark.parametrize(
    ("name", "size"), [("icon-192", 192), ("icon-512", 512), ("icon-512-full", 512), ("icon-180", 180)]
)
def test_each_icon_has_the_size_that_is_promised(name: str, size: int) -> None:
    """Width and height in the PNG are those of the manifest."""
    assert struct.unpack(">II", (Path(PAGE) / f"{name}.png").read_bytes()[16:24]) == (size, size)


def test_plain_http_on_a_network_is_said(plain: Page) -> None:
    """The words stand on the page for good, and the details say why the screen may go dark."""
    expect(plain.locator("#plain")).to_have_text("Not encrypted")
    expect(plain.locator("#plain")).to_be_visible()
    plain.click("#status")
    expect(plain.locator("#details")).to_contain_text("browsers keep the screen on for HTTPS pages only")


def test_a_page_of_this_machine_is_not_called_plain(open_page: Open) -> None:
    """Nothing can read along on loopback."""
    expect(open_page("explain").locator("#plain")).to_be_hidden()


def test_a_page_that_was_frozen_is_live_again(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """The browser freezes the page and the server restarts meanwhile: thawed, it paints new pictures by itself."""
    page = open_page("explain")
    tools = page.context.new_cdp_session(page)
    tools.send("Page.setWebLifecycleState", {"state": "frozen"})
    server.stop()
    server.seq += 1000
    server.start()
    tools.send("Page.setWebLifecycleState", {"state": "active"})
    page.wait_for_function("() => Number(document.querySelector('canvas.large').dataset.seq) > 1000")
    expect(page.locator("#status")).to_contain_text("Live")
    faults.clear()


def test_a_page_without_network_is_live_again(open_page: Open, faults: list[str]) -> None:
    """Offline, as when Wi-Fi is lost, and back: the page paints new pictures by itself."""
    page = open_page("explain")
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    cut = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    tools.send("Network.emulateNetworkConditions", cut)
    page.evaluate("dispatchEvent(new Event('offline'))")
    before = int(page.get_attribute("canvas.large", "data-seq") or 0)
    tools.send(
        "Network.emulateNetworkConditions", {**cut, "offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    )
    page.wait_for_function("n => Number(document.querySelector('canvas.large').dataset.seq) > n + 5", arg=before)
    expect(page.locator("#status")).to_contain_text("Live")
    faults.clear()
