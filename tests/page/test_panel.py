"""What the panel says of an answer."""

import base64
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect
from tests.page.conftest import Open
from tests.page.stand_in import StandIn

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><b>"
CONCEPTS: list[dict[str, Any]] = [
    {"name": "Symmetrical", "ok": True, "value": 9, "max": 10},
    {"name": "Thalami", "ok": False, "value": 6, "max": 10},
    {"name": "Cavum", "ok": False, "value": 1, "max": 10, "hint": "show the cavum clearly"},
    {"name": "Calipers", "ok": None},
]


@pytest.mark.parametrize(
    ("verdict", "sign", "word"),
    [
        ({"label": "Head", "level": "good"}, "good", "good"),
        ({"label": "Head", "level": "near", "score": 0.79}, "near", "close · 79 %"),
        ({"label": "Head", "level": "poor", "text": "turn the probe"}, "poor", "turn the probe"),
        ({"label": "Nothing", "level": "none"}, "none", "nothing recognised"),
        ({"label": "Odd", "level": "splendid"}, "none", "nothing recognised"),
    ],
)
def test_each_level_has_its_shape_and_its_word(
    open_page: Open, server: StandIn, verdict: dict[str, Any], sign: str, word: str
) -> None:
    """A level is told by a drawing and a word, not by its colour alone."""
    server.script.answer = lambda seq: {"verdict": verdict}
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text(verdict["label"])
    expect(page.locator(".verdict .word")).to_have_text(word)
    assert page.get_attribute(".verdict > .icon", "data-icon") == sign


def test_the_checklist_keeps_its_order_and_says_what_is_missing(open_page: Open, server: StandIn) -> None:
    """Present, partly there, missing and not known each have a sign and a word; the first hint stands above."""
    server.script.answer = lambda seq: {"concepts": CONCEPTS}
    page = open_page("explain")
    rows = page.locator(".concepts li")
    expect(rows).to_have_count(4)
    assert [row.locator(".name").inner_text() for row in rows.all()] == [c["name"] for c in CONCEPTS]
    assert [row.locator(".state").text_content() for row in rows.all()] == ["present", "partly", "missing", "not known"]
    signs = [row.locator(".icon").get_attribute("data-icon") for row in rows.all()]
    assert signs == ["tick", "half", "empty", "unknown"]
    expect(page.locator(".hint")).to_have_text("Improve first: show the cavum clearly")


def test_classes_measurements_guidance_and_text(open_page: Open, server: StandIn) -> None:
    """The three best classes, values with unit and uncertainty, where to move, and text, all as given."""
    classes = [{"name": name, "score": score} for name, score in [("a", 0.1), ("b", 0.6), ("c", 0.25), ("d", 0.05)]]
    server.script.answer = lambda seq: {
        "classes": classes,
        "measurements": [
            {"name": "HC", "value": 287.41, "unit": "mm", "uncertainty": 3.12},
            {"name": "count", "value": 3, "unit": ""},
        ],
        "guidance": {"text": "Tilt down a little", "direction": "tilt_down", "detail": "about 6°"},
        "text": "B-lines: 3",
    }
    page = open_page("explain")
    expect(page.locator(".classes li")).to_have_text(["b60 %", "c25 %", "a10 %"])
    expect(page.locator(".measurements .number")).to_have_text(["287.4 ± 3.12 mm", "3"])
    expect(page.locator(".guide")).to_contain_text("Tilt down a little")
    expect(page.locator(".guide")).to_contain_text("about 6°")
    assert page.get_attribute(".guide > .icon", "data-icon") == "tilt_down"
    expect(page.locator(".scroll .text")).to_have_text("B-lines: 3")


def test_what_an_answer_leaves_out_is_not_there(open_page: Open, server: StandIn) -> None:
    """The next answer without a checklist leaves no old one behind."""
    server.script.answer = lambda seq: {"concepts": CONCEPTS, "guidance": {"text": "Hold"}, "text": "old"}
    page = open_page("explain")
    expect(page.locator(".concepts li")).to_have_count(4)
    server.script.answer = lambda seq: {"verdict": {"label": "Head", "level": "good"}}
    expect(page.locator(".verdict .label")).to_have_text("Head")
    for part in (".concepts", ".guide", ".hint", ".scroll .text"):
        expect(page.locator(part)).to_be_hidden()


def test_images_of_an_answer_are_shown(open_page: Open, server: StandIn) -> None:
    """A small picture of an answer is shown with its title; an address that is no data is not followed."""
    done, png = cv2.imencode(".png", np.full((2, 2), 128, np.uint8))
    assert done
    dot = "data:image/png;base64," + base64.b64encode(png.tobytes()).decode()
    images = [
        {"name": "cam", "title": "Where it looked", "src": dot},
        {"name": "bad", "src": "http://192.0.2.1/x.png"},
    ]
    server.script.answer = lambda seq: {"images": images}
    page = open_page("explain")
    expect(page.locator(".images figcaption")).to_have_text(["Where it looked", "bad"])
    assert page.locator(".images img").nth(0).get_attribute("src") == dot
    assert page.locator(".images img").nth(1).get_attribute("src") == ""


