"""What a person says of the AI: tied to the very frame and answer on the screen."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import StandIn
from tests.page.stand_in_session import RECORDING, RUNNING

ANSWER: dict[str, Any] = {
    "verdict": {"label": "Head", "level": "near", "score": 0.8},
    "concepts": [{"name": "Cavum", "ok": True}, {"name": "Thalami", "ok": None}],
    "classes": [{"name": "head", "score": 0.9}, {"name": "Kidney", "score": 0.1}],
}


@pytest.fixture(autouse=True)
def running(server: StandIn) -> None:
    """A session runs."""
    server.script.session.running, server.script.recorder = dict(RUNNING), dict(RECORDING)
    server.script.answer = lambda seq: ANSWER


def said(server: StandIn) -> list[dict[str, Any]]:
    """What was told to the server."""
    return [body for path, body in server.posts if path == "/api/feedback"]


def held(page: Page) -> int:
    """Number of the frame that is held, once there is an answer."""
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.keyboard.press("Space")
    expect(page.locator(".held")).to_be_visible()
    return int(page.get_attribute("canvas.large", "data-seq") or 0)


def test_a_thumb_is_one_tap_and_names_the_frame(open_page: Open, server: StandIn) -> None:
    """Right and Wrong each are one request with the frame's number, the engine, the view and the page."""
    page = open_page("explain")
    seq = held(page)
    page.get_by_role("button", name="Right").click()
    expect(page.locator("#toasts")).to_contain_text(f"Right · frame {seq}")
    page.keyboard.press("-")
    expect(page.locator("#toasts")).to_contain_text(f"Wrong · frame {seq}")
    where = {"seq": seq, "engine": "demo", "view": "explain", "page": "a1b2"}
    assert said(server) == [{**where, "feedback": "thumb", "value": value} for value in ("up", "down")]


def test_a_thumb_beside_a_live_picture_is_about_the_answer(open_page: Open, server: StandIn) -> None:
    """Where the large picture is the live one, the answer that stands beside it is judged, by its own frame."""
    page = open_page("verdict")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    server.script.answers = False
    seq = "Number(document.querySelector('canvas.large').dataset.seq)"
    page.wait_for_function(f"before => {seq} > before + 5", arg=page.evaluate(seq))
    shown = page.evaluate(seq)
    page.get_by_role("button", name="Wrong").click()
    expect(page.locator("#toasts")).to_contain_text("Wrong")
    assert said(server)[0]["engine"] == "demo"
    assert said(server)[0]["seq"] < shown


def test_a_refusal_is_told_in_the_servers_words(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """Without a session nothing can be kept, and the toast says what to do."""
    server.script.session.running = None
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.keyboard.press("+")
    expect(page.locator("#toasts")).to_contain_text("Not kept: no session runs; start one first")
    faults.clear()  # the browser notes the refused request


def test_a_correction_speaks_of_the_frame_that_stood_there(open_page: Open, server: StandIn) -> None:
    """The picture stands still for it; verdict, level, a concept and a note all carry that frame; then it goes on."""
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.get_by_role("button", name="Correct").click()
    sheet = page.locator("#correction")
    expect(sheet).to_contain_text("Head, close")
    expect(page.locator(".held")).to_be_visible()
    seq = int(page.get_attribute("canvas.large", "data-seq") or 0)
    names = sheet.get_by_role("group", name="What it is").get_by_role("button").all_inner_texts()
    assert names == ["Head", "Abdomen", "Femur", "Kidney"]
    for group, name in (("What it is", "Femur"), ("How good it is", "not there yet"), ("Cavum", "no")):
        button = sheet.get_by_role("group", name=group).get_by_role("button", name=name)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(sheet).to_contain_text("Kept with this frame")
    sheet.get_by_label("Note").fill("shadow of the skull <b>")
    sheet.get_by_role("button", name="Keep the note").click()
    expect(sheet.get_by_label("Note")).to_have_value("")
    where = {"seq": seq, "engine": "demo", "view": "explain", "page": "a1b2"}
    assert said(server) == [
        {**where, "feedback": "verdict", "value": {"label": "Femur"}},
        {**where, "feedback": "verdict", "value": {"level": "poor"}},
        {**where, "feedback": "concept", "name": "Cavum", "value": "not visible"},
        {**where, "feedback": "note", "value": "shadow of the skull <b>"},
    ]
    page.keyboard.press("Escape")
    expect(page.locator(".held")).to_be_hidden()


def test_a_picture_that_was_held_before_stays_held(open_page: Open) -> None:
    """The sheet lets go only of what it held itself."""
    page = open_page("explain")
    held(page)
    page.keyboard.press("c")
    expect(page.locator("#correction")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#correction")).to_be_hidden()
    expect(page.locator(".held")).to_be_visible()


def test_what_could_not_be_kept_stays_in_the_sheet(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """A note that the server could not take is still there, with the reason under it."""
    page = open_page("explain")
    page.keyboard.press("c")
    sheet = page.locator("#correction")
    sheet.get_by_label("Note").fill("important")
    server.script.refuse = "the disk is too slow; this could not be kept"
    sheet.get_by_role("button", name="Keep the note").click()
    expect(sheet.get_by_role("alert")).to_have_text("The disk is too slow; this could not be kept")
    expect(sheet.get_by_label("Note")).to_have_value("important")
    faults.clear()  # the browser notes the refused request


def test_the_control_arm_has_notes_and_nothing_of_the_ai(open_page: Open, server: StandIn) -> None:
    """No thumbs, by button or key, and a note that carries the frame and no engine."""
    page = open_page("video")
    for name in ("Right", "Wrong", "Correct"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    page.keyboard.press("+")
    page.keyboard.press("-")
    page.get_by_role("button", name="Note").click()
    sheet = page.locator("#correction")
    seq = int(page.get_attribute("canvas.large", "data-seq") or 0)
    expect(sheet).to_contain_text(f"About frame {seq}")
    assert "AI" not in page.inner_text("body")
    assert sheet.get_by_role("group").count() == 0
    sheet.get_by_label("Note").fill("probe changed")
    sheet.get_by_role("button", name="Keep the note").click()
    expect(sheet).to_contain_text("Kept with this frame")
    where = {"seq": seq, "engine": "", "view": "video", "page": "a1b2"}
    assert said(server) == [{**where, "feedback": "note", "value": "probe changed"}]


def test_the_control_arm_is_offered_no_best_frames(open_page: Open, server: StandIn) -> None:
    """They are the AI's choice: neither while the session runs nor at its end."""
    server.script.session.best = [{"plane": "Head", "name": "head", "score": 0.93, "seq": 12, "label": "Head"}]
    page = open_page("video")
    page.keyboard.press("n")
    page.get_by_role("button", name="End session").click()
    assert "AI" not in page.inner_text("body")
    page.get_by_role("button", name="End it now").click()
    expect(page.locator("#session")).to_contain_text("The session has ended")
    assert not {"AI", "Head", "Best frames"} & set(page.locator("#session").all_inner_texts()[0].split("\n"))
    assert page.locator("#session img").count() == 0


@pytest.mark.parametrize(("clip", "words"), [(True, "with the seconds before"), (False, "without a clip")])
def test_a_snapshot_says_whether_a_clip_is_kept(open_page: Open, server: StandIn, clip: bool, words: str) -> None:
    """The toast names the frame and what was kept of the seconds before it."""
    server.script.clip = clip
    page = open_page("explain")
    page.get_by_role("button", name="Snapshot").click()
    expect(page.locator("#toasts")).to_contain_text(words)
