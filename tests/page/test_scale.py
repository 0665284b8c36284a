"""The sheet on which a person sets the scale."""

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import SCALE, StandIn
from tests.page.test_pictures import until

RULER_X = 600 / 640
TOP, BOTTOM = 40 / 480, 440 / 480


def begin(page: Page) -> None:
    """From the session's sheet."""
    page.keyboard.press("n")
    page.locator("#session").get_by_role("button", name="Set the scale").click()
    page.wait_for_function(
        """() => {
          const boxOf = (name) => document.querySelector(`canvas.${name}`)?.getBoundingClientRect();
          const [a, b] = [boxOf("ruler"), boxOf("large")];
          return a && ["left", "top", "width", "height"].every((side) => Math.abs(a[side] - b[side]) < 1);
        }"""
    )


def tap(page: Page, y: float) -> None:
    """One mark of the ruler."""
    box = page.locator("canvas.ruler").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * RULER_X, box["y"] + box["height"] * y)


def test_two_taps_and_a_distance_set_the_scale(open_page: Open, server: StandIn) -> None:
    """The picture stands still meanwhile; the server is told places as fractions, and millimetres; then all goes on."""
    page = open_page("explain")
    begin(page)
    sheet = page.locator("#scale")
    expect(page.locator(".stage.is-held.measuring")).to_be_visible()
    expect(sheet.get_by_text("Tap a mark of the scanner's ruler")).to_be_visible()
    tap(page, TOP)
    expect(sheet.get_by_text("Tap a second mark")).to_be_visible()
    tap(page, BOTTOM)
    expect(sheet.locator("button.main-deed")).to_be_disabled()
    page.fill("input[name=distance]", "10")
    expect(sheet.locator(".scale-preview")).to_have_text("0.250 mm a pixel: the whole picture is 16.0 x 12.0 cm")
    sheet.locator("button.main-deed").click()
    expect(sheet).to_be_hidden()
    expect(page.locator(".toast")).to_contain_text("Scale set: 0.208 mm a pixel")
    expect(page.locator("canvas.ruler")).to_have_count(0)
    path, body = server.posts[-1]
    held = next(message["seq"] for message in server.holds if message["seq"])
    assert (path, body["seq"], body["distance_mm"]) == ("/api/spacing", held, 100)
    assert [body[name] for name in ("x1", "y1", "x2", "y2")] == pytest.approx([RULER_X, TOP, RULER_X, BOTTOM], abs=2e-3)
    page.wait_for_function("() => !document.querySelector('.stage').classList.contains('is-held')")
    page.keyboard.press("n")
    expect(page.locator("#session")).to_contain_text("0.208 mm a pixel, set ")


def test_a_finger_is_thick_and_buttons_move_by_one_pixel(open_page: Open, server: StandIn) -> None:
    """A drag takes the nearer mark along, under a loupe; arrows move the chosen one by a pixel of the scanner's."""
    page = open_page("explain")
    begin(page)
    tap(page, TOP)
    tap(page, 300 / 480)
    box = page.locator("canvas.ruler").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * RULER_X, box["y"] + box["height"] * 310 / 480)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * RULER_X, box["y"] + box["height"] * BOTTOM, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="First mark").click()
    for _ in range(3):
        page.get_by_role("button", name="Move the mark up").click()
    page.get_by_role("button", name="Move the mark left").click()
    page.fill("input[name=distance]", "80")
    page.get_by_role("button", name="mm", exact=True).click()
    page.locator("#scale button.main-deed").click()
    expect(page.locator("#scale")).to_be_hidden()
    body = server.posts[-1][1]
    expected = [RULER_X - 1 / 640, TOP - 3 / 480, RULER_X, BOTTOM]
    assert [body[name] for name in ("x1", "y1", "x2", "y2")] == pytest.approx(expected, abs=2e-3)
    assert body["distance_mm"] == 80


