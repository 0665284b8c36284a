"""The session's sheet: starting one, ending one, and what it leaves."""

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import StandIn
from tests.page.stand_in_session import LIKERT, LOAD, NOT_A_CODE, RECORDING, RUNNING

SIZES = {"phone": (390, 844), "tablet": (1180, 820)}
BEST = [{"plane": "Head", "name": "head", "score": 0.93, "seq": 12, "label": "Head"}]


def opened(open_page: Open) -> Page:
    """A page with its sheet."""
    page = open_page("explain")
    page.click("#chip")
    expect(page.locator("#session h2")).to_have_text("Session")
    return page


def test_a_session_starts_with_a_code_an_arm_and_consent(open_page: Open, server: StandIn) -> None:
    """What was proposed stands there; what was chosen is what the server is asked for."""
    page = opened(open_page)
    expect(page.get_by_label("Participant code")).to_have_value("P7")
    page.get_by_role("button", name="Verdict").click()
    page.get_by_label("Consent was given").check()
    page.get_by_role("button", name="Start session").click()
    expect(page.locator("#session")).to_be_hidden()
    expect(page.locator("#chip .time")).to_have_text("3:07")
    expect(page.locator("#chip")).to_contain_text("P7")
    wanted = {"participant": "P7", "arm": "verdict", "consent": True, "recording": True}
    assert server.posts == [("/api/session/start", wanted)]


def test_a_name_and_no_consent_are_refused_in_the_servers_words(
    open_page: Open, server: StandIn, faults: list[str]
) -> None:
    """The sentence stands in the form, what was typed stays, and keys write there instead of doing."""
    page = opened(open_page)
    code = page.get_by_label("Participant code")
    code.fill("")
    code.press_sequentially("Maria Smith")
    page.keyboard.press("Enter")
    expect(page.locator("#session [role=alert]")).to_have_text(NOT_A_CODE[0].upper() + NOT_A_CODE[1:])
    expect(code).to_have_value("Maria Smith")
    code.fill("P3")
    page.get_by_role("button", name="Start session").click()
    expect(page.locator("#session [role=alert]")).to_contain_text("Consent was not given")
    assert [path for path, _ in server.posts] == ["/api/session/start"] * 2
    assert server.script.session.running is None
    faults.clear()  # the browser notes refused requests


def test_consent_may_be_left_open_where_it_is_not_needed(open_page: Open, server: StandIn) -> None:
    """Nobody was asked: that is null, not false."""
    server.script.session.needs_consent = False
    page = opened(open_page)
    page.get_by_label("Record video").uncheck()
    page.get_by_role("button", name="Start session").click()
    expect(page.locator("#session")).to_be_hidden()
    assert server.posts[0][1]["consent"] is None
    assert server.posts[0][1]["recording"] is False
    expect(page.locator("#chip")).to_contain_text("Not recorded")


def test_a_running_session_is_told_and_ended_after_one_question(open_page: Open, server: StandIn) -> None:
    """Who, arm, since when, how long there is room; the end is asked once; then best frames and what is next."""
    script = server.script
    script.session.running, script.recorder = dict(RUNNING), {**RECORDING, "losses": 3}
    script.session.best, script.session.questionnaires = BEST, [LIKERT, LOAD]
    page = opened(open_page)
    sheet = page.locator("#session")
    for words in ("P1", "Explain", "given", "3:34", "Recording 3:07", "3 frames lost", "room for 104 hours"):
        expect(sheet).to_contain_text(words)
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.get_by_role("button", name="Go on").click()
    assert server.posts == []
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it now").click()
    expect(sheet).to_contain_text("The session has ended")
    assert server.posts == [("/api/session/end", {})]
    expect(sheet.get_by_alt_text("Best frame of Head")).to_have_js_property("naturalWidth", 160)
    links = [link.get_attribute("href") for link in sheet.locator("nav a").all()]
    name = RUNNING["name"]
    assert links == [f"/questionnaire/{name}/trust", f"/questionnaire/{name}/load", f"/review/{name}"]
    page.get_by_role("button", name="New session").click()
    expect(page.get_by_label("Participant code")).to_be_focused()


def test_a_session_ended_elsewhere_is_seen_here(open_page: Open, server: StandIn) -> None:
    """The open sheet goes along with what another tablet or the command line does."""
    server.script.session.running = dict(RUNNING)
    page = opened(open_page)
    expect(page.locator("#session")).to_contain_text("P1")
    server.script.session.running, server.script.session.last = None, RUNNING["name"]
    expect(page.locator("#session")).to_contain_text("The session has ended")
    server.script.session.running = {**RUNNING, "name": "another", "participant": "P2"}
    expect(page.locator("#session .facts")).to_contain_text("P2")


@pytest.mark.parametrize("size", SIZES)
def test_a_sheet_moves_no_picture_and_fits(open_page: Open, server: StandIn, size: str) -> None:
    """The picture keeps its place to the pixel, the sheet lies beside it, and each control is 44 px or more."""
    page = open_page("explain", SIZES[size])
    page.wait_for_timeout(250)
    before = page.locator("canvas.large").bounding_box()
    page.keyboard.press("n")
    expect(page.get_by_role("button", name="Start session")).to_be_visible()
    assert page.locator("canvas.large").bounding_box() == before
    sheet = page.locator("#session").bounding_box()
    assert sheet is not None
    assert before is not None
    assert sheet["x"] >= before["x"] + before["width"] - 1 or sheet["y"] >= before["y"] + before["height"] - 1
    width, height = SIZES[size]
    assert sheet["x"] + sheet["width"] <= width
    assert sheet["y"] + sheet["height"] <= height
    for control in page.locator("#session button:visible, #session label.tick, #session input[name]").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44, control.inner_text()
    page.keyboard.press("Escape")
    expect(page.locator("#session")).to_be_hidden()


def test_a_server_without_sessions_says_so(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """The server's own sentence stands in the sheet."""
    server.script.session.refusal = "this server keeps no sessions; set [session] folder"
    page = opened(open_page)
    expect(page.locator("#session [role=alert]")).to_have_text("This server keeps no sessions; set [session] folder")
    faults.clear()  # the browser notes the refused request


def test_a_page_that_follows_the_arm_goes_along(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """With follow=arm the page changes to the view of the session's arm; an arm without a view moves none."""
    stays, goes = open_page("explain"), open_page("explain?follow=arm")
    server.script.session.running = {**RUNNING, "arm": "nowhere"}
    goes.wait_for_event("console", lambda message: "404" in message.text)
    expect(goes.locator("#chip")).to_contain_text("P1")
    faults.clear()  # the browser notes the view that is not there
    server.script.session.running = {**RUNNING, "arm": "video"}
    goes.wait_for_url("**/view/video?follow=arm")
    expect(goes.locator("#chip .view")).to_have_text("Video")
    assert stays.url.endswith("/view/explain")


def test_a_key_right_after_escape_counts(open_page: Open) -> None:
    """The sheet that was closed has the focus until the browser paints again; it hears no key any more."""
    page = open_page("explain")
    page.keyboard.press("n")
    expect(page.locator("#session")).to_be_visible()
    page.evaluate(
        "() => { const at = document.activeElement; for (const key of ['Escape', 'd']) "
        "at.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })); }"
    )
    expect(page.locator("#session")).to_be_hidden()
    expect(page.locator("#details")).to_be_visible()
