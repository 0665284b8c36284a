"""Chromium as the tablet: what the page itself says about what it painted."""

from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench.figure import Lacks

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
LISTEN = """
window.paintings = [];
const arrived = new Map();
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (typeof data === "string" && data.includes('"painted"')) {
    const row = JSON.parse(data);
    const { header, at } = arrived.get(row.stream + row.seq) ?? {};
    const stages_ms = header?.result?.timing.stages_ms ?? null;
    window.paintings.push({ ...row, sent_age_ms: header?.age_ms, here_ms: performance.now() - at, stages_ms });
  }
  return send.call(this, data);
};
window.WebSocket = class extends WebSocket {
  constructor(...words) {
    super(...words);
    this.addEventListener("message", ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      const length = new DataView(data).getUint32(0);
      const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      arrived.set(header.stream + header.seq, { header, at: performance.now() });
      if (arrived.size > 100) arrived.delete(arrived.keys().next().value);
    });
  }
};
"""
"""Notes each picture's message when it comes, and what the page says when it has painted it."""


def paintings(url: str, seconds: float, skip_s: float) -> list[dict[str, Any]]:
    """Every picture that was painted for `seconds` after the first `skip_s`: stream, seq, and its age when painted.

    Times in ms: `age_ms` when painted, `sent_age_ms` when the server sent it, `here_ms` from its arrival until it was
    painted, and for an answered picture `stages_ms` until the router held the answer.
    """
    needs_chromium()
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
    return [row for row in rows if row["age_ms"] is not None]  # None: it came while its stream was not to be seen


def needs_chromium() -> None:
    """Raises Lacks where Chromium is not installed."""
    if not Path(CHROMIUM).exists():
        raise Lacks(f"chromium ({CHROMIUM}; scripts/rigs installs it)")
