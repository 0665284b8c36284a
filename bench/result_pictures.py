"""`python -m bench.result_pictures`: what a page makes of each example in docs/reference/result.md, for that page."""

import argparse
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import FloatRect, Page, sync_playwright
from tests.results.page import examples

from bedside.source.synthetic_fan import Fan
from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM
from bench.pictures import PICTURES

ENGINE = Path(__file__).parents[1] / "tests" / "results" / "gallery"
SCAN = 118
"""Of the synthetic scan, the one on which the examples' shapes lie."""
PLACES = {
    "verdict": ".verdict",
    "classes": ".classes",
    "concepts": ".hint, .concepts",
    "measurements": ".measurements",
    "guidance": ".guide",
    "images": ".images",
    "text": ".explanation .text",
}
"""Where on the page a field is shown; the others are on the picture."""
IS_FRESH = """() => document.querySelector(".tag")?.textContent.startsWith("AI on frame")
  && document.querySelector(".band").hidden && !document.querySelector(".stale")"""
"""The page shows an answered picture and calls nothing late."""
TRIES = 60
MARGIN_PX = 16
SHOWN = (0.25, 0.25, 0.62, 0.6)
"""Which part of the picture is shown: x, y, width and height."""
STEP = 8
"""Grey levels of the picture are rounded to it: speckle in all of them would take four times the space."""


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(prog="python -m bench.result_pictures", description=__doc__)
    parser.add_argument("fields", nargs="*", help="only these fields")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures")
    arguments = parser.parse_args()
    take_all(arguments.out, arguments.fields)


def take_all(out: Path, fields: list[str] | None = None) -> None:
    """The picture of each field, or of these, as result-FIELD.png in `out`."""
    with tempfile.TemporaryDirectory() as name:
        scans, says = Path(name) / "scans", Path(name) / "says"
        write_scans(scans)
        says.write_text("{}", encoding="utf-8")
        os.environ["SAYS"] = str(says)  # the engine inherits it
        source = f"file:{scans}?fps=10&loop=true"
        with rig.bedside("up", [str(ENGINE)], source) as up, sync_playwright() as playwright:
            rig.answering(up, ENGINE.name)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for field, code in examples().items():
                if fields and field not in fields:
                    continue
                says.write_text(code, encoding="utf-8")
                page = browser.new_page(viewport={"width": 1000, "height": 640})
                page.goto(f"{up.url}/view/explain")
                page.wait_for_selector("canvas.large[data-seq]")
                page.wait_for_timeout(1500)
                take(page, field, out / f"result-{field}.png")
                page.close()
            browser.close()


def write_scans(folder: Path) -> None:
    """Ten pictures of one scan, so that its examples stay where they belong; they differ as much as a live one does."""
    folder.mkdir()
    fan = Fan(640, 480, 0)
    pixels = np.zeros((fan.height, fan.width, 3), np.uint8)
    fan.draw(SCAN, pixels)
    random = np.random.default_rng(0)
    for number in range(10):
        noise = random.integers(0, 6, (fan.height, fan.width, 1), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), np.maximum(pixels, np.uint8(6)) - noise)


def take(page: Page, field: str, path: Path) -> None:
    """The part of the page that shows this field. Raises TimeoutError when the page does not settle."""
    is_panel = field in PLACES
    for _ in range(TRIES):
        page.wait_for_function(IS_FRESH)
        boxes = boxes_of(page, field)
        clip = around(boxes) if is_panel else inner(boxes[0])
        data = page.screenshot(clip=clip)
        if page.evaluate(IS_FRESH) and boxes_of(page, field) == boxes:
            break
    else:
        raise TimeoutError(f"{field}: the page was late or moved {TRIES} times; is this machine busy?")
    shot = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert shot is not None
    few = shot if is_panel else shot // STEP * STEP
    cv2.imwrite(str(path), few, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{path.name} {path.stat().st_size // 1024} kB")


def boxes_of(page: Page, field: str) -> list[FloatRect]:
    """Where this field is on the page."""
    found = page.locator(PLACES.get(field, "canvas.large")).all()
    boxes = [box for box in (one.bounding_box() for one in found) if box is not None]
    assert boxes, f"{field} is not on the page"
    return boxes


def around(boxes: list[FloatRect]) -> FloatRect:
    """All of them, and some of the page around."""
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right, bottom = max(box["x"] + box["width"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
    width, height = right - left + 2 * MARGIN_PX, bottom - top + 2 * MARGIN_PX
    return {"x": max(0, left - MARGIN_PX), "y": max(0, top - MARGIN_PX), "width": width, "height": height}


def inner(box: FloatRect) -> FloatRect:
    """The part of the picture that the examples lie on."""
    x, y, width, height = SHOWN
    return {
        "x": box["x"] + x * box["width"],
        "y": box["y"] + y * box["height"],
        "width": width * box["width"],
        "height": height * box["height"],
    }


if __name__ == "__main__":
    main()
