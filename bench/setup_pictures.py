"""`python -m bench.setup_pictures`: the setup page with what it proposes, as docs/howto/setup.md shows it."""

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM
from bench.pictures import PICTURES, SIZES
from bench.visit_pictures import ENGINE, bedside, opened, take

WATCHED_MS = 8000
"""The fan is found by what moved in the last seconds."""
FOUND_MS = 90_000


def main() -> None:
    """Take it."""
    parser = argparse.ArgumentParser(prog="python -m bench.setup_pictures", description=__doc__)
    parser.add_argument("--source", default="synthetic:", help="what the scanner shows")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the picture")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with rig.bedside("up", [str(ENGINE)], arguments.source, size=[640, 480]) as up, sync_playwright() as playwright:
        bedside("build", up, "text")
        rig.answering(up, ENGINE.name)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = opened(browser, f"{up.url}/setup", "tablet")
        page.wait_for_timeout(WATCHED_MS)
        page.get_by_role("button", name="Find by itself").click()
        page.locator("#list li", has_text="Mask").first.wait_for(timeout=FOUND_MS)
        page.get_by_label("Preset").fill("room-2")
        width, height = SIZES["tablet"]
        take(page, arguments.out / f"setup-{width}x{height}.png")
        browser.close()


if __name__ == "__main__":
    main()
