"""`bedside demo` as it ships: the phantom, PCBM and the page."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.end_to_end.box import bedside, wait

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(900)]  # the first run makes the engine's environment
PLANES = {"1": "Head", "2": "Abdomen", "3": "Femur", "4": "Cervix"}
KEYS = {
    "right": ("ArrowRight", "ArrowLeft", 2),
    "left": ("ArrowLeft", "ArrowRight", 2),
    "up": ("ArrowUp", "ArrowDown", 2),
    "down": ("ArrowDown", "ArrowUp", 2),
    "rotate": ("e", "q", 2),
    "tilt": ("w", "x", 1),
    "rock": ("l", "j", 2),
    "depth": ("]", "[", 10),
}
"""By the word of a way to go: the key for it, the key against it, and how far one press goes."""
MOST_STEPS = 40


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the demo's page is."""
    demo = bedside(tmp_path_factory.mktemp("demo"), "demo", "--no-open")
    assert demo.stdout is not None
    try:
        yield next(line for line in demo.stdout if "The page: " in line).split()[-1].rstrip("/")
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=30)
    assert demo.returncode == 130


def scanner(address: str) -> dict[str, Any]:
    """Where the probe is, and what is true of its picture."""
    with urllib.request.urlopen(f"{address}/api/control", timeout=10) as answer:
        return dict(json.load(answer)["state"])


def elsewhere(address: str, before: dict[str, Any]) -> dict[str, Any]:
    """What is true once the probe has moved, or another depth is shown."""

    def moved() -> dict[str, Any] | None:
        now = scanner(address)
        return None if (now["pose"], now["depth_mm"]) == (before["pose"], before["depth_mm"]) else now

    return dict(wait(moved, "the probe has moved"))


def step(page: Page, move: str) -> None:
    """One press of the key that brings the probe nearer."""
    word, number = move.split()
    towards, away, _ = KEYS[word]
    page.keyboard.press(towards if float(number) > 0 else away)


@pytest.mark.parametrize("key", PLANES)
def test_a_person_steers_to_a_plane_and_sees_the_checklist_fill(address: str, tablet: Page, key: str) -> None:
    """With keys alone, along the way that the phantom tells: the verdict becomes standard and no point is missing."""
    plane = PLANES[key]
    tablet.goto(f"{address}/view/explain")
    tablet.wait_for_selector("canvas.large[data-seq]")
    expect(tablet.locator(".verdict .label")).not_to_be_empty()
    tablet.keyboard.press(key)
    wait(lambda: scanner(address)["plane"] == plane.lower(), f"near the {plane}")
    here = scanner(address)
    for _ in range(MOST_STEPS):
        if here["is_standard"]:
            break
        step(tablet, here["offset"]["move"])
        here = elsewhere(address, here)
    assert (here["plane"], here["is_standard"]) == (plane.lower(), True)
    expect(tablet.locator(".verdict .label")).to_have_text(plane)
    expect(tablet.locator(".verdict .word")).to_contain_text("standard plane")
    expect(tablet.locator('.concepts li:not([data-level="good"])')).to_have_count(0)
    expect(tablet.locator(".plane.is-now")).to_contain_text(plane)
