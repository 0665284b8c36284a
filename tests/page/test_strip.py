"""The planes that a scan needs, under the picture."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.page.conftest import Open, fitted
from tests.page.stand_in import StandIn
from tests.page.test_looks import SIZES

NONE = {"level": "none", "score": None, "picture": None}
HEAD = {"name": "Head", "level": "good", "score": 0.93, "picture": {"name": "Head", "seq": 41}}
ABDOMEN = {"name": "Abdomen", "level": "near", "score": 0.62, "picture": None}
FEMUR, CERVIX = {"name": "Femur", **NONE}, {"name": "Cervix", **NONE}


def progress(*planes: dict[str, Any], keeps: str = "yes") -> dict[str, Any]:
    """As the server says it."""
    return {"keeps": keeps, "planes": list(planes or (HEAD, ABDOMEN, FEMUR, CERVIX))}


def cell(page: Page, name: str) -> Locator:
    """One plane's."""
    return page.locator(f".plane[data-name={name}]")


def overlap(a: Any, b: Any) -> bool:
    """Whether two boxes share more than a hairline."""
    across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    return bool(across > 1 and down > 1)


def test_each_needed_plane_says_what_was_reached(open_page: Open, server: StandIn) -> None:
    """Best frame, score and tick; close; needed: by sign and word; and which plane is looked at now."""
    server.script.progress = progress()
    page = open_page("explain")
    expect(cell(page, "Head")).to_contain_text("93 %")
    expect(cell(page, "Head").locator("svg")).to_have_attribute("data-icon", "good")
    expect(cell(page, "Head").locator("img")).to_have_attribute("src", "/api/best/Head.jpg?seq=41")
    expect(cell(page, "Abdomen")).to_contain_text("close · 62 %")
    expect(cell(page, "Femur")).to_contain_text("needed")
    expect(cell(page, "Femur").locator("img")).to_be_hidden()
    expect(page.locator(".plane.is-now")).to_have_attribute("data-name", "Head")
    server.script.answer = lambda seq: {"verdict": {"label": "femur", "level": "near"}}
    expect(page.locator(".plane.is-now")).to_have_attribute("data-name", "Femur")
    server.script.answer = lambda seq: {"verdict": {"label": "No plane", "level": "none"}}
    expect(page.locator(".plane.is-now")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("label", ["Head", "Transthalamic plane", "Transventricular plane, oblique"])
def test_the_verdict_stands_whole_beside_the_planes(open_page: Open, server: StandIn, label: str, size: str) -> None:
    """Sign, label and words lie between planes and buttons, none of them cut."""
    server.script.progress = progress()
    server.script.can_control, server.script.probe = True, {}
    verdict = {"label": label, "level": "near", "score": 0.83, "text": "close to a standard plane"}
    server.script.answer = lambda seq: {"verdict": verdict}
    page = open_page("verdict", SIZES[size])
    expect(page.locator(".verdict .label")).to_have_text(label)
    panel = page.locator("#panel").bounding_box()
    assert panel is not None
    for part in (".verdict > .icon", ".verdict .label", ".verdict .word"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] >= panel["y"], part
        assert box["y"] + box["height"] <= panel["y"] + panel["height"], part


def test_a_better_frame_is_another_picture_at_once(open_page: Open, server: StandIn) -> None:
    """The page asks for the picture that the server names, and shows its score."""
    server.script.progress = progress()
    page = open_page("explain")
    expect(cell(page, "Head")).to_contain_text("93 %")
    server.script.progress = progress({**HEAD, "score": 0.97, "picture": {"name": "Head", "seq": 77}}, ABDOMEN)
    expect(cell(page, "Head").locator("img")).to_have_attribute("src", "/api/best/Head.jpg?seq=77")
    expect(cell(page, "Head")).to_contain_text("97 %")
    expect(page.locator(".plane")).to_have_count(2)


def test_a_tap_shows_a_best_frame_whole(open_page: Open, server: StandIn) -> None:
    """Nothing lies over the picture unasked; Escape and the cross close it; a plane without a picture opens nothing."""
    server.script.progress = progress()
    page = open_page("explain")
    expect(cell(page, "Abdomen")).to_be_disabled()
    cell(page, "Head").click()
    expect(page.locator("#best-frame")).to_be_visible()
    expect(page.locator("#best-frame h2")).to_have_text("Best Head · 93 %")
    expect(page.locator("#best-frame img")).to_have_attribute("src", "/api/best/Head.png?seq=41")
    page.keyboard.press("Escape")
    expect(page.locator("#best-frame")).to_be_hidden()


@pytest.mark.parametrize(
    ("keeps", "words"),
    [("no_session", "A session keeps the best pictures"), ("no_consent", "No pictures are kept without consent")],
)
def test_why_no_picture_is_kept_is_said(open_page: Open, server: StandIn, keeps: str, words: str) -> None:
    """In a few words under the planes; levels and scores are there all the same."""
    server.script.progress = progress({**HEAD, "picture": None}, keeps=keeps)
    page = open_page("verdict")
    expect(page.locator(".strip-note")).to_have_text(words)
    expect(cell(page, "Head")).to_contain_text("93 %")


def test_the_control_arm_and_a_scan_without_planes_have_no_strip(open_page: Open, server: StandIn) -> None:
    """What is not needed takes no room, and `video` shows nothing of the AI."""
    page = open_page("explain")
    expect(page.locator("#strip")).to_be_hidden()
    server.script.progress = progress()
    expect(page.locator("#strip")).to_be_visible()
    expect(open_page("video").locator("#strip")).to_be_hidden()


def test_what_was_reached_stays_while_the_server_is_away(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """The strip neither vanishes nor moves the picture."""
    server.script.progress = progress()
    page = open_page("explain")
    expect(cell(page, "Head")).to_be_visible()
    server.stop()
    expect(page.locator(".band")).to_be_visible()
    expect(cell(page, "Head")).to_contain_text("93 %")
    server.start()
    faults.clear()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", ["explain", "verdict", "monitor"])
def test_the_strip_lies_beside_the_picture_and_never_on_it(
    open_page: Open, server: StandIn, view: str, size: str
) -> None:
    """At every size it is in the window, hides neither picture nor verdict, and can be touched and read."""
    server.script.progress = progress(keeps="no_session")
    page = open_page(view, SIZES[size])
    expect(cell(page, "Cervix")).to_be_in_viewport(ratio=1)
    expect(page.locator(".verdict .label")).to_have_text("Head")
    fitted(page)
    strip, picture = page.locator("#strip").bounding_box(), page.locator("canvas.large").bounding_box()
    assert picture is not None
    assert not overlap(strip, picture)
    assert not overlap(strip, page.locator(".verdict").bounding_box())
    assert picture["width"] * picture["height"] > 0.2 * SIZES[size][0] * SIZES[size][1]
    if size in ("tablet", "portrait", "monitor") and view == "explain":
        expect(page.locator(".inset")).to_be_visible()
        assert not overlap(page.locator(".inset").bounding_box(), picture), "the small picture has room elsewhere"
    for box in (one.bounding_box() for one in page.locator(".plane").all()):
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    font = page.eval_on_selector(".plane .name", "node => parseFloat(getComputedStyle(node).fontSize)")
    assert font >= (15 if size == "phone" else 19)