def test_hostile_words_stay_words(open_page: Open, server: StandIn) -> None:
    """Mark-up in any text of an engine or of the source is shown as it is written, and does nothing."""
    server.script.answer = lambda seq: {
        "verdict": {"label": HOSTILE, "level": "good", "text": HOSTILE},
        "concepts": [{"name": HOSTILE, "ok": False, "hint": HOSTILE}],
        "classes": [{"name": HOSTILE, "score": 1.0}],
        "measurements": [{"name": HOSTILE, "value": 1.0, "unit": HOSTILE}],
        "guidance": {"text": HOSTILE, "direction": "__proto__", "detail": HOSTILE},
        "boxes": [{"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5, "label": HOSTILE}],
        "text": HOSTILE,
    }
    server.script.signal.update(message=HOSTILE, device=HOSTILE)
    server.script.engines[0]["message"] = HOSTILE
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_have_text(HOSTILE)
    page.click("#status")
    expect(page.locator("#details")).to_contain_text(HOSTILE)
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == "Explain · Bedside"


def test_an_answer_of_wild_values_breaks_nothing(open_page: Open, server: StandIn) -> None:
    """Shapes outside the picture, empty rings and numbers past their range are drawn as far as they go."""
    server.script.answer = lambda seq: {
        "verdict": {"label": "x" * 400, "level": "near", "score": 7},
        "outlines": [{"label": "", "id": 1, "rings": []}, {"label": "far", "id": 2, "rings": [[[9, 9], [-9, 3]]]}],
        "ellipses": [{"x": 0.5, "y": 0.5, "rx": -0.2, "ry": 0.1}],
        "concepts": [{"name": "over", "ok": True, "value": 1e9, "max": 0}],
        "lines": [{"x1": 0.2, "y1": 0.2, "x2": 0.2, "y2": 0.2, "label": "none long"}],
    }
    page = open_page("explain")
    before = page.get_attribute("canvas.large", "data-seq")
    expect(page.locator("canvas.large")).not_to_have_attribute("data-seq", before or "")
    box = page.locator(".panel").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 1180


def test_the_verdict_stays_in_sight_when_the_list_is_long(open_page: Open, server: StandIn) -> None:
    """Forty concepts scroll inside the panel; verdict and buttons stay where they are, on a phone too."""
    concepts = [{"name": f"concept {n}", "ok": n % 2 == 0} for n in range(40)]
    server.script.answer = lambda seq: {"verdict": {"label": "Head", "level": "near"}, "concepts": concepts}
    page = open_page("explain", (390, 844))
    expect(page.locator(".concepts li")).to_have_count(40)
    page.locator(".concepts li").nth(39).scroll_into_view_if_needed()
    expect(page.locator(".verdict .label")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Snapshot")).to_be_in_viewport(ratio=1)
    assert page.evaluate("() => [scrollX, scrollY]") == [0, 0]


def test_parts_that_an_answer_lacks_are_named_beside_the_verdict(open_page: Open, server: StandIn) -> None:
    """In a quiet line: which, and why in a word fit for a patient's eyes. It keeps its place, so that nothing moves."""
    server.script.answer = lambda seq: {"verdict": {"label": "Head", "level": "good"}, "concepts": CONCEPTS}
    page = open_page("explain")
    expect(page.locator(".without")).to_be_hidden()
    server.script.missing = {"segmenter": "late", "depth": "dead: it is gone: nothing listens at http://127.0.0.1:8722"}
    expect(page.locator(".without")).to_have_text("without: segmenter (late), depth (gone)")
    before = page.locator(".concepts").bounding_box()
    server.script.missing = {}
    expect(page.locator(".without")).to_have_text("")
    assert page.locator(".concepts").bounding_box() == before
    server.script.missing = {HOSTILE: "late"}
    expect(page.locator(".without")).to_have_text(f"without: {HOSTILE} (late)")
    expect(page.locator(".without b")).to_have_count(0)


def test_parts_are_not_missed_where_there_is_no_answer(open_page: Open, server: StandIn) -> None:
    """When the engine is gone the page speaks of that alone."""
    server.script.missing = {"segmenter": "late"}
    page = open_page("verdict")
    expect(page.locator(".without")).to_have_text("without: segmenter (late)")
    server.script.answers = False
    server.script.engines[0].update(state="DEAD", message="killed")
    expect(page.locator(".verdict .label")).not_to_have_text("Head")
    expect(page.locator(".without")).to_have_text("")
