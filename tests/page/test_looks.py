"""How the page looks: targets for fingers, contrast, sizes, colours, and that nothing comes from outside."""

import colorsys
import re
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.page.conftest import Open
from tests.page.stand_in import PAGE, VIEWS, Script, StandIn
from tests.page.stand_in_session import RECORDING, RUNNING

SIZES = {"phone": (390, 844), "portrait": (820, 1180), "tablet": (1180, 820), "monitor": (1920, 1080)}
SOURCES = sorted(path for path in PAGE.iterdir() if path.suffix in (".js", ".css", ".html", ".svg"))
FULL = {
    "verdict": {"label": "Transthalamic plane", "level": "near", "score": 0.8},
    "concepts": [
        {"name": "Cavum", "ok": False, "value": 2, "max": 10, "hint": "show the cavum"},
        {"name": "Thalami", "ok": True, "value": 9, "max": 10},
        {"name": "Calipers", "ok": None},
    ],
    "classes": [{"name": "head", "score": 0.9}, {"name": "femur", "score": 0.1}],
    "measurements": [{"name": "HC", "value": 280.1, "unit": "mm"}],
    "guidance": {"text": "Tilt down", "direction": "tilt_down", "detail": "a little"},
    "text": "all said",
}
CONTRASTS = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => { const v = text.match(/[\\d.]+/g).map(Number); return v.length < 4 ? [...v, 1] : v; };
  const ground = (node) => {
    let layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, [r, g, b, a]) =>
      [r, g, b].map((value, i) => value * a + under[i] * (1 - a)), [0, 0, 0]);
  };
  const found = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest('.state')) continue;
    const [ink, paper] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    found.push([node.textContent.trim().slice(0, 40), ratio, parseFloat(getComputedStyle(node).fontSize)]);
  }
  return found;
}"""


def busy(script: Script) -> None:
    """Everything that can stand on a page."""
    script.answer = lambda seq: FULL
    script.missing = {"segmenter": "late", "depth": "dead: it is gone"}
    script.can_control = True
    script.recorder, script.session.running = {**RECORDING, "losses": 2}, dict(RUNNING)
    script.signal["drops"] = 3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS)
def test_everything_fits_and_can_be_touched(open_page: Open, server: StandIn, view: str, size: str) -> None:
    """Nothing sticks out of the window, every control is 44 px or more, the picture is the largest thing."""
    busy(server.script)
    page = open_page(view, SIZES[size])
    expect(page.locator("#status")).to_contain_text("Live")
    page.wait_for_timeout(300)
    width, height = SIZES[size]
    for button in page.locator("button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["width"] >= 44, button.inner_text()
        assert box["height"] >= 44, button.inner_text()
        assert box["x"] >= 0, button.inner_text()
        assert box["x"] + box["width"] <= width + 0.5, button.inner_text()
        assert box["y"] + box["height"] <= height + 0.5, button.inner_text()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    picture = page.locator("canvas.large").bounding_box()
    assert picture is not None
    assert picture["width"] * picture["height"] > 0.2 * width * height
    expect(page.locator(".ruo").first).to_be_in_viewport(ratio=1)


CUT = """() => {
  const line = document.querySelector('#status').getBoundingClientRect();
  return [...document.querySelectorAll('#status .item')].filter((item) => item.checkVisibility()).map((item) => {
    const at = item.getBoundingClientRect();
    return [item.className, at.top >= line.bottom - 1 ? 'not seen' : at.right > line.right + 1 ? 'cut' : 'whole'];
  });
}"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("is_busy", [False, True])
def test_no_number_at_the_top_is_cut(open_page: Open, server: StandIn, size: str, is_busy: bool) -> None:
    """What does not fit is not there at all; the ages of picture and answer stand there where nothing is wrong."""
    if is_busy:
        busy(server.script)
    page = open_page("explain", SIZES[size])
    expect(page.locator("#status")).to_contain_text("Live")
    expect(page.locator("#status .age-answer b")).to_have_text(re.compile(r"\d"))
    found = dict(page.evaluate(CUT))
    assert "cut" not in found.values()
    assert {found["item signal"], found["item age-picture"]} == {"whole"}
    assert is_busy or found["item age-answer"] == "whole"


@pytest.mark.parametrize("state", ["fresh", "stale", "down"])
@pytest.mark.parametrize("view", VIEWS)
def test_all_words_have_contrast(open_page: Open, server: StandIn, view: str, state: str) -> None:
    """Each word, also a stale one, stands out from its ground by 4.5 to 1 or more and is 12 px or larger."""
    busy(server.script)
    page = open_page(view)
    expect(page.locator("#status")).to_contain_text("Live")
    if state == "stale":
        server.script.signal["state"] = "no_signal"
        expect(page.locator(".band")).to_be_visible()
    if state == "down":
        server.script.answers = False
        server.script.engines[0].update(state="DEAD", message="killed")
        page.wait_for_timeout(700)
    for words, ratio, size in page.evaluate(CONTRASTS):
        assert ratio >= 4.5, (words, ratio)
        assert size >= 12, (words, size)


