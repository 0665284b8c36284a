"""The report of one session."""

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from tests.recording import START_NS
from tests.report.conftest import parsed, reported

from bedside.report.replays import agreement
from bedside.review.answered import answered
from bedside.session import wanted
from bedside.session.journal import Journal
from bedside.session.paths import Live, Paths
from bedside.session.recorded import Recorded
from bedside.session.wanted import Wanted

CHROMIUM = Path("/usr/bin/chromium")
NASTY = '<script>window.hit=1</script>"><img src=x onerror=window.hit=1>--></style> $\\frac{x$ \U0001f600 \u202e =1+1'
S = 1_000_000_000


@pytest.fixture
def session(whole: Path, tmp_path: Path) -> Path:
    """A copy of the whole session, to be changed."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def changed(folder: Path, **fields: object) -> Path:
    """With other fields in its session.json; None takes one away."""
    path = Paths(folder).session
    about = json.loads(path.read_text()) | fields
    path.write_text(json.dumps({name: value for name, value in about.items() if value is not None}))
    return folder


def test_the_page_says_what_was(whole_page: str) -> None:
    """Who, when, in which arm and with what; the numbers, every picture, and what people said of it."""
    page = parsed(whole_page)
    for words in (
        "Research use only.", "Session of P1", "Arm explain", "Consent noted", "State ended", "Duration 0:06",
        "2026-11-23 10:53:20 UTC", "3 of 3 labels that were good", "of 60 frames were lost", "mailbox 3 5.000 %",
        "planes: age of the answer", "first good", "Best frame head", "Best frame femur", "thumb down", "too bright",
        "femur (during the scan)", "not visible (during the scan)", "System Usability Scale", "sus: 50", "Brooke, 1996",
        "I found the system unnecessarily complex.", "sha256 0000", "An answer counts from",
    ):  # fmt: skip
        assert words in page.words, words
    assert len(page.of("img")) == 4
    assert len([one for one in page.of("svg") if one.get("class") == "plot"]) == 4
    assert all(shape["d"].startswith("M") for shape in page.of("path") if "d" in shape)


def test_the_page_needs_nothing_else(whole_page: str) -> None:
    """No script, no file, no address: what it shows is in it, and the browser is told to fetch nothing."""
    text, page = whole_page, parsed(whole_page)
    assert not page.of("script")
    assert not page.of("link")
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in page.of("img"))
    references = re.findall(r'(?:href|src)="([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert all(reference.startswith(("#", "data:")) for reference in references)
    assert "http" not in re.sub(r'"data:[^"]*"', "", text).replace("http-equiv", "")
    assert any(meta.get("content", "").startswith("default-src 'none'") for meta in page.of("meta"))


def test_colours_of_alarms_are_not_in_it(whole_page: str) -> None:
    """No red, yellow or cyan: those mean an alarm at a bedside."""
    for red, green, blue in re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})\b", whole_page):
        r, g, b = int(red, 16), int(green, 16), int(blue, 16)
        assert not (r > 180 and g < 100 and b < 100), "red"
        assert not (r > 180 and g > 180 and b < 100), "yellow"
        assert not (r < 100 and g > 180 and b > 180), "cyan"


def spoiled(folder: Path) -> Path:
    """Whatever a person or a model can write says something nasty."""
    paths = Paths(folder)
    nasty = {"label": NASTY, "engine": NASTY, "level": "good", "captured_ns": START_NS + S, "answered_ns": START_NS + S}
    with paths.results().open("a") as file:
        file.writelines(json.dumps(nasty | {"captured_ns": START_NS + at * S // 10}) + "\n" for at in range(90))
    for item in Recorded(folder).snapshots:
        answer = {
            "verdict": {"label": NASTY, "level": NASTY}, "concepts": [{"name": NASTY, "ok": NASTY, "value": NASTY}],
            "labels": ["background", NASTY], "text": NASTY, "guidance": {"text": NASTY},
            "boxes": [{"x": 0, "y": 0, "width": width, "height": 1, "label": NASTY} for width in (1, NASTY)],
            "classes": [{"name": NASTY, "score": 1}], "measurements": [{"name": NASTY, "value": 1, "unit": NASTY}],
        }  # fmt: skip
        about = dict(item.about) | {"result": {"engine": NASTY, "error": NASTY, "answer": answer}}
        item.picture.with_suffix(".json").write_text(json.dumps(about))
    marks = Journal(paths.marks)
    at = {"monotonic_ns": START_NS + S, "seq": 10, "captured_ns": START_NS + S, "engine": NASTY}
    for kind, more in (
        ("feedback", {"feedback": "note", "value": NASTY}),
        ("feedback", {"feedback": "verdict", "value": {"label": NASTY}}),
        ("feedback", {"feedback": "concept", "name": NASTY, "value": NASTY}),
        ("engine", {"state": "DEAD", "message": NASTY}),
        ("page", {"event": "opened", "view": NASTY}),
        ("signal", {"signal": NASTY}),
        ("questionnaire", {"questionnaire": NASTY, "answers": {NASTY: 1}, "scores": {NASTY: 1}}),
    ):
        marks.append({"mark": kind, **at, **more})
    Journal(paths.review).append({"note": "comment", "text": NASTY})
    engines = {NASTY: {NASTY: NASTY, "files": {NASTY: {NASTY: NASTY}}}, "planes": NASTY}
    return changed(folder, arm=NASTY, start=NASTY, participant=NASTY, versions={NASTY: NASTY}, engines=engines)


def test_what_a_session_says_stays_text(session: Path) -> None:
    """A label, a note, a name or an error that holds HTML, TeX or half a comment is shown as it is written."""
    page = parsed(reported(spoiled(session)))
    assert not page.of("script")
    assert all(image["src"].startswith("data:") for image in page.of("img"))
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.text.count("<script>window.hit=1</script>") > 15
    assert page.text.endswith("\n")
    assert "Research use only." in page.words[-200:]


def test_a_browser_paints_it_and_asks_for_nothing(whole_page: str, session: Path) -> None:
    """In Chromium, dark and on paper, also of a nasty session: no request, no complaint, no script, all pictures."""
    if not CHROMIUM.exists():
        pytest.skip(f"chromium: {CHROMIUM} is not there; `apt install chromium`")
    heard: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        for text in (whole_page, reported(spoiled(session))):
            file = session.parent / "report.html"
            file.write_text(text)
            tab = browser.new_page(color_scheme="dark")
            tab.on("console", lambda message: heard.append(message.text))
            tab.on("request", lambda request: heard.append(request.url[:100]))
            tab.goto(f"file://{file}")
            dark = tab.evaluate("getComputedStyle(document.querySelector('.plot text')).fill")
            tab.emulate_media(media="print", color_scheme="light")
            assert dark != tab.evaluate("getComputedStyle(document.querySelector('.plot text')).fill")
            assert tab.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
            assert tab.evaluate("window.hit") is None
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert tab.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") >= 2
        browser.close()
    assert [one for one in heard if not one.startswith(("file://", "data:"))] == []


def test_a_session_with_nothing_in_it(tmp_path: Path) -> None:
    """No video, no results, no marks: the page says so, and shows no number that nobody counted."""
    about = {"version": 2, "start_monotonic_ns": START_NS, "end_monotonic_ns": START_NS + 60 * S}
    Paths(tmp_path).session.write_text(json.dumps(about))
    words = parsed(reported(tmp_path)).words
    said = ("No engine answered", "No video was recorded", "No snapshot", "Nothing was said", "Consent not asked")
    for sentence in (*said, "Duration 1:00"):
        assert sentence in words, sentence


RECORDED = ("frames.csv", "segments.jsonl", "video-000.mp4", "video-001.mp4")
SERVED = ("results.jsonl", "masks.bin", "marks.jsonl", "best", "snapshots")


@pytest.mark.parametrize(
    ("missing", "sentence"), [(RECORDED, "No video was recorded."), (SERVED, "No engine answered")]
)
def test_a_session_that_lacks_a_part(session: Path, missing: tuple[str, ...], sentence: str) -> None:
    """Never recorded, or never served: what is there is shown, and what is not is said."""
    for name in missing:
        part = session / name
        shutil.rmtree(part) if part.is_dir() else part.unlink()
    assert sentence in parsed(reported(session)).words


def test_a_session_that_runs_and_one_that_was_broken_off(session: Path) -> None:
    """The first says that these are the numbers so far, the second that nobody ended it; torn lines are left out."""
    changed(session, end_monotonic_ns=None, end=None)
    with Paths(session).results().open("a") as file:
        file.write('{"seq": 7, "engine": "pla')
    assert "broken off: nobody ended it" in parsed(reported(session)).words
    live = Live(session.parent)
    with wanted.changing(live):
        wanted.write(live, Wanted(session.name, boot=wanted.boot_id()))
    assert "still running" in parsed(reported(session)).words


def test_what_the_review_ticked_is_shown(session: Path) -> None:
    """Alone; with what was said of it, a correction beside what the model said, and that it was rejected."""
    best = Recorded(session).best[0]
    result = {"seq": best.about["seq"], "captured_ns": best.about["captured_ns"], "engine": "planes"}
    review = Journal(Paths(session).review)
    review.append({"note": "tick", "item": f"best/{best.name}", "ticked": True})
    review.append({"note": "edit", **result, "field": "verdict", "value": {"label": "spine"}})
    review.append({"note": "reject", **result, "rejected": True})
    review.append({"note": "comment", "item": f"best/{best.name}", "text": "not the right plane"})
    review.append({"note": "comment", "text": "a short scan"})
    page = parsed(reported(session))
    assert len(page.of("img")) == 1
    assert "3 more were kept and are not shown" in page.words
    assert f"{best.name}, good" in page.words
    for words in ("spine", "Rejected in the review", "not the right plane", "a short scan"):
        assert words in page.words


def test_a_picture_that_cannot_be_read_takes_nothing_else_away(session: Path) -> None:
    """The page says so in its place."""
    Recorded(session).best[0].picture.write_bytes(b"no picture")
    page = parsed(reported(session))
    assert "The picture cannot be read." in page.words
    assert len(page.of("img")) == 3


def test_no_name_of_a_person_comes_from_bedside(session: Path) -> None:
    """A participant who is no code stays out, and so does a folder that somebody renamed."""
    renamed = session.rename(session.with_name("Jane Doe"))
    text = reported(changed(renamed, participant="Jane Doe", name="Jane Doe"))
    assert "Jane" not in text
    assert "a participant without a code" in text


def test_a_replay_is_shown_with_how_often_it_agrees(session: Path) -> None:
    """On the frames that both answered."""
    paths = Paths(session)
    lines = [json.loads(line) for line in paths.results().read_text().splitlines()]
    for line in lines[: len(lines) // 2]:
        line["label"] = "spine"
    paths.results("new").write_text("".join(json.dumps(line | {"engine": "better"}) + "\n" for line in lines))
    paths.replay("new").write_text("{}")
    page = parsed(reported(session))
    assert f"new better {len(lines)} {len(lines)} " in page.words
    both = agreement(answered(Recorded(session).results.lines)[0]["planes"], answered(lines)[0]["planes"])
    assert both.same_label == pytest.approx((len(lines) - len(lines) // 2) / len(lines))
