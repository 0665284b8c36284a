"""Pairing, signing out and roles in Chromium, through a real server to which this machine is a stranger."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.hub.conftest import VIEWS, Scanner, live
from tests.page.conftest import Open
from tests.page.stand_in import StandIn

from bedside.access.devices import Devices
from bedside.access.role import Role
from bedside.hub.access_desk import AccessDesk
from bedside.hub.app import create_app
from bedside.hub.feed import Feed
from bedside.hub.server import listening

WRONG = "AAAA-AAAA"
Visit = Callable[..., Page]


class Guarded:
    """A server with a token, on a port and in a thread of its own, and its devices as the command line has them."""

    def __init__(self, access: Path) -> None:
        self.devices = Devices(access)
        self._access, self._port = access, 0
        self._loop, self._up, self._stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="guarded-server")
        self._thread.start()
        assert self._up.wait(10), "the server did not start"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        feed = Feed(Scanner().borrow, engines=("pcbm",))
        feed.put(live())
        desk = AccessDesk(self._access)
        app = create_app(feed, views=VIEWS, default_view="explain", token="a-long-secret", access=desk)
        async with listening(app, "127.0.0.1", 0) as self._port:
            self._up.set()
            await self._stop.wait()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """The server."""
    server = Guarded(tmp_path / "access")
    yield server
    server.stop()


@pytest.fixture
def visit(browser: Browser, guarded: Guarded) -> Iterator[Visit]:
    """Opens an address of the server on a tablet that is as it left the shop."""
    pages: list[Page] = []

    def opened(path: str = "/") -> Page:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(10_000)
        page.goto(f"{guarded.url}{path}")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


def paired(visit: Visit, guarded: Guarded, role: Role) -> Page:
    """A tablet that was paired by its QR code and shows the live page."""
    page = visit(f"/pair#{guarded.devices.invite(role)}")
    page.fill("#label", "tablet at bed 2")
    page.click("#pair")
    expect(page.locator("#chip, #controls").first).to_be_attached()
    page.wait_for_url("**/view/explain**")
    return page


def test_a_stranger_types_the_code_and_comes_to_where_he_wanted(visit: Visit, guarded: Guarded) -> None:
    """Whoever is not paired lands on /pair; a code typed small and without its dash is the same code."""
    page = visit("/view/verdict")
    expect(page.get_by_role("heading", name="Pair this tablet")).to_be_visible()
    expect(page.locator(".ruo")).to_have_text("Research use only")
    page.fill("#code", guarded.devices.invite(Role.OPERATOR).replace("-", "").lower())
    page.click("#pair")
    page.wait_for_url("**/view/verdict")
    expect(page.locator("#status")).to_contain_text("Waiting")


def test_a_code_in_the_address_is_filled_in_and_not_kept_there(visit: Visit, guarded: Guarded) -> None:
    """What a QR code says behind the # stands in the field, and no longer in the address."""
    code = guarded.devices.invite(Role.VIEWER)
    page = visit(f"/pair#{code}")
    expect(page.locator("#code")).to_have_value(code)
    assert page.url == f"{guarded.url}/pair"


def test_a_wrong_code_is_said_and_a_few_of_them_must_wait(visit: Visit) -> None:
    """Each wrong one gets the server's sentence; then it says how long nobody may try, and the field is still there."""
    page = visit("/pair")
    for _ in range(5):
        page.fill("#code", WRONG)
        page.click("#pair")
        expect(page.locator("#problem")).to_contain_text("code")
        expect(page.locator("#pair")).to_be_enabled()
    page.click("#pair")
    expect(page.locator("#problem")).to_have_text("Too many wrong guesses from here; wait a minute.")
    expect(page.locator("#code")).to_be_focused()


