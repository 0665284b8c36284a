"""The frame on the screen is the one that the page names: stepped to, sought, played, and beside what is missing."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect
from tests.page.review.conftest import Open, OpenFolder, Server, seen, stands_at
from tests.recording import Plan, make_session

from bedside.session.recorded import Recorded

PLAYED = """async (seconds) => {
  const canvas = document.querySelector("canvas.large"), found = [];
  const until = performance.now() + seconds * 1000;
  for (let last = ""; performance.now() < until; ) {
    await new Promise(requestAnimationFrame);
    if (canvas.dataset.frame === last) continue;
    last = canvas.dataset.frame;
    found.push(Number(last));
  }
  return found;
}"""


def row_of(made: Path, seq: int) -> int:
    """The row of a frame of the video."""
    return int(np.flatnonzero(Recorded(made).frames.seq == seq)[0])


def test_stepping_lands_on_the_very_frame(review: Open, reviewed: Server, made: Path) -> None:
    """One frame on, one back, a second on: the number in the picture is the frame's, also across a segment's end."""
    first = row_of(made, 75)  # the last one of the first segment
    page = review(reviewed, f"/review/{made.name}#at=3.0")
    assert stands_at(page, first) == (first, 75, 75)
    for key, seq in [("ArrowRight", 76), ("ArrowRight", 77), ("ArrowLeft", 76), ("ArrowLeft", 75), ("ArrowLeft", 74)]:
        page.keyboard.press(key)
        assert stands_at(page, row_of(made, seq)) == (row_of(made, seq), seq, seq)
    page.keyboard.press("Shift+ArrowRight")
    assert stands_at(page, row_of(made, 99)) == (row_of(made, 99), 99, 99)
    page.get_by_role("button", name="One frame on").click()
    assert stands_at(page, row_of(made, 100)) == (row_of(made, 100), 100, 100)


def test_lost_frames_are_said_and_stepped_over(review: Open, reviewed: Server, made: Path) -> None:
    """Three frames are not in the video: the step goes from the one before to the one after, and says so."""
    before, after = row_of(made, 25), row_of(made, 29)
    assert after == before + 1
    page = review(reviewed, f"/review/{made.name}#at=1.0")
    assert stands_at(page, before) == (before, 25, 25)
    page.keyboard.press("ArrowRight")
    assert stands_at(page, after) == (after, 29, 29)
    expect(page.get_by_text("3 frames are missing before this one")).to_be_visible()
    page.keyboard.press("ArrowRight")
    stands_at(page, after + 1)
    expect(page.get_by_text("frames are missing")).to_be_hidden()


def test_a_tap_on_the_timeline_goes_there(review: Open, reviewed: Server, made: Path) -> None:
    """The frame under the finger is the one that is shown, in every segment, first and last ones too."""
    page = review(reviewed, f"/review/{made.name}#at=4")
    for seq in (1, 60, 76, 151, 225):
        tap(page, seq / 25 + 0.018, 9.0)
        page.wait_for_selector(f'canvas.large[data-seq="{seq}"]')
        assert seen(page) == (row_of(made, seq), seq, seq)


def test_playing_goes_through_segments_and_names_every_frame(review: Open, reviewed: Server, made: Path) -> None:
    """While it plays across a segment's end, what is painted is named rightly, rises, and leaves no second out."""
    page = review(reviewed, f"/review/{made.name}#at=2.2")
    page.keyboard.press("Space")
    named = []
    for _ in range(12):
        row, seq, read = seen(page)
        assert read == seq
        named.append(row)
        page.wait_for_timeout(150)
    page.wait_for_function("() => Number(document.querySelector('canvas.large').dataset.seq) > 90")
    assert named == sorted(named)
    assert max(b - a for a, b in pairwise(named)) < 25
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    row, seq, read = seen(page)
    assert read == seq


LATE = """() => { const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (say) {
  return ask.call(this, (now, said) => setTimeout(() => say(now, said), 120)); }; }"""


