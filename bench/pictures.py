"""`scripts/pictures [--out FOLDER]`: screenshots of every view of a running Bedside, for the docs."""

import argparse
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
SIZES = {"phone": (390, 844), "tablet": (1180, 820), "monitor": (1920, 1080)}
VIEWS = ("explain", "verdict", "video", "monitor")
PLANES = '[session]\nplanes = ["Head", "Abdomen", "Femur", "Cervix"]\n'
WAY = ("show abdomen", "show femur", "go head")
"""Of the probe, before the pictures are taken: two planes are done, and one is near."""
LOOK_S = 4.0


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    engine, source = str(ROOT / "engines" / "pcbm"), "phantom:?seed=1&start=cervix"
    own = {"size": [960, 720], "requirements": "requirements.txt"}
    with rig.bedside("up", [engine], source, PLANES, **own) as up, sync_playwright() as playwright:
        rig.answering(up, "pcbm", 300)
        rig.post_json(f"{up.url}/api/session/start", {"participant": "P1", "arm": "explain", "consent": True})
        for command in WAY:
            rig.post_json(f"{up.url}/api/control", {"command": command})
            time.sleep(LOOK_S)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for view in VIEWS:
            for width, height in SIZES.values():
                page = browser.new_page(viewport={"width": width, "height": height})
                take(page, f"{up.url}/view/{view}", arguments.out / f"{view}-{width}x{height}.png")
                page.close()
        rig.post_json(f"{up.url}/api/control", {"command": "show head"})
        time.sleep(LOOK_S)
        correct(
            browser.new_page(viewport={"width": 1180, "height": 820}), up.url, arguments.out / "correct-1180x820.png"
        )
        rig.post_json(f"{up.url}/api/control", {"command": "go femur"})
        probe(browser.new_page(viewport={"width": 1180, "height": 820}), up.url, arguments.out / "probe-1180x820.png")
        browser.close()


def correct(page: Page, url: str, path: Path) -> None:
    """A person says that a concept is not there, and the verdict follows."""
    page.goto(f"{url}/view/explain")
    page.wait_for_selector("canvas.large[data-seq]")
    page.wait_for_timeout(1500)
    page.keyboard.press("c")
    concept = page.locator("#correction .seen li", has_text="thalami")
    concept.get_by_role("button", name="no", exact=True).click()
    page.get_by_text("With this:").wait_for()
    page.screenshot(path=path)
    print(path.name)


def probe(page: Page, url: str, path: Path) -> None:
    """The pad that steers the phantom's probe, with the way to the plane."""
    page.goto(f"{url}/view/explain")
    page.wait_for_selector("canvas.large[data-seq]")
    page.keyboard.press("p")
    page.get_by_role("button", name="Show the way").click()
    page.wait_for_timeout(2500)
    page.screenshot(path=path)
    print(path.name)


def take(page: Page, url: str, path: Path) -> None:
    """One view, once it has settled."""
    page.goto(url)
    page.wait_for_selector("canvas.large[data-seq]")
    page.wait_for_timeout(2500)
    page.screenshot(path=path)
    print(path.name)


if __name__ == "__main__":
    main()
