"""A session of an hour is reviewed as one of a minute is."""

from pathlib import Path

from playwright.sync_api import expect
from tests.hour import Length, make_hour
from tests.page.review.conftest import Open, OpenFolder, seen


def test_an_hour_opens_seeks_and_plays(review: Open, tmp_path: Path, reviewed_folder: OpenFolder) -> None:
    """A far place is there exactly; who dragged through the hour still gets answers, and a video that plays."""
    length = Length(fps=10, every=2)
    made = make_hour(tmp_path, length)
    page = review(reviewed_folder(tmp_path), f"/review/{made.name}#at=3000.05")
    row, seq, read = seen(page)
    assert abs(seq - 3000.05 * length.fps) <= 1
    cycle = length.cycle_s * length.fps
    assert read == row % (length.segment_minutes * 60 * length.fps) % cycle
    box = page.locator(".tracks").bounding_box()
    assert box is not None
    page.mouse.move(200, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(700, box["y"] + 40, steps=60)
    page.mouse.up()
    page.keyboard.press("Space")
    page.wait_for_function(
        "row => Math.abs(Number(document.querySelector('canvas.large').dataset.frame) - row) > 3", arg=seen(page)[0]
    )
    row, seq, read = seen(page)
    assert read == row % (length.segment_minutes * 60 * length.fps) % cycle
    expect(page.locator(".when").first).not_to_be_empty()
