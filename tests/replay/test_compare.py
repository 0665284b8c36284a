"""`bedside compare` as a person runs it, and its page as a browser paints it."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.recording import LABELS
from tests.replay.results import write
from tests.replay.runs import bedside, session

from bedside.replay.page import clock_text

CHROMIUM = Path("/usr/bin/chromium")


def _other(seq: int) -> dict[str, Any]:
    box = {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.3, "label": "<b>box</b>"}
    return {"verdict": {"label": "<script>alert(1)</script>", "level": "good"}, "boxes": [box]}


def test_a_table_and_a_page(tmp_path: Path) -> None:
    """Without options: numbers and the confusion table on the terminal, and a page in the working folder."""
    folder = session(tmp_path)
    write(folder, "v2", lambda seq: {"verdict": {"label": LABELS[0], "level": "good"}})
    status, out, err = bedside(tmp_path, "compare", "last", "v2")
    assert status == 0, err
    assert "same label" in out and "Cohen's kappa" in out and "engine:planes \\ v2" in out
    (page,) = tmp_path.glob("compare-*.html")
    assert page.name == f"compare-{folder.name}-engine-planes-v2.html"
    assert str(page) in out
    status, out, _ = bedside(tmp_path, "compare", "last", "planes", "v2", "--json")
    said = json.loads(out)
    assert status == 0
    assert 0 < said["same_label"] < 1
    assert list(said["confusion"]["femur"]) == sorted(LABELS)


def test_what_cannot_be_compared_is_one_sentence(tmp_path: Path) -> None:
    """Too many names, an unknown one, sides without a common frame, a file that cannot be written, newer results."""
    folder = session(tmp_path)
    write(folder, "late", lambda seq: {}, every=1000)
    write(folder, "odd", lambda seq: {"verdict": "x"}, every=7)
    lines = (folder / "results-odd.jsonl").read_text().splitlines(keepends=True)
    (folder / "results-odd.jsonl").write_text(lines[3])
    write(folder, "new", lambda seq: {})
    (folder / "results-new.jsonl").write_text(lines[0].replace('"version":', '"version":9'))
    for words, expected, sentence in (
        (("a", "b", "c"), 2, "`bedside compare SESSION B`"),
        (("nobody",), 1, "no results called 'nobody'"),
        (("late", "odd"), 1, "was answered by both late and odd"),
        (("late", "--out", "no/folder.html"), 2, "cannot be written"),
        (("new",), 1, "read it with a newer Bedside"),
    ):
        status, _, err = bedside(tmp_path, "compare", "last", "-q", *words)
        assert (status, err.count("\n")) == (expected, 1), err
        assert sentence in err


def test_a_minute_has_sixty_seconds() -> None:
    """Times are rounded before they are cut into minutes."""
    assert [clock_text(at_s) for at_s in (-1, 3.04, 59.97, 64.5)] == ["0:00.0", "0:03.0", "1:00.0", "1:04.5"]


@pytest.mark.chromium
def test_the_page_shows_both_overlays_on_the_frame(tmp_path: Path) -> None:
    """It is painted without a complaint: the exact picture, both verdicts as text, an outline and a box over it."""
    if not CHROMIUM.exists():
        pytest.skip(f"chromium: {CHROMIUM} is not there; `apt install chromium`")
    from playwright.sync_api import sync_playwright

    folder = session(tmp_path)
    write(folder, "v2", _other)
    status, out, err = bedside(tmp_path, "compare", "last", "v2", "--cases", "2", "--out", "page.html")
    assert status == 0, err
    assert "2 of " in out
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1180, "height": 820})
        faults: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "page.html").as_uri())
        articles = page.locator("article")
        assert articles.count() == 2
        first = articles.first
        assert "<script>alert(1)</script>" in first.inner_text()
        assert any(label in first.inner_text() for label in LABELS)
        assert "<b>box</b>" in first.inner_text()
        stages = first.locator(".stage")
        boxes = [stages.nth(at).bounding_box() for at in range(2)]
        assert all(box is not None and box["width"] > 300 for box in boxes)
        outline, box = (stages.nth(at).locator("path[stroke]").first.bounding_box() for at in range(2))
        stage = boxes[1]
        assert outline is not None and box is not None and stage is not None
        assert box["x"] - stage["x"] == pytest.approx(0.1 * stage["width"], abs=4)
        assert box["width"] == pytest.approx(0.3 * stage["width"], abs=6)
        assert "Research use only" in page.inner_text("body")
        assert not faults
        assert all(url.startswith(("file:", "data:")) for url in asked)
        browser.close()