@pytest.mark.parametrize(("size", "least"), [("tablet", 31), ("monitor", 42), ("phone", 29)])
@pytest.mark.parametrize("view", ["explain", "verdict", "monitor"])
def test_the_verdict_is_large(open_page: Open, server: StandIn, view: str, size: str, least: int) -> None:
    """The label can be read from two metres: 31 px or more on a tablet, 42 px or more on a monitor."""
    busy(server.script)
    page = open_page(view, SIZES[size])
    expect(page.locator(".verdict .label")).to_have_text("Transthalamic plane")
    font = page.eval_on_selector(".verdict .label", "node => parseFloat(getComputedStyle(node).fontSize)")
    assert font >= least


def test_the_details_and_the_help_can_be_read(open_page: Open, server: StandIn) -> None:
    """Drawer and dialog open and close by finger and by key, and keep the same contrast."""
    page = open_page("explain")
    page.click("#status")
    expect(page.locator("#details")).to_contain_text("Round trip")
    expect(page.locator("#details")).to_contain_text("Screen")
    expect(page.locator("#details")).to_contain_text(
        "capture 2.1 · announce 0.3 · stage 0.4 · request 0.5 · model 41.0"
    )
    assert all(ratio >= 4.5 for _, ratio, _ in page.evaluate(CONTRASTS))
    page.keyboard.press("Escape")
    expect(page.locator("#details")).to_be_hidden()
    page.click("#help-open")
    expect(page.locator("#help")).to_contain_text("Space")
    page.get_by_role("button", name="Close the help").click()
    expect(page.locator("#help")).to_be_hidden()


def test_the_sheets_can_be_read(open_page: Open, server: StandIn) -> None:
    """Form, running session, correction and alarm keep the same contrast, in letters of 12 px or more."""
    page = open_page("explain")
    for key, state in (("n", None), ("n", dict(RUNNING)), ("c", dict(RUNNING, problem="the disk is full"))):
        server.script.session.running = state
        expect(page.locator("#chip .code")).to_have_text("P1" if state else "")
        page.keyboard.press(key)
        expect(page.locator(".sheet .sheet-body > :visible").first).to_be_visible()
        for words, ratio, size in page.evaluate(CONTRASTS):
            assert ratio >= 4.5, (words, ratio)
            assert size >= 12, (words, size)
        page.keyboard.press("Escape")


def test_no_key_changes_the_view(open_page: Open) -> None:
    """A participant cannot leave the arm of a study by a slip of the hand."""
    page = open_page("video")
    address = page.url
    for key in "123456789":
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.url == address


def colours(text: str) -> list[tuple[float, float, float]]:
    """Hue in degrees, lightness and saturation of every colour written in `text`."""
    found = []
    for digits in re.findall(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", text):
        full = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
        hue, lightness, saturation = colorsys.rgb_to_hls(*(int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)))
        found.append((hue * 360, lightness, saturation))
    return found


@pytest.mark.parametrize("name", ["style.css", "questionnaire.css", "strip.css", "probe.css", "palette.js", "ruler.js"])
def test_colours_of_alarms_are_not_used(name: str) -> None:
    """No saturated red, yellow or cyan: IEC 60601-1-8 keeps them for alarms, which sheets.css has."""
    for hue, lightness, saturation in colours((PAGE / name).read_text()):
        is_strong = saturation > 0.5 and 0.25 < lightness < 0.9
        is_alarm = hue < 15 or hue > 345 or 45 < hue < 75 or 172 < hue < 194
        assert not (is_strong and is_alarm), (name, hue, lightness, saturation)


def test_overlay_colours_stay_apart_for_colour_blind_eyes() -> None:
    """Seen without red, green or blue cones, any two overlay colours still differ."""
    digits = re.findall(r"#([0-9a-f]{6})", (PAGE / "palette.js").read_text())
    assert len(digits) >= 6
    inks = [tuple(int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)) for text in digits]
    for name, matrix in SIMULATIONS.items():
        seen = [lab(tuple(sum(m * c for m, c in zip(row, linear(ink), strict=True)) for row in matrix)) for ink in inks]
        for (i, a), (j, b) in combinations(enumerate(seen), 2):
            distance = sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5
            assert distance > 10, (name, digits[i], digits[j], distance)


SIMULATIONS = {  # Viénot, Brettel and Mollon 1999, on linear RGB; tritan after Brettel 1997, one plane
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
    "tritan": ((1.0, 0.14461, -0.14461), (0.0, 0.85924, 0.14076), (0.0, 0.85924, 0.14076)),
}


def linear(ink: tuple[float, ...]) -> tuple[float, ...]:
    """Linear light of an sRGB colour."""
    return tuple(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in ink)


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    """CIE Lab of linear sRGB, white D65."""
    r, g, b = (min(1.0, max(0.0, v)) for v in rgb)
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_source_keeps_the_house_rules(path: Path) -> None:
    """No mark-up from data, nothing inline, no address of another host, no file too long to read."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert "url(" not in text
    assert text.count("\n") <= 300
    if path.suffix == ".html":
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)", text)


def test_reads_with_a_screen_reader(open_page: Open) -> None:
    """Controls have names, the picture's trouble is announced, the verdict is the heading."""
    page: Page = open_page("explain")
    expect(page.get_by_role("heading", name="Head")).to_be_visible()
    expect(page.get_by_role("button", name="Help", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Make the live picture large")).to_be_visible()
    assert page.get_attribute(".band", "role") == "alert"
