"""Pictures: painted with the overlay of their own frame, acknowledged, swapped, held and kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from tests.page.conftest import TABLET, Open
from tests.page.stand_in import StandIn

READ_FRAME = """(selector) => {
  const canvas = document.querySelector(selector), ctx = canvas.getContext('2d');
  const at = (x, y) => [...ctx.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data];
  let seq = 0;
  for (let bit = 0; bit < 12; bit++) if (at((bit + 0.5) / 12, 0.9)[0] > 128) seq |= 1 << bit;
  const lit = [];
  for (let slot = 0; slot < 16; slot++) {
    const x = Math.round((0.05 + slot * 0.06) * canvas.width), y = Math.round(0.4 * canvas.height);
    const data = ctx.getImageData(x - 3, y, 7, 1).data;
    if (data.some((value, i) => i % 4 < 3 && value > 90)) lit.push(slot);
  }
  return { seq, lit, named: Number(canvas.dataset.seq) };
}"""


def stick(seq: int) -> dict[str, Any]:
    """An answer whose upright line stands in the slot that its frame's number names."""
    x = 0.05 + (seq % 16) * 0.06
    return {
        "verdict": {"label": f"frame {seq}", "level": "good"},
        "lines": [{"x1": x, "y1": 0.15, "x2": x, "y2": 0.65}],
    }


def until(page: Page, done: Callable[[], bool], what: str) -> None:
    """Wait for something that the server sees, at most eight seconds."""
    for _ in range(400):
        if done():
            return
        page.wait_for_timeout(20)
    pytest.fail(f"never came: {what}")


def test_an_overlay_is_painted_on_its_own_frame(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """Number in the picture, place of the overlay and words of the verdict are those of one frame, every time."""
    server.script.answer = stick
    page = open_page("explain")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "answer")
    seen = set()
    for _ in range(25):
        frame = page.evaluate(READ_FRAME, "canvas.large")
        assert frame["named"] == frame["seq"]
        assert frame["lit"] == [frame["seq"] % 16]
        seen.add(frame["seq"])
        page.wait_for_timeout(40)
    assert len(seen) > 3
    faults[:] = [fault for fault in faults if "willReadFrequently" not in fault]  # of this test's own reading


def test_the_words_are_those_of_the_painted_frame(open_page: Open, server: StandIn) -> None:
    """The verdict beside the picture speaks of the frame that is painted."""
    server.script.answer = stick
    page = open_page("explain")
    expect(page.locator(".verdict .label")).to_contain_text("frame")
    for _ in range(10):
        named, label = page.evaluate(
            "() => [document.querySelector('canvas.large').dataset.seq, document.querySelector('.label').textContent]"
        )
        assert label == f"frame {named}"
        page.wait_for_timeout(60)


def test_every_painted_picture_is_acknowledged(open_page: Open, server: StandIn) -> None:
    """Each stream's pictures are acknowledged in order, with a sane age where painted, and the stream goes on."""
    page = open_page("explain")
    until(page, lambda: len(server.painted) > 30, "30 acknowledgements")
    for stream in ("live", "answer"):
        ours = [painted for painted in server.painted if painted["stream"] == stream]
        assert len(ours) > 5
        assert [painted["seq"] for painted in ours] == sorted({painted["seq"] for painted in ours})
        ages = [painted["age_ms"] for painted in ours if painted["age_ms"] is not None]
        assert len(ages) >= len(ours) - 2, "the first answer comes before it has a place"
        assert all(0 <= age < 5000 for age in ages)


def test_the_overlay_is_sharp_on_a_dense_screen(browser: Any, server: StandIn) -> None:
    """On a screen of two device pixels per CSS pixel the canvas has twice the pixels, and wider pictures are wanted."""
    page = browser.new_page(viewport={"width": 600, "height": 500}, device_scale_factor=2)
    page.goto(f"{server.url}/view/video")
    page.wait_for_selector("canvas.large[data-seq]")
    width, css = page.eval_on_selector("canvas.large", "c => [c.width, c.getBoundingClientRect().width]")
    page.close()
    assert width == pytest.approx(2 * css, abs=2)
    assert server.wants[0]["live"] == 1280


def test_the_page_asks_for_what_it_shows(open_page: Open, server: StandIn) -> None:
    """The large picture is wanted wide, the inset narrow, and another size of the window is told to the server."""
    page = open_page("explain", (1920, 1080))
    until(page, lambda: bool(server.wants) and server.wants[-1]["answer"] == 1600, "a wide answered picture")
    assert server.wants[-1]["live"] < 800
    page.set_viewport_size({"width": 390, "height": 844})
    until(page, lambda: server.wants[-1]["answer"] == 480, "a narrow answered picture")


def test_tapping_the_inset_swaps_the_pictures(open_page: Open, server: StandIn) -> None:
    """The live picture becomes large and the answered one small, with its overlay, and back."""
    page = open_page("explain")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "answer")
    page.click(".inset")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "live")
    expect(page.locator("canvas.small")).to_have_attribute("data-stream", "answer")
    expect(page.locator(".inset")).to_contain_text("AI")
    page.click(".inset")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "answer")


