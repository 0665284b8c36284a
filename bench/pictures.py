"""`scripts/pictures [--source URL] [--out FOLDER]`: screenshots of each view and of a session, for the docs."""

import argparse
import os
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
SIZES = {"phone": (390, 844), "tablet": (1180, 820), "monitor": (1920, 1080)}
VIEWS = ("explain", "verdict", "video", "monitor")
TABLET: ViewportSize = {"width": 1180, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 844}


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    parser.add_argument("--source", default="synthetic:", help="what the scanner shows")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    engine = str(ROOT / "engines" / "picture_quality")
    os.environ["BEDSIDE_SESSION_QUESTIONNAIRES"] = '["sus", "nasa-tlx"]'
    with rig.bedside("up", [engine], arguments.source, size=[640, 480]) as up, sync_playwright() as playwright:
        rig.answering(up, "picture_quality")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for view in VIEWS:
            for width, height in SIZES.values():
                page = browser.new_page(viewport={"width": width, "height": height})
                take(page, f"{up.url}/view/{view}", arguments.out / f"{view}-{width}x{height}.png")
                page.close()
        visit(browser.new_page(viewport=TABLET), up.url, arguments.out)
        browser.close()


def visit(page: Page, url: str, out: Path) -> None:
    """A session from its start to its questionnaire, on a tablet; the questionnaire on a phone."""
    page.goto(f"{url}/view/explain")
    page.wait_for_selector("canvas.large[data-seq]")
    page.keyboard.press("n")
    page.get_by_label("Participant code").fill("P1")
    page.get_by_label("Consent was given").check()
    shoot(page, out / "session-start.png")
    page.get_by_role("button", name="Start session").click()
    page.wait_for_selector("#chip[data-kind=recording]")
    page.wait_for_timeout(8000)
    page.keyboard.press("s")
    page.get_by_text("Saved").wait_for()
    shoot(page, out / "session-recording.png")
    page.keyboard.press("c")
    page.get_by_role("button", name="not visible").first.click()
    page.get_by_text("Kept with this frame").wait_for()
    shoot(page, out / "session-correct.png")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it now").click()
    page.get_by_text("The session has ended").wait_for()
    page.wait_for_timeout(2500)
    shoot(page, out / "session-ended.png")
    page.set_viewport_size(PHONE)
    page.get_by_role("link", name="Task load").click()
    page.get_by_role("slider").first.press("ArrowRight")
    shoot(page, out / "questionnaire.png")
    page.close()


def take(page: Page, url: str, path: Path) -> None:
    """One view, once it has settled."""
    page.goto(url)
    page.wait_for_selector("canvas.large[data-seq]")
    page.wait_for_timeout(2500)
    shoot(page, path)


def shoot(page: Page, path: Path) -> None:
    """What the page looks like now."""
    page.screenshot(path=path)
    print(path.name)


if __name__ == "__main__":
    main()
