"""A person corrects what the AI saw in the held frame, and reads what it says with that."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import Json, StandIn
from tests.page.stand_in_session import RECORDING, RUNNING
from tests.page.test_pictures import until

SKULL: Json = {"label": "skull", "id": 1, "rings": [[[0.1, 0.1], [0.9, 0.1], [0.9, 0.7], [0.1, 0.7]]]}
ANSWER: Json = {
    "verdict": {"label": "Head", "level": "near", "score": 0.8, "text": "close to standard"},
    "concepts": [{"name": "cavum", "ok": False}, {"name": "thalami", "ok": True}],
    "outlines": [SKULL, {**SKULL, "id": 2}],
}


def correct(asked: Json) -> Json:
    """A bottleneck: standard with the cavum and the thalami, none without the skull."""
    if asked["labels"].get("skull") is False:
        return {"verdict": {"label": "No plane", "level": "none"}, "outlines": []}
    seen = {"cavum": False, "thalami": True, **asked["concepts"]}
    if not all(seen.values()):
        return {}
    return {"verdict": {"label": "Head", "level": "good", "text": "standard plane"}}


@pytest.fixture(autouse=True)
def running(server: StandIn) -> None:
    """A session runs, and the engine takes corrections."""
    server.script.session.running, server.script.recorder = dict(RUNNING), dict(RECORDING)
    server.script.answer, server.script.correct = lambda seq: ANSWER, correct
    server.script.engines[0]["takes_corrections"] = True


def sheet_of(page: Page) -> Locator:
    """The sheet, open."""
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.get_by_role("button", name="Correct").click()
    sheet = page.locator("#correction")
    expect(sheet).to_contain_text("The AI on frame")
    return sheet


def tap(sheet: Locator, group: str, name: str) -> Locator:
    """One button of a group, pressed."""
    button = sheet.get_by_role("group", name=group, exact=True).get_by_role("button", name=name, exact=True)
    button.click()
    return button


def sent(server: StandIn, path: str) -> list[dict[str, Any]]:
    """What was asked there."""
    return [body for at, body in server.posts if at == path]


def changed(page: Page) -> int:
    """How much the large picture differs from what it was when this was asked first: the most of all its values."""
    return int(
        page.evaluate("""() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const canvas = document.querySelector("canvas.large");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            window.first ??= data;
            done(data.reduce((most, value, at) => Math.max(most, Math.abs(value - window.first[at])), 0));
        })))""")
    )


def test_the_verdict_follows_each_tap(open_page: Open, server: StandIn) -> None:
    """Several corrections add up, a second tap takes one back, and each is kept as feedback of that frame."""
    sheet = sheet_of(open_page("explain"))
    corrected = sheet.locator(".corrected")
    expect(corrected).to_be_hidden()
    tap(sheet, "cavum", "yes")
    expect(corrected).to_have_text("With this: Head, standard plane(was: close to standard)")
    thalami = tap(sheet, "thalami", "no")
    expect(corrected).to_have_text("With this: Head, close to standard(as before)")
    tap(sheet, "thalami", "no")
    expect(thalami).to_have_attribute("aria-pressed", "false")
    expect(corrected).to_contain_text("standard plane")
    cavum = tap(sheet, "cavum", "yes")
    expect(corrected).to_be_hidden()
    expect(cavum).to_have_attribute("aria-pressed", "false")
    asked = sent(server, "/api/intervention")
    assert [one["concepts"] for one in asked] == [
        {"cavum": True},
        {"cavum": True, "thalami": False},
        {"cavum": True},
    ]
    about = {name: asked[0][name] for name in ("engine", "view", "page", "labels")}
    assert about == {"engine": "demo", "view": "explain", "page": "a1b2", "labels": {}}
    kept = sent(server, "/api/feedback")
    assert [(one["name"], one["value"]) for one in kept] == [
        ("cavum", "visible"),
        ("thalami", "not visible"),
        ("thalami", None),
        ("cavum", None),
    ]
    assert {one["seq"] for one in asked + kept} == {asked[0]["seq"]}


def test_an_outline_that_is_none_goes_from_the_held_picture(
    open_page: Open, server: StandIn, faults: list[str]
) -> None:
    """Not there: the picture is drawn without it while the sheet is open; nothing is said of a concept of that name."""
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.keyboard.press("Space")
    expect(page.locator(".held")).to_be_visible()
    assert changed(page) == 0
    sheet = sheet_of(page)
    assert sheet.get_by_role("group", name="Outline: skull").count() == 1, "each name once"
    tap(sheet, "Outline: skull", "not there")
    expect(sheet.locator(".corrected")).to_have_text("With this: No plane(was: Head, close to standard)")
    assert changed(page) > 50
    page.keyboard.press("Escape")
    assert changed(page) == 0
    assert sent(server, "/api/intervention")[0]["labels"] == {"skull": False}
    assert sent(server, "/api/feedback") == []
    faults.clear()  # the browser warns of reading a canvas often


def test_why_there_is_no_answer_is_said(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """In the server's words; what was said is kept all the same, and the next tap tries again."""
    sheet = sheet_of(open_page("explain"))
    server.script.uncorrectable = "engine demo takes no frame now; it is DEAD: it hangs"
    tap(sheet, "cavum", "yes")
    expect(sheet.locator(".corrected")).to_have_text(
        "No answer with thisEngine demo takes no frame now; it is DEAD: it hangs"
    )
    expect(sheet).to_contain_text("Kept with this frame")
    server.script.uncorrectable = ""
    tap(sheet, "thalami", "yes")
    expect(sheet.locator(".corrected")).to_contain_text("With this: Head, standard plane")
    faults.clear()  # the browser notes the refused request