def test_a_mark_stays_where_it_is_while_nobody_knows_the_pictures_size(open_page: Open, server: StandIn) -> None:
    """A pixel has no size then: an arrow, which is none of the marks to choose from, moves nothing."""
    server.script.signal.update(width=0, height=0)
    page = open_page("explain")
    begin(page)
    tap(page, TOP)
    tap(page, BOTTOM)
    page.get_by_role("button", name="Move the mark up").click()
    expect(page.locator("#scale .nudge [aria-pressed]")).to_have_text(["First mark", "Second mark"])
    server.script.signal.update(width=640, height=480)
    go = page.locator("#scale button.main-deed")

    def can_go() -> bool:
        page.fill("input[name=distance]", "10")
        return go.is_enabled()

    until(page, can_go, "the size")
    go.click()
    expect(page.locator("#scale")).to_be_hidden()
    body = server.posts[-1][1]
    assert [body["y1"], body["y2"]] == pytest.approx([TOP, BOTTOM], abs=2e-3)


def test_what_the_server_refuses_is_said_in_the_sheet(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """Its own sentence; the marks stay where they were."""
    server.script.refuse = "the two marks are 5 pixels apart; expected 48 or more"
    page = open_page("explain")
    begin(page)
    tap(page, TOP)
    tap(page, BOTTOM)
    page.fill("input[name=distance]", "1")
    page.locator("#scale button.main-deed").click()
    expect(page.locator("#scale .complaint")).to_have_text("The two marks are 5 pixels apart; expected 48 or more")
    page.keyboard.press("Escape")
    expect(page.locator("#scale")).to_be_hidden()
    expect(page.locator(".held")).to_be_hidden()
    faults.clear()


def test_a_measurement_without_a_scale_leads_there(open_page: Open, server: StandIn) -> None:
    """A length that is drawn and has no millimetres has a button; once the scale is known it has none."""
    ellipse = {"x": 0.5, "y": 0.5, "rx": 0.2, "ry": 0.2, "label": "HC"}
    ratio = {"name": "BPD / OFD", "value": 78, "unit": "%"}
    server.script.answer = lambda seq: {"ellipses": [ellipse], "measurements": [ratio]}
    page = open_page("explain")
    lead = page.get_by_role("button", name="Set the scale for millimetres")
    lead.click()
    expect(page.locator("canvas.ruler")).to_be_visible()
    page.keyboard.press("Escape")
    server.script.spacing = dict(SCALE)
    expect(lead).to_be_hidden()


def test_what_is_no_length_needs_no_scale(open_page: Open, server: StandIn) -> None:
    """Other shapes and other numbers have no button; a length in pixels has it."""
    line = {"x1": 0.2, "y1": 0.9, "x2": 0.8, "y2": 0.9, "label": "echoes down to here"}
    server.script.answer = lambda seq: {"lines": [line], "measurements": [{"name": "gain", "value": 90, "unit": "%"}]}
    page = open_page("explain")
    expect(page.locator(".measurements")).to_contain_text("90 %")
    expect(page.locator(".no-scale")).to_be_hidden()
    server.script.answer = lambda seq: {"measurements": [{"name": "AC", "value": 1320, "unit": "px"}]}
    expect(page.locator(".no-scale")).to_be_visible()


def test_the_scale_can_be_removed_and_says_why_it_went(open_page: Open, server: StandIn) -> None:
    """The button is there where a person has set it; a scale that was dropped says the server's sentence."""
    server.script.spacing = dict(SCALE)
    page = open_page("explain")
    begin(page)
    page.locator("#scale").get_by_role("button", name="Remove").click()
    expect(page.locator("#scale")).to_be_hidden()
    assert server.posts[-1][0] == "/api/spacing/remove"
    server.script.spacing["dropped"] = "the picture is 800x600 now, and was 640x480; set the scale anew"
    page.click("#status")
    expect(page.locator("#details")).to_contain_text("not known: the picture is 800x600 now, and was 640x480")
    server.script.spacing.update(pixel_spacing_mm=0.25, source="setting")
    expect(page.locator("#details")).to_contain_text("0.250 mm a pixel, from the settings: the picture is 800x600 now")


def test_a_view_without_the_ai_has_no_scale(open_page: Open) -> None:
    """Nothing is measured there."""
    page = open_page("video")
    page.keyboard.press("n")
    expect(page.locator("#session form")).to_be_visible()
    expect(page.get_by_role("button", name="Set the scale")).to_have_count(0)
