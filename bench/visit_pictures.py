"""`python -m bench.visit_pictures`: a visit from the form to the report, as docs/howto/after-the-scan.md shows it."""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench import rig
from bench.browser import ARGUMENTS, CHROMIUM
from bench.pictures import PICTURES, SIZES

ENGINE = Path(__file__).parents[1] / "engines" / "picture_quality"
SCAN_S = 20
SETTLE_MS = 1500


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(prog="python -m bench.visit_pictures", description=__doc__)
    parser.add_argument("--source", default="synthetic:", help="what the scanner shows")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    os.environ["BEDSIDE_SESSION_QUESTIONNAIRES"] = json.dumps(["sus"])  # the processes inherit it
    with rig.bedside("up", [str(ENGINE)], arguments.source, size=[640, 480]) as up, sync_playwright() as playwright:
        rig.answering(up, ENGINE.name)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        session = scan(browser, up, arguments.out)
        after(browser, up, session, arguments.out)
        browser.close()


def scan(browser: Browser, up: rig.Rig, out: Path) -> str:
    """The session, from its form to its end; its name."""
    page = opened(browser, f"{up.url}/", "tablet")
    page.wait_for_selector("canvas.large[data-seq]")
    page.get_by_role("button", name="opens the session").click()
    page.get_by_label("Participant code, never a name").fill("P1")
    page.get_by_label("Consent was given").check()
    take(page, out / "visit-start.png")
    page.get_by_role("button", name="Start session").click()
    recorded = SCAN_S * 30
    rig.until(lambda: (up.health().get("recorder") or {}).get("frames", 0) > recorded, "a recorded scan", 3 * SCAN_S)
    page.get_by_role("button", name="Snapshot").click()
    take(page, out / "visit-scan.png")
    page.get_by_role("button", name="Wrong").click()
    page.get_by_role("button", name="Correct").click()
    page.get_by_role("button", name="no", exact=True).first.click()
    take(page, out / "visit-correct.png")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="opens the session").click()
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="End it now").click()
    page.get_by_role("link", name="System Usability Scale").wait_for()
    take(page, out / "visit-end.png")
    page.close()
    return str(rig.get_json(f"{up.url}/api/session")["last"])


def after(browser: Browser, up: rig.Rig, session: str, out: Path) -> None:
    """The questionnaire, the review, the report."""
    page = opened(browser, f"{up.url}/questionnaire/{session}/sus", "phone")
    for number in range(1, 11):
        page.locator(f"input[name=q{number}][value='{4 if number % 2 else 2}']").check(force=True)
        if number == 2:
            take(page, out / "visit-questionnaire.png")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you").wait_for()
    page.close()
    bedside("replay", up, "last", "--engine", ENGINE.name, "--as", "again", "--from", "5")
    page = opened(browser, f"{up.url}/review", "tablet")
    take(page, out / "visit-sessions.png")
    page.goto(f"{up.url}/review/{session}")
    take(page, out / "visit-review.png")
    page.get_by_role("tab", name=re.compile("^Kept")).click()
    page.get_by_role("checkbox", name=re.compile("in the report")).first.click()
    take(page, out / "visit-kept.png")
    bedside("report", up, "last", "-o", "report.html")
    page.goto((up.folder / "report.html").as_uri())
    page.set_viewport_size({"width": 1180, "height": 1640})
    take(page, out / "visit-report.png")
    page.close()


def opened(browser: Browser, url: str, size: str) -> Page:
    """A page of that size."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(url)
    return page


def bedside(verb: str, up: rig.Rig, *words: str) -> None:
    """One verb with the settings of what runs."""
    argv = [sys.executable, "-m", "bedside", verb, *words, "--config", str(up.folder / "bedside.toml")]
    subprocess.run(argv, check=True, cwd=up.folder, stdout=subprocess.DEVNULL)


def take(page: Page, path: Path) -> None:
    """What the page shows, once it has settled."""
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=path)
    print(path.name)


if __name__ == "__main__":
    main()
