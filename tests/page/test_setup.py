"""The setup page: areas are drawn by hand, mouse and keys, proposed, and kept."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, expect
from tests.end_to_end.box import wait
from tests.page.stand_in_setup import FOUND, SIZE, SetupStandIn

Opened = Callable[..., Page]


@pytest.fixture
def setup() -> Iterator[SetupStandIn]:
    """A server with a broadcaster that can be set up."""
    stand_in = SetupStandIn()
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def opened(browser: Browser, setup: SetupStandIn) -> Iterator[Opened]:
    """Opens the page once it shows the picture; nothing may go wrong unseen."""
    faults: list[str] = []
    pages: list[Page] = []

    def open_(size: tuple[int, int] = (1180, 820), **options: Any) -> Page:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, **options)
        pages.append(page)
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Security" in said.text else None)
        page.goto(f"{setup.url}/setup")
        page.wait_for_selector(f"#picture[width='{SIZE[0]}']")
        expect(page.locator("#add")).to_be_enabled()
        return page

    yield open_
    for page in pages:
        page.close()
    assert not faults


def drag(page: Page, node: Locator, dx: float, dy: float) -> None:
    """With the mouse, from the middle of the node."""
    box = node.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()


def saved(page: Page, setup: SetupStandIn) -> dict[str, Any]:
    """What is sent when it is saved."""
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/api/setup")):
        page.click("#save")
    return setup.posts[-1][1]


def scale_of(page: Page) -> float:
    """Pixels of the picture for one of the page."""
    box = page.locator("#picture").bounding_box()
    assert box is not None
    return SIZE[0] / box["width"]


def test_a_mask_is_added_dragged_and_saved(opened: Opened, setup: SetupStandIn) -> None:
    """Where it was dragged to, in pixels of the whole picture, is what is kept; the page says what holds."""
    page = opened()
    expect(page.locator("#notice")).to_contain_text("Names are not masked")
    page.click("#add")
    drag(page, page.locator(".area.mask"), 50, -40)
    scale = scale_of(page)
    asked = saved(page, setup)
    x, y, width, height = asked["mask"][0]
    assert (width, height) == (128, 96)
    assert abs(x - (256 + 50 * scale)) <= 2 and abs(y - (192 - 40 * scale)) <= 2
    assert asked["crop"] == asked["fan"] == [] and asked["preset"] == "scanner"
    expect(page.locator("#notice")).to_have_text("In use")


def test_a_corner_makes_it_larger_and_the_edge_holds_it(opened: Opened, setup: SetupStandIn) -> None:
    """The opposite corner stays; no area leaves the picture."""
    page = opened()
    page.click("#add")
    drag(page, page.locator(".area.mask .corner.se"), 3000, 3000)
    assert saved(page, setup)["mask"] == [[256, 192, 384, 288]]


def test_keys_alone_are_enough(opened: Opened, setup: SetupStandIn) -> None:
    """Tab chooses, arrows move, Shift resizes, Alt goes by one pixel, Delete removes; each is read out by its place."""
    page = opened()
    page.focus("#add")
    page.keyboard.press("Enter")
    mask = page.locator(".area.mask")
    expect(mask).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "Alt+ArrowLeft", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(mask).to_have_attribute("aria-label", "Mask 1: 261 across, 198 down, 134 by 96 pixels")
    assert saved(page, setup)["mask"] == [[261, 198, 134, 96]]
    page.focus(".area.mask")
    page.keyboard.press("Delete")
    expect(mask).to_have_count(0)
    assert saved(page, setup)["mask"] == []


def test_a_finger_drags(opened: Opened, setup: SetupStandIn) -> None:
    """A touch moves the area, not the page."""
    page = opened(size=(390, 844), has_touch=True)
    page.tap("#add")
    box = page.locator(".area.mask").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    cdp = page.context.new_cdp_session(page)
    for kind, at in (("touchStart", x), ("touchMove", x + 20), ("touchMove", x + 40), ("touchEnd", None)):
        points = [] if at is None else [{"x": at, "y": y}]
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.locator(".area.mask")).not_to_have_attribute(
        "aria-label", "Mask 1: 256 across, 192 down, 128 by 96 pixels"
    )
    assert abs(saved(page, setup)["mask"][0][0] - (256 + 40 * scale_of(page))) <= 3


def test_proposals_are_drawn_and_nothing_is_used_before_it_is_saved(opened: Opened, setup: SetupStandIn) -> None:
    """Fan, crop and masks as they were found; where something was not found, why."""
    page = opened()
    setup.found["why_no_mask"] = "the text finder is not built: run `bedside build text` once"
    page.click("#find")
    expect(page.locator(".toast")).to_contain_text("bedside build text")
    expect(page.locator("#notice")).to_contain_text("Names are not masked")
    assert not setup.posts
    page.click("#save")
    page.wait_for_function("() => document.querySelector('#notice').textContent === 'In use'")
    asked = setup.posts[-1][1]
    assert {name: asked[name] for name in ("fan", "crop", "mask")} == {
        name: FOUND[name] for name in ("fan", "crop", "mask")
    }


def test_what_shows_more_is_asked_first(opened: Opened, setup: SetupStandIn) -> None:
    """The browser asks with the server's own words; "Cancel" changes nothing, "OK" confirms."""
    page = opened()
    setup.asks = "this shows parts of the picture that are hidden so far"
    said: list[str] = []

    def answer(dialog: Dialog) -> None:
        said.append(dialog.message)
        if len(said) == 1:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    for does in ("dismiss", "accept"):
        page.click("#save")
        expect(page.locator(".toast").last).to_contain_text(
            "Nothing was changed" if does == "dismiss" else "In use from the next picture on"
        )
    assert len(said) == 2 and "hidden so far" in said[0]
    assert [body.get("confirm") for _, body in setup.posts] == [None, None, True]


