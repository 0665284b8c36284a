"""How the review looks: what fingers reach, what eyes can read, what keys do, and that nothing comes from outside."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.page.review.conftest import Open, OpenFolder, Server
from tests.page.stand_in import PAGE
from tests.page.test_looks import CONTRASTS, SIZES, colours
from tests.recording import START_WALL_NS, Plan, make_session

SOURCES = sorted((PAGE / "review").iterdir())


def check_fits(page: Page, size: tuple[int, int]) -> None:
    """Nothing sticks out sideways, and whatever can be tapped is 44 px or more."""
    page.evaluate("() => document.fonts.ready")
    for control in page.locator("button:visible, select:visible, input:visible, textarea:visible, a:visible").all():
        box = control.bounding_box()
        assert box is not None
        name = control.evaluate("node => node.outerHTML.slice(0, 120)")
        if control.get_attribute("type") != "radio":
            assert box["width"] >= 44, name
            assert box["height"] >= 43.9, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= size[0] + 0.5, name
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]
    expect(page.locator(".ruo").first).to_be_in_viewport(ratio=1)


def check_contrast(page: Page) -> None:
    """Words stand out from what is behind them by 4.5 to 1 or more."""
    faint = [found for found in page.evaluate(CONTRASTS) if found[1] < 4.5]
    assert not faint


@pytest.mark.parametrize("name", SIZES)
def test_everything_fits_and_can_be_touched(review: Open, reviewed: Server, made: Path, name: str) -> None:
    """On a phone, a tablet both ways and a monitor: each tab and the form fit, and the picture is a large thing."""
    size = SIZES[name]
    page = review(reviewed, f"/review/{made.name}#at=2", size)
    check_fits(page, size)
    picture = page.locator("canvas.large").bounding_box()
    assert picture is not None
    assert picture["width"] * picture["height"] > 0.2 * size[0] * size[1]
    page.get_by_role("button", name="Correct").click()
    check_fits(page, size)
    check_contrast(page)
    for tab in ("Kept", "Events"):
        page.get_by_role("tab", name=tab).click()
        check_fits(page, size)
        check_contrast(page)


@pytest.mark.parametrize("name", ["phone", "tablet"])
def test_the_list_says_what_each_session_has(
    review: Open, tmp_path: Path, reviewed_folder: OpenFolder, name: str
) -> None:
    """Newest first, with participant, arm and what was kept; a broken one says why; a tap opens one."""
    make_session(tmp_path, Plan(seconds=2.0))
    newer = make_session(tmp_path, Plan(seconds=2.0, participant="P2", start_wall_ns=START_WALL_NS + 3600 * 10**9))
    broken = make_session(tmp_path, Plan(seconds=2.0, participant="P3", start_wall_ns=START_WALL_NS + 7200 * 10**9))
    (broken / "session.json").write_text("{")
    page = review(reviewed_folder(tmp_path), "/review", SIZES[name], painted=False)
    cards = page.locator(".session-card")
    expect(cards).to_have_count(3)
    expect(cards.nth(0)).to_contain_text("session.json")
    expect(cards.nth(1)).to_contain_text("P2")
    expect(cards.nth(1)).to_contain_text("3 best frames")
    expect(cards.nth(2)).to_contain_text("P1")
    check_fits(page, SIZES[name])
    check_contrast(page)
    cards.nth(1).click()
    page.wait_for_url(f"**/review/{newer.name}*")
    page.wait_for_selector("canvas.large[data-seq]")


def test_a_session_that_is_not_there_is_said(review: Open, reviewed: Server, faults: list[str]) -> None:
    """The server's sentence stands on the page."""
    page = review(reviewed, "/review/2020-01-01T00-00-00_P9", painted=False)
    expect(page.get_by_role("alert")).to_contain_text("there is no session")
    assert any("404" in fault for fault in faults)
    faults.clear()


def test_reads_with_a_screen_reader(review: Open, reviewed: Server, made: Path) -> None:
    """The picture, the timeline, the tabs and every button have names; the help opens by a key and says them all."""
    page = review(reviewed, f"/review/{made.name}#at=2")
    expect(page.get_by_role("img", name="Frame 50")).to_be_visible()
    expect(page.get_by_role("slider", name="Timeline")).to_have_attribute("aria-valuetext", "0:02.00 of 0:09, frame 50")
    expect(page.get_by_role("toolbar", name="Player")).to_be_visible()
    nameless = (
        "() => [...document.querySelectorAll('button')].filter((b) => !b.ariaLabel && !b.textContent.trim()).length"
    )
    assert page.evaluate(nameless) == 0
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_contain_text("Research use only")


def test_the_timeline_zooms_and_scrolls(review: Open, reviewed: Server, made: Path) -> None:
    """The wheel zooms around the pointer, sideways it scrolls, the button shows all again; the place stays."""
    page = review(reviewed, f"/review/{made.name}#at=4")
    part = page.locator(".overview .part")
    expect(part).to_be_hidden()
    page.locator(".tracks").hover()
    for _ in range(6):
        page.mouse.wheel(0, -120)
    expect(part).to_be_visible()
    before = part.bounding_box()
    page.mouse.wheel(200, 0)
    page.wait_for_function(
        "left => document.querySelector('.part').getBoundingClientRect().left > left + 5",
        arg=before["x"] if before else 0,
    )
    page.get_by_role("button", name="Whole session").click()
    expect(part).to_be_hidden()
    expect(page.locator(".clock")).to_contain_text("0:04.00")


def test_colours_of_alarms_are_not_used() -> None:
    """No saturated red, yellow or cyan, in the style sheet or on the timeline."""
    for path in (PAGE / "review.css", PAGE / "review" / "lanes.js"):
        for hue, lightness, saturation in colours(path.read_text()):
            is_strong = saturation > 0.5 and 0.25 < lightness < 0.9
            assert not (is_strong and (hue < 15 or hue > 345 or 45 < hue < 75 or 172 < hue < 194)), (path.name, hue)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_source_keeps_the_house_rules(path: Path) -> None:
    """No mark-up from data, no address of another host, no file too long to read."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert not re.search(r"https?://", text)
    assert text.count("\n") <= 300
