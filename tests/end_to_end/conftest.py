"""A running Bedside, and Chromium to look at it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that tests can import tests.end_to_end.box

from playwright.sync_api import Page, sync_playwright
from tests.end_to_end.box import Box, running

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
TABLET = {"width": 1180, "height": 820}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box with the synthetic scanner and a small engine, doing its job."""
    with running(tmp_path) as found:
        yield found


@pytest.fixture
def tablet() -> Iterator[Page]:
    """A page of Chromium as large as a tablet; nothing may go wrong in its console but what a lost server causes."""
    if not CHROMIUM.exists():
        pytest.skip(f"chromium: {CHROMIUM} is not there; scripts/rigs installs it")
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page(viewport=TABLET)  # type: ignore[arg-type]
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        browser.close()
    assert not faults
