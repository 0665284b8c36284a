"""The connection: it notices silence, comes back by itself, and no message breaks the page."""

import json
import time

import pytest
from playwright.sync_api import Browser, expect
from tests.page.conftest import Open
from tests.page.stand_in import VIEWS, StandIn

from bedside.wire import pack


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_cut_from_its_server_goes_stale_by_itself(open_page: Open, server: StandIn, view: str) -> None:
    """Nothing comes any more, no close either: picture and verdict grey, the ages grow, nothing looks live."""
    page = open_page(view)
    expect(page.locator("#status")).to_contain_text("Live")
    if VIEWS[view]["verdict"]:
        expect(page.locator(".verdict:not(.stale) .label")).to_have_text("Head")
    server.script.silent = True
    expect(page.locator("#stage.grey")).to_have_count(1)
    expect(page.locator(".band")).to_contain_text("Connection lost - trying again")
    expect(page.locator("#status")).to_contain_text("Server gone")
    expect(page.locator("#status")).not_to_contain_text("Live")
    if VIEWS[view]["verdict"]:
        expect(page.locator(".verdict.stale .age")).to_contain_text("No connection")
        first = page.text_content(".verdict .age")
        expect(page.locator(".verdict .age")).not_to_have_text(first or "")


def test_a_server_that_dies_is_said_and_found_again(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """The page says that the server is gone, and is live again within 2 s of its return, with new pictures only."""
    page = open_page("explain")
    server.stop()
    expect(page.locator(".band")).to_contain_text("Connection lost - trying again")
    page.wait_for_timeout(1500)
    old = int(page.get_attribute("canvas.large", "data-seq") or 0)
    server.seq += 1000
    server.start()
    started = time.monotonic()
    expect(page.locator("#stage.grey")).to_have_count(0)
    expect(page.locator(".verdict:not(.stale) .label")).to_have_text("Head")
    took = time.monotonic() - started
    assert int(page.get_attribute("canvas.large", "data-seq") or 0) > old + 900
    assert took < 5, f"{took:.1f} s; the back-off ends at 1 s, the rest is this machine's"
    faults.clear()  # the browser notes each refused connection


@pytest.mark.parametrize("part", ["page.js", "dom.js", "style.css"])
def test_a_page_of_which_a_part_is_missing_says_so_and_is_loaded_anew(
    browser: Browser, server: StandIn, part: str
) -> None:
    """The network changes while the page loads, and a script or style sheet is broken off: the page comes anyway."""
    page = browser.new_page()
    page.route(f"**/page/{part}", lambda route: route.abort("failed"), times=1)
    page.goto(f"{server.url}/view/explain", wait_until="commit")
    expect(page.get_by_text("A part of this page did not come through. Trying again.")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("Live")
    expect(page.locator(".unwhole")).to_have_count(0)
    page.close()


def test_a_held_picture_outlives_the_server(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """What the person holds stays through a lost connection, and the new server is told of it."""
    page = open_page("explain")
    page.keyboard.press("Space")
    held = page.get_attribute("canvas.large", "data-seq")
    server.stop()
    expect(page.locator("#status")).to_contain_text("Server gone")
    server.start()
    expect(page.locator("#status")).to_contain_text("Live")
    assert page.get_attribute("canvas.large", "data-seq") == held
    assert [str(hold["seq"]) for hold in server.holds] == [held, held]
    faults.clear()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (json.dumps({"type": "weather", "rain": True}), "does not know: weather"),
        (pack({"type": "film"}, b""), "unknown kind: film"),
        ("{", "could not be read"),
        (b"\x00\x00\xff\xff{}", "does not fit"),
        (b"\x00", "too short"),
    ],
)
def test_a_strange_message_is_noted_and_nothing_stops(
    open_page: Open, server: StandIn, message: str | bytes, words: str
) -> None:
    """An unknown or broken message stands in the details; pictures go on."""
    page = open_page("explain")
    server.script.extra.append(message)
    page.click("#status")
    expect(page.locator(".log")).to_contain_text(words)
    before = page.get_attribute("canvas.large", "data-seq")
    expect(page.locator("canvas.large")).not_to_have_attribute("data-seq", before or "")


def test_a_picture_that_is_none_starts_the_connection_anew(open_page: Open, server: StandIn) -> None:
    """Bytes that do not decode are no picture; the page reconnects, and the next pictures are painted."""
    page = open_page("video")
    header = {"type": "picture", "stream": "live", "seq": 1, "age_ms": 1.0, "width": 9, "height": 9, "signal": "live"}
    server.script.extra.append(pack(header, b"no jpeg"))
    page.click("#status")
    expect(page.locator(".log")).to_contain_text("could not be decoded")
    server.script.extra.clear()
    before = page.get_attribute("canvas.large", "data-seq")
    expect(page.locator("canvas.large")).not_to_have_attribute("data-seq", before or "")


def test_what_the_server_complains_of_is_shown(open_page: Open, server: StandIn) -> None:
    """An error message of the server is a sentence on the page."""
    server.script.extra.append(json.dumps({"type": "error", "message": "The view 'x' is gone."}))
    page = open_page("explain")
    expect(page.locator(".toast")).to_have_text("The view 'x' is gone.")


def test_a_server_of_another_version_brings_its_own_page(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """After an update of the server the page loads itself anew."""
    page = open_page("video")
    page.evaluate("window.old = true")
    server.stop()
    server.script.version = "0.2.0"
    server.start()
    page.wait_for_function("() => window.old === undefined")
    page.wait_for_selector("canvas.large[data-seq]")
    faults.clear()


def test_a_page_that_is_refused_is_told_why(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """A server that refuses the page is not called lost: its own sentence stands there."""
    server.script.locked = "This server is only for this machine and is not called that."
    page = open_page("explain", painted=False)
    expect(page.locator(".band")).to_contain_text("The server refuses this page")
    expect(page.locator(".band")).to_contain_text("only for this machine")
    server.script.locked = ""
    expect(page.locator("#status")).to_contain_text("Live")
    faults.clear()


def test_the_network_that_comes_back_is_used_at_once(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """When the browser says that it is online, the page does not wait for its next attempt."""
    page = open_page("video")
    server.stop()
    expect(page.locator(".band")).to_contain_text("Connection lost")
    page.wait_for_timeout(2500)
    server.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#status")).to_contain_text("Live")
    faults.clear()


GIVEN_UP = """async () => {
  const made = [];
  class Slow {
    constructor() { made.push(this); }
    send() {}
    close() { this.closed = true; setTimeout(() => this.onclose?.({ reason: "", code: 1006 })); }
  }
  const [Real, quiet] = [window.WebSocket, () => {}];
  const { Connection } = await import("/page/socket.js");
  window.WebSocket = Slow;
  const on = { opened: quiet, lost: quiet, text: quiet, picture: quiet, rtt: quiet, fault: quiet };
  const connection = new Connection("ws://slow", on);
  connection.startedAt -= 5000;
  connection.wake();
  window.WebSocket = Real;
  await new Promise((done) => setTimeout(done, 50));
  return made.map((socket) => Boolean(socket.closed));
}"""


def test_an_attempt_that_is_given_up_does_not_end_the_next_one(open_page: Open) -> None:
    """The late close of a socket that never opened is not taken for the close of the one that replaced it."""
    assert open_page("video").evaluate(GIVEN_UP) == [True, False]
