"""What the engine said and what the reviewer says of it: side by side, kept, and there again after a reload."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from tests.page.review.conftest import Open, OpenFolder, Server, painted, seen, stands_at
from tests.recording import Plan, make_session, mask_of, result_line

from bedside.session.paths import Paths
from bedside.session.recorded import Recorded
from bedside.session.results import ResultsFile
from bedside.session.rows import Row, parsed


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A session of a test's own, with a replay that always says femur."""
    made = make_session(tmp_path, Plan(seconds=4.0, segment_s=2.0))
    add_replay(made, "better")
    return made


def rows_of(made: Path) -> list[Row]:
    """The frames of a session's video."""
    lines = (made / "frames.csv").read_text().splitlines(keepends=True)
    return [row for line in lines if (row := parsed(line)) is not None and row.segment >= 0]


def add_replay(made: Path, name: str) -> None:
    """Answers of another engine to every second frame."""
    file = ResultsFile(Paths(made), name)
    for row in rows_of(made)[::2]:
        line: dict[str, Any] = result_line(Plan(seconds=4.0, engine=name), row)
        line["answer"]["verdict"] = {"label": "spine", "level": "good", "score": 0.9}
        file.append(line | {"label": "spine", "level": "good", "score": 0.9}, mask_of(row.seq))
    file.close()


def at_s(made: Path, row: int) -> float:
    """When a row of the video was captured."""
    recorded = Recorded(made)
    return recorded.time_s(int(recorded.frames.captured_ns[row]))


def test_shapes_are_those_of_the_very_frame(review: Open, reviewed: Server, made: Path) -> None:
    """On an answered frame nothing is said of age; on the next one the page says how old its shapes are."""
    answered = 57  # the engine answers each third frame
    page = review(reviewed, f"/review/{made.name}#at={at_s(made, answered)}")
    stands_at(page, answered)
    expect(page.locator(".when").first).to_contain_text("of this very frame")
    expect(page.get_by_text("Shapes of")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    stands_at(page, answered + 1)
    expect(page.locator(".when").first).to_contain_text("40 ms before")
    expect(page.get_by_text("Shapes of 40 ms before")).to_be_visible()


def test_the_overlay_lies_where_the_mask_is_and_goes_away(review: Open, reviewed: Server, made: Path) -> None:
    """The disc of the frame's own mask is on the picture; the button and the key take it away and bring it back."""
    rows = Recorded(made).frames
    row = 120
    page = review(reviewed, f"/review/{made.name}#at={at_s(made, row)}")
    stands_at(page, row)
    page.wait_for_selector('canvas.large[data-overlay="true"]')
    page.get_by_role("button", name="Shapes on the picture").click()
    page.wait_for_selector('canvas.large[data-overlay="false"]')
    bare = ink(page)
    page.keyboard.press("o")
    page.wait_for_selector('canvas.large[data-overlay="true"]')
    inked = ink(page)
    middle = (20 + int(rows.seq[row]) % 50) / 96
    assert len(bare) < 20
    assert abs(np.percentile(inked, 2) - (middle - 14 / 96)) < 0.02


def ink(page: Page) -> NDArray[np.float64]:
    """How far from the left, as a share of the width, each bright and coloured pixel of the picture is."""
    pixels = painted(page).astype(int)
    is_ink = (pixels.max(-1) - pixels.min(-1) > 12) & (pixels.max(-1) > 150)
    return np.asarray(np.nonzero(is_ink)[1] / pixels.shape[1], np.float64)


def test_a_correction_stands_beside_the_original(review: Open, own: Path, reviewed_folder: OpenFolder) -> None:
    """Verdict, level, concept and comment stand beside the original, also after a reload; no result changes."""
    before = (own / "results.jsonl").read_bytes()
    page = review(reviewed_folder(own.parent), f"/review/{own.name}#at=1.0")
    label = page.locator(".verdict .label").first.inner_text()
    page.get_by_role("button", name="Correct").click()
    page.get_by_label("Verdict", exact=True).fill("spine")
    page.get_by_role("radiogroup", name="Level").get_by_text("close").click()
    page.get_by_role("radiogroup", name="thalami").get_by_text("not visible").click()
    page.get_by_role("textbox", name="Comment").fill("the <b>probe</b> slipped")
    page.get_by_role("button", name="Save").click()
    for _ in range(2):
        said = page.get_by_role("region", name="What you said of it")
        expect(said).to_contain_text("spine, close")
        expect(said).to_contain_text(f"the AI said: {label}")
        expect(said).to_contain_text("thalami: not visible")
        expect(said).to_contain_text("the <b>probe</b> slipped")
        expect(page.locator(".verdict .label").first).to_have_text(label)
        page.reload()
        page.wait_for_selector("canvas.large[data-seq]")
    kinds = [note["note"] for note in Recorded(own).notes()]
    assert kinds == ["edit", "edit", "comment"]
    assert (own / "results.jsonl").read_bytes() == before
    said.get_by_role("button", name="Take it back").first.click()
    expect(said).not_to_contain_text("spine, close")
    expect(said).to_contain_text("thalami: not visible")


def test_an_answer_is_rejected_and_accepted_again(review: Open, own: Path, reviewed_folder: OpenFolder) -> None:
    """Reject says so beside the answer and in the list of events; a second tap takes it back."""
    page = review(reviewed_folder(own.parent), f"/review/{own.name}#at=1.0")
    reject = page.get_by_role("button", name="Reject")
    reject.click()
    expect(page.get_by_text("this answer does not count")).to_be_visible()
    expect(reject).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_text("this answer does not count")).to_be_visible()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("this answer does not count")).to_be_hidden()
    assert [note["rejected"] for note in Recorded(own).notes()] == [True, False]