def test_an_engine_without_corrections_looks_as_before(open_page: Open, server: StandIn) -> None:
    """No outlines to deny, nothing is asked, and a second tap says the same again."""
    server.script.engines[0]["takes_corrections"] = False
    sheet = sheet_of(open_page("explain"))
    for _ in range(2):
        pressed = tap(sheet, "cavum", "yes")
        expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(sheet).to_contain_text("Kept with this frame")
    assert "What is outlined" not in sheet.inner_text()
    assert sheet.locator(".corrected").count() == 0
    assert sent(server, "/api/intervention") == []
    assert [one["value"] for one in sent(server, "/api/feedback")] == ["visible", "visible"]


def test_a_view_without_explanation_shows_nothing_of_it(open_page: Open, server: StandIn) -> None:
    """The verdict's arm of a study does not learn what the AI would have said."""
    sheet = sheet_of(open_page("verdict"))
    assert sheet.locator(".corrected").count() == 0
    assert "What is outlined" not in sheet.inner_text()


def test_the_server_keeps_the_frame_that_is_corrected(open_page: Open, server: StandIn) -> None:
    """Where the large picture is the live one, it is told to hold the answered one too, and to let go at the end."""
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.locator("button.inset").click()  # the live picture becomes the large one
    page.wait_for_selector('canvas.large[data-stream="live"]')
    sheet = sheet_of(page)
    tap(sheet, "cavum", "yes")
    expect(sheet.locator(".corrected")).to_contain_text("standard plane")
    seq = sent(server, "/api/intervention")[0]["seq"]
    shown = int(page.get_attribute("canvas.large", "data-seq") or 0)
    assert shown != seq
    assert server.holds == [{"type": "hold", "seq": shown}, {"type": "hold", "seq": seq}]
    page.keyboard.press("Escape")
    expect(page.locator(".held")).to_be_hidden()
    until(page, lambda: server.holds[-1]["seq"] is None, "the server may let the frames go")


def test_what_was_held_at_first_is_corrected_later(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """Live is large and held; many answers later the sheet opens: both frames are held from the first moment on."""
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text("Head")
    page.locator("button.inset").click()
    page.wait_for_selector('canvas.large[data-stream="live"]')
    page.keyboard.press("Space")
    until(page, lambda: len(server.holds) == 2, "both holds")
    held = [{"type": "hold", "seq": int(page.get_attribute("canvas.large", "data-seq") or 0)}, server.holds[1]]
    seq = server.seq
    until(page, lambda: server.seq > seq + 20, "many pictures")
    sheet = sheet_of(page)
    tap(sheet, "cavum", "yes")
    expect(sheet.locator(".corrected")).to_contain_text("standard plane")
    assert sent(server, "/api/intervention")[0]["seq"] == held[1]["seq"]
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert server.holds == held
    server.stop()
    expect(page.locator("#status")).to_contain_text("Server gone")
    server.start()
    until(page, lambda: server.holds == held * 2, "the new connection is told of both")
    faults.clear()  # the browser notes each refused connection