def test_a_busy_browser_names_what_it_paints(review: Open, reviewed: Server, made: Path) -> None:
    """What the browser said of a picture may be old when it is painted: the picture's own time stamp counts."""
    page = review(reviewed, f"/review/{made.name}#at=4.4")
    page.evaluate(LATE)
    page.keyboard.press("Space")
    page.wait_for_function("() => Number(document.querySelector('canvas.large').dataset.seq) > 112")
    for _ in range(4):
        _, seq, read = seen(page)
        assert read == seq
        page.wait_for_function("seq => document.querySelector('canvas.large').dataset.seq !== String(seq)", arg=seq)


def test_slow_motion_misses_no_frame(review: Open, reviewed: Server, made: Path) -> None:
    """At a quarter of the speed nearly every frame of a second comes to the screen."""
    page = review(reviewed, f"/review/{made.name}#at=4.4")
    stands_at(page, row_of(made, 110))
    page.get_by_label("Speed").select_option("0.25")
    page.keyboard.press("Space")
    page.wait_for_function("() => Number(document.querySelector('canvas.large').dataset.seq) > 110")
    rows = page.evaluate(PLAYED, 1.6)
    assert rows == sorted(rows)
    assert len(rows) >= 0.6 * (rows[-1] - rows[0]), rows


def test_a_pause_in_the_recording_is_said(review: Open, tmp_path: Path, reviewed_folder: OpenFolder) -> None:
    """Where nothing was recorded the page says for how long, played or tapped, and goes on behind it."""
    made = make_session(tmp_path, Plan(seconds=6.0))
    cut(made, 70, 110)
    page = review(reviewed_folder(tmp_path), f"/review/{made.name}#at=2.6")
    page.keyboard.press("Space")
    expect(page.locator(".band")).to_be_visible()
    expect(page.locator(".band")).to_contain_text("Not recorded for 1.7 s")
    page.wait_for_function("() => Number(document.querySelector('canvas.large').dataset.seq) >= 111")
    expect(page.locator(".band")).to_be_hidden()
    page.keyboard.press("Space")
    tap(page, 3.6, 6.0)
    expect(page.locator(".band")).to_contain_text("Not recorded for 1.7 s")
    page.wait_for_selector('canvas.large[data-seq="69"]')
    assert seen(page)[1:] == (69, 69)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector('canvas.large[data-seq="111"]')
    assert seen(page)[1:] == (111, 111)
    expect(page.locator(".band")).to_be_hidden()


def test_lossless_video_plays_as_pictures(review: Open, tmp_path: Path, reviewed_folder: OpenFolder) -> None:
    """What no browser decodes is played and stepped all the same, exactly."""
    made = make_session(tmp_path, Plan(seconds=4.0, segment_s=2.0, lossless=True))
    page = review(reviewed_folder(tmp_path), f"/review/{made.name}#at=1.5")
    page.keyboard.press("Space")
    page.wait_for_function("() => Number(document.querySelector('canvas.large').dataset.seq) > 55")
    _, seq, read = seen(page)
    assert read == seq
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    assert stands_at(page, 0)[1:] == (1, 1)
    page.keyboard.press("ArrowRight")
    assert stands_at(page, 1)[1:] == (2, 2)


def test_the_end_stands(review: Open, reviewed: Server, made: Path) -> None:
    """The last frame stays on the screen; playing again begins at the beginning."""
    page = review(reviewed, f"/review/{made.name}#at=8.6")
    page.keyboard.press("Space")
    last = len(Recorded(made).frames) - 1
    assert stands_at(page, last)[1:] == (225, 225)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    page.wait_for_function("() => Number(document.querySelector('canvas.large').dataset.frame) < 60")


def cut(made: Path, first: int, last: int) -> None:
    """Take the rows of frames `first` to `last` away, as if they had never been recorded."""
    path = made / "frames.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not is_cut(line, first, last)))


def is_cut(line: str, first: int, last: int) -> bool:
    """Whether a row is one of the cut frames'."""
    kind, seq = line.split(",")[:2]
    return kind == "frame" and first <= int(seq) <= last


def tap(page: Page, at_s: float, duration_s: float) -> None:
    """Tap the lane of verdicts at a time."""
    box = page.locator(".tracks").bounding_box()
    assert box is not None
    left, right = 96, 18
    page.mouse.click(box["x"] + left + at_s / duration_s * (box["width"] - left - right), box["y"] + 40)