def test_a_refused_note_is_said(review: Open, own: Path, reviewed_folder: OpenFolder, faults: list[str]) -> None:
    """What the server does not keep does not look kept: its sentence is shown."""
    page = review(reviewed_folder(own.parent), f"/review/{own.name}#at=1.0")
    page.route("**/notes", lambda route: refuse(route) if route.request.method == "POST" else route.continue_())
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status").get_by_text("the disk is full")).to_be_visible()
    expect(page.get_by_text("this answer does not count")).to_be_hidden()
    assert any("507" in fault for fault in faults)
    faults.clear()


def refuse(route: Any) -> None:
    """As a server on a full disk does."""
    route.fulfill(status=507, content_type="application/json", body=json.dumps({"error": "the disk is full"}))


def test_a_kept_picture_is_ticked_and_opened(review: Open, own: Path, reviewed_folder: OpenFolder) -> None:
    """A card goes to its very frame, is ticked and commented for the report, and plays its clip; a reload knows it."""
    page = review(reviewed_folder(own.parent), f"/review/{own.name}")
    open_kept(page)
    card = page.locator('[data-item="best/abdomen"]')
    card.get_by_role("checkbox", name="abdomen in the report").click()
    expect(card.get_by_role("checkbox")).to_have_attribute("aria-checked", "true")
    card.get_by_role("textbox").fill("use this one")
    card.get_by_role("textbox").blur()
    expect(page.get_by_text("Kept beside the original")).to_be_visible()
    page.reload()
    open_kept(page)
    expect(card.get_by_role("checkbox")).to_have_attribute("aria-checked", "true")
    expect(card.get_by_role("textbox")).to_have_value("use this one")
    about = json.loads((own / "best" / "abdomen.json").read_text())
    card.get_by_role("button", name="Go to abdomen").click()
    page.wait_for_selector(f'canvas.large[data-seq="{about["seq"]}"]')
    assert seen(page)[2] == about["seq"]
    open_kept(page)
    page.get_by_role("button", name="Play the clip").click()
    page.wait_for_function("() => document.querySelector('dialog.clip video').currentTime > 0")


def open_kept(page: Page) -> None:
    """The tab of kept pictures."""
    page.get_by_role("tab", name="Kept").click()


def test_a_replay_stands_beside_the_scan(review: Open, own: Path, reviewed_folder: OpenFolder) -> None:
    """Chosen, it has its lane, its own verdict beside the scan's, and its shapes when they are wanted."""
    page = review(reviewed_folder(own.parent), f"/review/{own.name}#at=1.0")
    page.get_by_label("Beside it").select_option(label="Replay better")
    expect(page.get_by_role("article", name="planes").get_by_role("heading", level=1)).to_be_visible()
    two = page.locator(".opinion").nth(1)
    expect(two.get_by_role("heading", level=1)).to_have_text("spine")
    two.get_by_role("button", name="Reject").click()
    expect(two.get_by_text("this answer does not count")).to_be_visible()
    [note] = Recorded(own).notes()
    assert (note["engine"], note["replay"]) == ("better", "better")
    page.get_by_role("button", name="Shapes of Replay better").click()
    page.wait_for_selector('canvas.large[data-overlay="true"]')


def test_events_are_listed_and_lead_to_their_frames(review: Open, reviewed: Server, made: Path) -> None:
    """Feedback, losses and changes of the signal are words in a list; a tap goes to the frame."""
    page = review(reviewed, f"/review/{made.name}")
    page.get_by_role("tab", name="Events").click()
    corrected = "With thalami visible, disc not there: femur, good (was: femur, close)"
    for words in (
        "Frozen",
        "3 frames lost (mailbox)",
        "Thumb down",
        "thalami: not visible",
        "Note: too bright",
        corrected,
    ):
        expect(page.locator(".happenings")).to_contain_text(words)
    mark = next(mark for mark in Recorded(made).marks if mark.get("value") == "too bright")
    page.get_by_role("button", name="Note: too bright").click()
    page.wait_for_selector(f'canvas.large[data-seq="{mark["seq"]}"]')
    assert seen(page)[2] == mark["seq"]
