"""Chromium as the tablet: what the page itself says about what it painted."""

from collections import defaultdict
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
LISTEN = """
window.paintings = [];
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (typeof data === "string" && data.includes('"painted"')) window.paintings.push(JSON.parse(data));
  return send.call(this, data);
};
"""


def painted_ages(url: str, seconds: float, skip_s: float) -> dict[str, list[float]]:
    """Per stream, the age in ms of every picture when it was painted, for `seconds` after the first `skip_s`."""
    if not Path(CHROMIUM).exists():
        raise FileNotFoundError("Chromium is not installed: scripts/rigs installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1180, "height": 820})
        page.add_init_script(LISTEN)
        page.goto(url)
        page.wait_for_timeout(skip_s * 1000)
        page.evaluate("window.paintings.length = 0")
        page.wait_for_timeout(seconds * 1000)
        rows = page.evaluate("window.paintings")
        browser.close()
    ages: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row["age_ms"] is not None:  # it has arrived while its stream was not to be seen
            ages[row["stream"]].append(row["age_ms"])
    return dict(ages)