def test_taking_the_masks_off_keeps_what_was_drawn(opened: Opened, setup: SetupStandIn) -> None:
    """It is said that nobody else gets a picture, and the button puts them on again."""
    page = opened()
    page.click("#add")
    page.click("#open")
    expect(page.locator("#notice")).to_contain_text("Nobody else gets a picture")
    expect(page.locator(".area.mask")).to_have_count(1)
    page.click("#open")
    expect(page.locator("#notice")).not_to_contain_text("Nobody else")
    assert setup.posts == [("/api/setup/open", {"open": True}), ("/api/setup/open", {"open": False})]


def test_the_button_does_what_it_says_when_the_masks_came_back_by_themselves(
    opened: Opened, setup: SetupStandIn
) -> None:
    """After the time has passed it says "Take the masks off" again, and pressing it does that."""
    page = opened()
    page.click("#open")
    expect(page.locator("#open")).to_have_text("Put the masks on again")
    setup.state["is_open"] = False
    expect(page.locator("#open")).to_have_text("Take the masks off")
    page.click("#open")
    expect(page.locator("#open")).to_have_text("Put the masks on again")
    assert [body["open"] for _, body in setup.posts] == [True, True]


def brightest(page: Page) -> int:
    """Of what is painted on the canvas."""
    return int(
        page.evaluate(
            "() => { const at = document.getElementById('picture');"
            " return Math.max(...at.getContext('2d').getImageData(0, 0, at.width, at.height).data.slice(0, 40000)); }"
        )
    )


def test_no_whole_picture_stays_when_there_is_none_any_more(opened: Opened, setup: SetupStandIn) -> None:
    """When the broadcaster goes, the canvas is empty and the sentence says why."""
    page = opened()
    page.click("#open")
    assert brightest(page) > 0
    setup.no_picture = "the broadcaster does not answer; is it running?"
    expect(page.locator("#notice")).to_contain_text("The broadcaster does not answer")
    assert brightest(page) == 0
    setup.no_picture = ""
    expect(page.locator("#notice")).not_to_contain_text("does not answer")
    assert brightest(page) > 0


def test_a_page_that_is_hidden_puts_the_masks_on_again(opened: Opened, setup: SetupStandIn) -> None:
    """Whoever goes to another tab or leaves takes the picture from nobody, and finds it again on coming back."""
    page = opened()
    page.click("#open")
    expect(page.locator("#open")).to_have_text("Put the masks on again")
    hide = "is => { Object.defineProperty(document, 'hidden', {value: is, configurable: true});"
    with page.expect_response(lambda answer: answer.url.endswith("/api/setup/open")):
        page.evaluate(hide + " document.dispatchEvent(new Event('visibilitychange')); }", True)
    assert setup.posts[-1] == ("/api/setup/open", {"open": False}) and brightest(page) == 0
    page.evaluate(hide + " document.dispatchEvent(new Event('visibilitychange')); }", False)
    wait(lambda: brightest(page) > 0, "the picture is there again")
    expect(page.locator("#open")).to_have_text("Take the masks off")
    page.click("#open")
    expect(page.locator("#open")).to_have_text("Put the masks on again")
    page.goto(f"{setup.url}/page/icon.svg")
    wait(lambda: setup.posts[-1] == ("/api/setup/open", {"open": False}), "it is closed")


def test_a_changed_screen_is_said_and_how_to_see_it(opened: Opened, setup: SetupStandIn) -> None:
    """Withheld, the page says that nothing leaves and that the masks are to be taken off to look."""
    page = opened()
    setup.state |= {"layout": "changed", "is_withheld": True}
    expect(page.locator("#notice")).to_contain_text("no picture leaves. To see it, take the masks off")
    setup.state["is_withheld"] = False
    expect(page.locator("#notice")).to_contain_text("names may show. Check the masks")


def test_a_refusal_is_said_and_a_preset_is_loaded(opened: Opened, setup: SetupStandIn) -> None:
    """The server's own sentence; a saved preset is used by one press."""
    page = opened()
    setup.refuse = "presets/scanner.toml cannot be written (no space)"
    page.click("#save")
    expect(page.locator(".toast")).to_contain_text("cannot be written")
    setup.refuse = ""
    page.select_option("#presets", "room-1")
    page.click("#load")
    expect(page.locator(".toast").last).to_contain_text("In use")
    assert setup.posts[-1] == ("/api/setup", {"load": "room-1"})


@pytest.mark.parametrize("size", [(390, 844), (820, 1180), (1180, 820), (1920, 1080)])
def test_everything_can_be_touched(opened: Opened, setup: SetupStandIn, size: tuple[int, int]) -> None:
    """Buttons and grips are 44 pixels and more, nothing is cut off sideways, and it says research use only."""
    setup.state["mask"] = [[10, 10, 40, 16]]
    page = opened(size)
    page.locator("#list button", has_text="Mask 1").click()
    for node in page.locator("button:visible, select:visible, input:visible, .corner:visible").all():
        box = node.bounding_box()
        assert box is not None and box["width"] >= 44 and box["height"] >= 44, node.inner_text()
        is_grip = "corner" in (node.get_attribute("class") or "")
        assert is_grip or (box["x"] >= 0 and box["x"] + box["width"] <= size[0])
    expect(page.locator(".ruo")).to_have_text("Research use only")