def test_a_viewer_has_no_button_but_freeze_and_no_way_elsewhere(visit: Visit, guarded: Guarded) -> None:
    """What a viewer may not do is not shown; the picture on the own page may be held."""
    page = paired(visit, guarded, Role.VIEWER)
    expect(page.locator("#controls button:visible")).to_have_text(["Freeze"])
    page.click("#help-open")
    expect(page.locator("#help")).to_contain_text("Space")
    assert page.locator("#help a").count() == 0


@pytest.mark.parametrize(
    ("role", "ways"), [(Role.OPERATOR, ["/review"]), (Role.ADMIN, ["/review", "/setup", "/admin"])]
)
def test_the_help_leads_to_the_pages_of_a_role(visit: Visit, guarded: Guarded, role: Role, ways: list[str]) -> None:
    """An operator finds the sessions there, an admin setup and machine, too; each of them opens and leads back."""
    page = paired(visit, guarded, role)
    page.click("#help-open")
    links = page.locator("#help a")
    expect(links).to_have_count(len(ways))
    assert [link.get_attribute("href") for link in links.all()] == ways
    links.last.click()
    page.wait_for_url(f"**{ways[-1]}")


def test_a_revoked_tablet_is_asked_to_pair_again(visit: Visit, guarded: Guarded) -> None:
    """Its open page goes to /pair by itself and says why; a new code brings it back."""
    page = paired(visit, guarded, Role.OPERATOR)
    expect(page.locator("#status")).to_contain_text("Waiting")
    (device,) = guarded.devices.listed()
    guarded.devices.revoke(device.id)
    page.wait_for_url("**/pair?out&to=%2Fview%2Fexplain")
    expect(page.get_by_role("heading", name="Signed out: pair again")).to_be_visible()
    page.fill("#code", guarded.devices.invite(Role.OPERATOR))
    page.click("#pair")
    page.wait_for_url("**/view/explain")


@pytest.mark.parametrize("path", ["/questionnaire/s/sus", "/page/review.html", "/page/admin.html", "/page/setup.html"])
def test_each_page_goes_to_pair_when_signed_out(
    browser: Browser, server: StandIn, faults: list[str], path: str
) -> None:
    """A server that says 401 to what a page asks is answered with /pair, and the way back."""
    page = browser.new_page()
    page.route("**/api/**", lambda route: route.fulfill(status=401, json={"error": "This device is not paired"}))
    page.goto(f"{server.url}{path}")
    page.wait_for_url("**/pair?out&to=" + path.replace("/", "%2F"))
    page.close()


def test_an_admin_is_led_to_where_names_are_masked(open_page: Open, server: StandIn) -> None:
    """The band that names show has a way to /setup for an admin; others read the sentence alone."""
    server.script.signal["warning"] = "Names are not masked: set up"
    server.script.role = "admin"
    page = open_page("explain")
    expect(page.get_by_role("alert").filter(has_text="Names are not masked: set up")).to_be_visible()
    expect(page.get_by_role("link", name="Open setup")).to_have_attribute("href", "/setup")
    server.script.role = "operator"
    other = open_page("explain")
    expect(other.locator(".names-show")).to_be_visible()
    expect(other.get_by_role("link", name="Open setup")).to_have_count(0)


def test_the_line_of_alerts_says_on_a_tap_what_to_do(open_page: Open, server: StandIn) -> None:
    """The gravest sentence stands over the picture, with how many more; each has its remedy; it goes when they go."""
    alert = {"id": "disk", "level": "alarm", "about": "recording", "do": "Delete sessions.", "on_page": False}
    full = {**alert, "sentence": "The disk is full."}
    server.script.alerts = [full, {**full, "id": "clock", "level": "warning", "sentence": "The clock was set."}]
    page = open_page("explain")
    line = page.locator("#alerts")
    expect(line.get_by_role("button")).to_contain_text("The disk is full.1 more")
    expect(line.locator("ul")).to_be_hidden()
    line.get_by_role("button").click()
    expect(line.locator("li")).to_have_text(["The disk is full.Delete sessions.", "The clock was set.Delete sessions."])
    server.script.alerts = []
    expect(line).to_be_hidden()