@pytest.mark.parametrize("view", ["explain", "verdict", "video"])
def test_a_held_picture_stands_still_while_live_goes_on(open_page: Open, server: StandIn, view: str) -> None:
    """Freeze keeps picture and verdict, says so and since when, tells the server, and shows live small."""
    server.script.answer = stick
    page = open_page(view)
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.locator(".held")).to_contain_text("Held by you")
    held = page.get_attribute("canvas.large", "data-seq")
    label = page.text_content(".verdict .label")
    until(page, lambda: bool(server.holds) and str(server.holds[0]["seq"]) == held, "the hold")
    expect(page.locator("canvas.small")).to_have_attribute("data-stream", "live")
    live = page.get_attribute("canvas.small", "data-seq")
    expect(page.locator("canvas.small")).not_to_have_attribute("data-seq", live or "")
    assert page.get_attribute("canvas.large", "data-seq") == held
    assert page.text_content(".verdict .label") == label
    expect(page.locator(".held")).to_contain_text("2 s ago")
    page.click(".held")
    expect(page.locator(".held")).to_be_hidden()
    expect(page.locator("canvas.large")).not_to_have_attribute("data-seq", held or "")
    expect(page.locator("#stage.grey")).to_have_count(0)
    until(page, lambda: server.holds[-1]["seq"] is None, "the end of the hold")


def test_a_snapshot_is_of_the_picture_that_is_large(open_page: Open, server: StandIn) -> None:
    """The server is asked for the very frame that stands on the page, and the page says that it was kept."""
    page = open_page("explain")
    expect(page.locator("canvas.large")).to_have_attribute("data-stream", "answer")
    page.keyboard.press("Space")
    held = int(page.get_attribute("canvas.large", "data-seq") or 0)
    page.get_by_role("button", name="Snapshot").click()
    expect(page.locator(".toast")).to_have_text(f"Saved · frame {held} · with the seconds before")
    expect(page.locator(".toast canvas")).to_be_visible()
    assert server.posts == [("/api/snapshot", {"seq": held, "engine": "demo", "view": "explain"})]


def test_a_refused_snapshot_says_why(open_page: Open, server: StandIn, faults: list[str]) -> None:
    """The server's sentence stands on the page and in the details."""
    server.script.refuse = "the disk is full; free some space"
    page = open_page("explain")
    page.keyboard.press("s")
    expect(page.locator(".toast")).to_contain_text("the disk is full; free some space")
    page.keyboard.press("d")
    expect(page.locator(".log")).to_contain_text("the disk is full; free some space")
    faults.clear()  # the browser itself notes an answer of 507


def test_the_synthetic_scanner_can_be_frozen(open_page: Open, server: StandIn) -> None:
    """The button is there where the source obeys, freezes it and thaws it."""
    server.script.can_control = True
    page = open_page("video")
    page.get_by_role("button", name="Freeze scanner").click()
    expect(page.locator(".frozen")).to_be_visible()
    page.get_by_role("button", name="Unfreeze scanner").click()
    expect(page.locator(".frozen")).to_be_hidden()
    assert [body["command"] for _, body in server.posts] == ["freeze", "unfreeze"]


def test_names_do_not_lie_on_each_other(open_page: Open) -> None:
    """Five shapes at one place get five names at five places."""
    page = open_page("explain")
    overlaps = page.evaluate(
        """async () => {
          const { drawOverlay } = await import('/page/overlay.js');
          const ctx = document.createElement('canvas').getContext('2d'), spots = [];
          [ctx.canvas.width, ctx.canvas.height] = [800, 600];
          ctx.fillText = (text, x, y, most) => spots.push([x, y, Math.min(most, ctx.measureText(text).width)]);
          const place = { x: 0.4, y: 0.4, width: 0.2, height: 0.2 };
          const boxes = ['a', 'bb', 'ccc', 'dddd', 'eeeee'].map((label) => ({ ...place, label }));
          drawOverlay(ctx, { boxes }, { width: 800, height: 600, scale: 1, labels: true });
          const hit = (a, b) => Math.abs(a[1] - b[1]) < 16 && a[0] < b[0] + b[2] && b[0] < a[0] + a[2];
          return [spots.length, spots.filter((a, i) => spots.some((b, j) => i < j && hit(a, b))).length];
        }"""
    )
    assert overlaps == [5, 0]


def test_pictures_of_another_shape_are_fitted(open_page: Open, server: StandIn) -> None:
    """A source that changes from 4:3 to 16:9 is shown whole and undistorted."""

    def wide(seq: int) -> NDArray[np.uint8]:
        return np.full((360, 640, 3), 90, np.uint8)

    page = open_page("video", TABLET)
    server.script.paint = wide
    page.wait_for_function(
        """() => { const box = document.querySelector('canvas.large').getBoundingClientRect();
        return Math.abs(box.width / box.height - 16 / 9) < 0.02 && box.width <= innerWidth; }"""
    )


def test_a_box_says_its_name_and_how_sure_it_is(open_page: Open, server: StandIn) -> None:
    """A score stands beside the name, or alone where there is none."""
    box = {"x": 0.2, "y": 0.2, "width": 0.3, "height": 0.3}
    page = open_page("explain")
    widths = {}
    parts: dict[str, dict[str, Any]] = {"none": {}, "name": {"label": "head"}, "score": {"score": 0.97}}
    parts["both"] = {**parts["name"], **parts["score"]}
    for name, more in parts.items():
        widths[name] = page.evaluate(
            """async (answer) => {
              const { drawOverlay } = await import("/page/overlay.js");
              const canvas = new OffscreenCanvas(640, 480);
              const ctx = canvas.getContext("2d");
              drawOverlay(ctx, answer, { width: 640, height: 480, scale: 1, labels: true });
              const { data } = ctx.getImageData(330, 0, 310, 480);
              const columns = new Set();
              for (let i = 3; i < data.length; i += 4) if (data[i]) columns.add(((i - 3) / 4) % 310);
              return columns.size;
            }""",
            {"boxes": [{**box, **more}]},
        )
    assert widths["none"] == 0
    assert widths["score"] > 0
    assert max(widths["name"], widths["score"]) < widths["both"]
