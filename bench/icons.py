"""The web app's icons, drawn from page/icon.svg in Chromium: python -m bench.icons"""

from pathlib import Path

from playwright.sync_api import sync_playwright

PAGE = Path(__file__).parents[1] / "src" / "bedside" / "page"
GROUND = "#0a0d11"
ICONS = {
    "icon-192.png": (192, 1.0),
    "icon-512.png": (512, 1.0),
    "icon-512-full.png": (512, 0.72),
    "icon-180.png": (180, 0.84),
}
"""Size in pixels, and the drawing's share of it: a mask cuts off a tenth at each side, and iPads round the corners."""


def main() -> None:
    """Draw them all."""
    drawing = (PAGE / "icon.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (size, share) in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            ground = "transparent" if share == 1 else GROUND
            page.set_content(
                f"<style>body{{margin:0;background:{ground};display:grid;place-items:center;height:100vh}}"
                f"svg{{width:{share:.0%};height:{share:.0%}}}</style>{drawing}"
            )
            page.screenshot(path=str(PAGE / name), omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
