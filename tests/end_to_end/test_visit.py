"""A whole study visit: scanned, broken in the middle, asked, reviewed, replayed, compared, reported, archived."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from playwright.sync_api import Page, expect
from tests.end_to_end.box import Box, bedside, running, wait
from tests.orthanc import Orthanc, running_orthanc

from bedside.review.pictures import Pictures
from bedside.session.recorded import Recorded
from bedside.source import counter

pytestmark = pytest.mark.chromium

FIRST = """
import numpy as np
from bedside.source import counter

def predict(frame):
    mask = np.zeros((36, 64), np.uint8)
    mask[8:24, 16:40] = 1
    score = (counter.read(frame) or 0) % 60 / 60
    return {"verdict": {"label": "head", "level": "good" if score > 0.5 else "near", "score": score},
            "concepts": [{"name": "thalami", "ok": True, "value": 8, "max": 10}],
            "mask": mask, "labels": ["background", "skull"]}
"""
SECOND = FIRST.replace('"head"', '"abdomen"').replace("16:40", "20:44")


def told(folder: Path, *words: str) -> str:
    """What a verb prints; it must end well."""
    process = bedside(folder, *words)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, f"{words}: {err}{out}"
    return out


@pytest.mark.timeout(300)
def test_a_study_visit_from_its_start_to_the_archive(tmp_path: Path, tablet: Page) -> None:
    """P1 in arm explain: nothing of the video is lost though the engine is killed, and all that came of it agrees."""
    source, more = "synthetic:?size=640x360", "[session]\nquestionnaires = ['sus']\n[recorder]\nreserve_gb = 0.1\n"
    with running(tmp_path, more + "session_gb = 0.1", engine=FIRST, source=source) as box:
        start(box, tablet)
        scan(box, tablet)
        end(box, tablet)
        session = Recorded(next(path for path in (tmp_path / "sessions").iterdir() if path.name.endswith("_P1")))
        the_recording_is_whole(session)
        review(box, tablet, session)
    replay(tmp_path, session)
    with running_orthanc(tmp_path / "orthanc") as archive:
        export(tmp_path, session, archive)
    report(tmp_path, tablet)


def start(box: Box, tablet: Page) -> None:
    """The tablet starts the session; what looks like a name is refused."""
    tablet.goto(box.url)
    expect(tablet).to_have_url(re.compile("/view/explain"))
    tablet.get_by_role("button", name="opens the session").click()
    participant = tablet.get_by_label("Participant code, never a name")
    participant.fill("Jane Doe")
    tablet.get_by_label("Consent was given").check()
    tablet.get_by_role("button", name="Start session").click()
    expect(tablet.get_by_text("never a name").last).to_be_visible()
    participant.fill("P1")
    tablet.get_by_role("button", name="Explain", exact=True).click()
    tablet.get_by_role("button", name="Start session").click()
    wait(lambda: box.health["recorder"]["state"] == "recording", "it records")
    expect(tablet.get_by_role("button", name=re.compile("^Recording"))).to_be_visible()


def scan(box: Box, tablet: Page) -> None:
    """Freeze, snapshot, feedback, and the engine killed in the middle; the recording goes on."""
    wait(lambda: box.health["recorder"]["frames"] > 60, "two seconds are recorded")
    tablet.get_by_role("button", name="Snapshot").click()
    tablet.get_by_role("button", name="Wrong").click()
    tablet.get_by_role("button", name="Freeze scanner").click()
    wait(lambda: box.health["signal"] == "frozen", "the scanner is frozen")
    tablet.get_by_role("button", name="Unfreeze scanner").click()
    wait(lambda: box.health["signal"] == "live", "the scanner goes on")
    engine, before = box.processes["engine seen"], box.health["recorder"]["frames"]
    os.kill(engine["pid"], signal.SIGKILL)
    wait(lambda: box.processes["engine seen"]["pid"] not in (0, engine["pid"]), "the engine is started again")
    wait(lambda: box.health["status"] == "ok", "and answers")
    wait(lambda: box.health["recorder"]["frames"] > before + 30, "the recording has gone on")
    tablet.get_by_role("button", name="Correct").click()
    tablet.get_by_role("button", name="no", exact=True).first.click()
    expect(tablet.get_by_text("Kept with this frame")).to_be_visible()
    tablet.keyboard.press("Escape")


def end(box: Box, tablet: Page) -> None:
    """The session ends on the tablet, which goes on to the questionnaire."""
    tablet.get_by_role("button", name="opens the session").click()
    tablet.get_by_role("button", name="End session").click()
    tablet.get_by_role("button", name="End it now").click()
    tablet.get_by_role("link", name="System Usability Scale").click()
    for number in range(1, 11):
        tablet.locator(f"input[name=q{number}][value='{5 if number % 2 else 1}']").check(force=True)
    tablet.get_by_role("button", name="Send").click()
    expect(tablet.get_by_text("Thank you")).to_be_visible()


def the_recording_is_whole(session: Recorded) -> None:
    """From the first frame to the last each is in the video, or a loss that is said; each shows its own number."""
    frames = session.frames
    lost = [seq for row in frames.losses for seq in range(row.seq, row.seq + row.count)]
    assert sorted([*frames.seq.tolist(), *lost]) == list(range(int(frames.seq[0]), int(frames.seq[-1]) + 1))
    pictures = Pictures(session)
    numbers = [counter.read(pixels) for _, pixels in pictures.frames()]
    pictures.close()
    assert len(set(numbers)) == len(frames)
    assert np.all(np.diff(np.array(numbers, np.int64)) > 0)
    marks = {mark["mark"] for mark in session.marks}
    assert {"start", "signal", "engine", "snapshot", "feedback", "best", "shown", "end", "questionnaire"} <= marks
    (sus,) = (mark for mark in session.marks if mark["mark"] == "questionnaire")
    assert sus["scores"] == {"sus": 100.0}
    (item,) = session.snapshots
    assert item.clip is not None and item.mask is not None


def review(box: Box, tablet: Page, session: Recorded) -> None:
    """The same tablet shows the session again; a snapshot is ticked for the report."""
    tablet.goto(f"{box.url}/review/{session.name}")
    tablet.get_by_role("tab", name=re.compile("^Kept")).click()
    for tick in tablet.get_by_role("checkbox", name=re.compile("in the report")).all():
        if tick.get_attribute("aria-checked") != "true":
            tick.click()
    wait(lambda: any(note["note"] == "tick" for note in session.notes()), "the tick is kept")


def replay(folder: Path, session: Recorded) -> None:
    """A second engine answers every recorded frame, and differs from the first as it must."""
    (folder / "other").mkdir()
    (folder / "other" / "engine.py").write_text(SECOND, encoding="utf-8")
    told(folder, "replay", "last", "--engine", "other")
    assert len(session.replay("other")) == len(session.frames)
    compared: dict[str, Any] = json.loads(told(folder, "compare", "last", "other", "--json"))
    assert compared["same_label"] == 0
    told(folder, "compare", "last", "other")
    assert list(folder.glob("compare-*.html"))


def export(folder: Path, session: Recorded, archive: Orthanc) -> None:
    """The archive holds what was kept, with the very pixels and no name."""
    told(folder, "export", "last", "--as", "dicom", "--out", "dicom", "--to-pacs", archive.address)
    (patient,) = archive.get("/patients")
    assert archive.get(f"/patients/{patient}")["MainDicomTags"]["PatientID"] == "P1"
    stills = {}
    for instance in archive.get("/instances"):
        data = pydicom.dcmread(pydicom.filebase.DicomBytesIO(archive.raw(f"/instances/{instance}/file")))
        if data.get("NumberOfFrames", 1) == 1:
            stills[instance] = data.pixel_array
    (kept,) = session.snapshots
    pixels = cv2.cvtColor(np.asarray(cv2.imread(str(kept.picture)), np.uint8), cv2.COLOR_BGR2RGB)
    assert any(np.array_equal(still, pixels) for still in stills.values())


def report(folder: Path, tablet: Page) -> None:
    """One page says who, what and how well, in words that a coordinator reads."""
    told(folder, "report", "last", "-o", "report.html")
    tablet.goto((folder / "report.html").as_uri())
    for words in ("Session of P1", "Research use only", "System Usability Scale", "other"):
        expect(tablet.get_by_text(words).first).to_be_attached()
