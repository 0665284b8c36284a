"""`bedside audit`: where text stands in a session's pictures, and free text that may name somebody."""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.recording import Plan, make_session

from bedside.audit.places import Area
from bedside.cli.audit import audit
from bedside.messages import Pixels
from bedside.source.text import TextBox

RED = (255, 0, 0)


def reds(pixels: Pixels) -> list[TextBox]:
    """A finder whose text is what is red; rectangles of it, one a picture."""
    found = (pixels[..., 0].astype(int) > 180) & (pixels[..., 1] < 70) & (pixels[..., 2] < 70)
    if found.sum() < 50:
        return []
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    height, width = pixels.shape[:2]
    x, y = columns[0] / width, rows[0] / height
    return [TextBox(x, y, (columns[-1] + 1) / width - x, (rows[-1] + 1) / height - y)]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session with video, snapshot, clip, best frames and masks; nothing in it is red."""
    return make_session(tmp_path, Plan(seconds=4.0))


def audited(folder: Path, *known: Area) -> dict[str, Any]:
    """What was found."""
    return audit(folder, reds, known, 1.0, quiet=True)[0]


def stain(picture: Path) -> None:
    """A red rectangle in a kept picture, at a tenth of its width and height."""
    pixels = cv2.imread(str(picture))
    assert pixels is not None
    height, width = pixels.shape[:2]
    pixels[height // 10 : height // 5, width // 10 : width // 2] = RED[::-1]
    cv2.imwrite(str(picture), pixels)


def test_a_session_without_text_has_no_places_and_all_of_it_was_looked_at(session: Path) -> None:
    """Every picture of every kind was shown to the finder."""
    found = audited(session)
    assert found["places"] == [] and found["unseen"] == []
    assert found["pictures"] > 8


@pytest.mark.parametrize("kind", ["snapshots", "best"])
def test_text_in_a_kept_picture_is_found_where_it_is(session: Path, kind: str) -> None:
    """Its file and its area are told."""
    picture = next(path for path in sorted((session / kind).glob("*.png")) if not path.name.endswith(".mask.png"))
    stain(picture)
    (place,) = audited(session)["places"]
    assert place["file"] == f"{kind}/{picture.name}"
    assert place["x"] == pytest.approx(0.1, abs=0.01) and place["width"] == pytest.approx(0.4, abs=0.01)


def test_text_in_a_video_is_found_with_its_time(session: Path, tmp_path: Path) -> None:
    """A name that comes up with another scene is found, though it stands for less than the interval."""
    import av

    with av.open(str(session / "video-900.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv444p"
        for number in range(200):
            pixels = np.full((240, 320, 3), 30, np.uint8)
            if 120 <= number < 135:
                pixels[20:120, 30:290] = RED
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    found = audit(session, reds, (), 60.0, quiet=True)[0]
    (place,) = [one for one in found["places"] if one["file"] == "video-900.mp4"]
    assert place["time_s"] == pytest.approx(4.8, abs=0.1)


def test_known_text_is_no_finding(session: Path) -> None:
    """What lies in a known area is counted and not told; what reaches out of it is told."""
    stain(next(iter(sorted((session / "snapshots").glob("*[0-9a-z].png")))))
    assert audited(session, Area(0.05, 0.05, 0.5, 0.2))["places"] == []
    assert len(audited(session, Area(0.05, 0.05, 0.2, 0.2))["places"]) == 1


def test_free_text_that_may_name_somebody_is_told_by_its_place(session: Path) -> None:
    """A note with a name, and a code that is none, are told; what they say is not."""
    with (session / "review.jsonl").open("a") as file:
        file.write(json.dumps({"note": "comment", "text": "asked Karen Hansen again"}) + "\n")
    about = json.loads((session / "session.json").read_bytes()) | {"participant": "Hansen"}
    (session / "session.json").write_text(json.dumps(about))
    found = audited(session)
    assert {(word["file"], word["key"]) for word in found["words"]} == {
        ("review.jsonl", "text"),
        ("session.json", "participant"),
    }
    assert "Hansen" not in json.dumps(found)


@pytest.mark.parametrize(
    "text",
    ["saw Karen Hansen", "HANSEN, KAREN", "HANSEN^KAREN", "MEIER ANNA", "born 1970/02/01", "1.2.1970", "0102701234"],
)
def test_the_forms_in_which_people_and_scanners_write_somebody_are_told(session: Path, text: str) -> None:
    """Names with capitals in every order, dates and patients' numbers."""
    (session / "review.jsonl").write_text(json.dumps({"note": "comment", "text": text}) + "\n")
    assert [word["key"] for word in audited(session)["words"] if word["file"] == "review.jsonl"] == ["text"]


def test_what_cannot_be_looked_at_is_said(session: Path) -> None:
    """A file of another kind and a broken picture are named."""
    (session / "notes.docx").write_bytes(b"PK")
    (session / "snapshots" / "broken.png").write_bytes(b"no picture")
    (session / "snapshots" / "empty.png").write_bytes(b"")
    (session / "wide.csv").write_text("text\n" + "x" * 140_000)
    unseen = ["notes.docx", "snapshots/broken.png", "snapshots/empty.png", "wide.csv"]
    assert [line.partition(":")[0] for line in audited(session)["unseen"]] == unseen


def test_nothing_in_the_session_is_changed(session: Path, tmp_path: Path) -> None:
    """Every file is as it was."""
    before = shutil.copytree(session, tmp_path / "before")
    audited(session)
    files = {path.relative_to(session): path.read_bytes() for path in session.rglob("*") if path.is_file()}
    assert files == {path.relative_to(before): path.read_bytes() for path in before.rglob("*") if path.is_file()}
