"""`scripts/pictures [--source URL] [--out FOLDER]`: screenshots of every view of a running Bedside, for the docs."""

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
SIZES = {"phone": (390, 844), "tablet": (1180, 820), "monitor": (1920, 1080)}
VIEWS = ("explain", "verdict", "video", "monitor")


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    parser.add_argument("--source", default="synthetic:", help="what the scanner shows")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    engine = str(ROOT / "engines" / "picture_quality")
    with rig.bedside("up", [engine], arguments.source, size=[640, 480]) as up, sync_playwright() as playwright:
        rig.answering(up, "picture_quality")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for view in VIEWS:
            for width, height in SIZES.values():
                page = browser.new_page(viewport={"width": width, "height": height})
                take(page, f"{up.url}/view/{view}", arguments.out / f"{view}-{width}x{height}.png")
                page.close()
        browser.close()


def take(page: Page, url: str, path: Path) -> None:
    """One view, once it has settled."""
    page.goto(url)
    page.wait_for_selector("canvas.large[data-seq]")
    page.wait_for_timeout(2500)
    page.screenshot(path=path)
    print(path.name)


if __name__ == "__main__":
    main()
