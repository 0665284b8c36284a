"""Reading a session's folder."""

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from tests.recording import START_NS, make_session, mask_of

from bedside.errors import SessionError
from bedside.session.recorded import Recorded, sessions
from bedside.source import counter


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of six seconds."""
    return make_session(tmp_path_factory.mktemp("sessions"))


def test_every_part_is_read(made: Path) -> None:
    """Frames, losses, segments, results with masks, marks, snapshots and best frames are what was written."""
    session = Recorded(made)
    assert (len(session.frames), len(session.frames.losses), sorted(session.segments)) == (147, 1, [0, 1])
    line = session.results.lines[10]
    mask = session.results.mask(line)
    assert mask is not None and np.array_equal(mask, mask_of(line["seq"]))
    assert session.frames.index_of(line["seq"], line["captured_ns"]) is not None
    assert [item.name for item in session.best] == ["abdomen", "femur", "head"]
    assert [item.about["result"]["engine"] for item in session.snapshots] == ["planes"]
    kinds = {"page", "snapshot", "feedback", "intervention", "best", "questionnaire"}
    assert {mark["mark"] for mark in session.marks} == kinds
    assert session.time_s(START_NS + 10**9) == 1.0
    assert sessions(made.parent) == [made]


def test_each_row_is_its_picture_in_the_video(made: Path) -> None:
    """The picture with a row's pts, in the row's segment, shows the row's number."""
    session = Recorded(made)
    frames = session.frames
    for number, segment in session.segments.items():
        with av.open(str(segment.path)) as container:
            shown = {
                frame.pts: counter.read(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
                for frame in container.decode(video=0)
            }
        rows = np.flatnonzero(frames.segment == number)
        assert shown == {int(frames.pts[row]): int(frames.seq[row]) for row in rows}


def test_a_session_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """What a newer Bedside wrote is not guessed at."""
    (tmp_path / "session.json").write_text(json.dumps({"version": 99}))
    with pytest.raises(SessionError, match="of version 99 and this Bedside reads up to 2; read it with a newer"):
        Recorded(tmp_path)


@pytest.mark.parametrize("name", ["../secret.mp4", "session.json", "/etc/passwd", "video-000.mp4/../x.mp4", "", "link"])
def test_video_is_a_file_of_the_session_and_nothing_else(made: Path, tmp_path: Path, name: str) -> None:
    """Whatever stands in the list of segments, no other file is taken for video, and the other segments are there."""
    folder = tmp_path / "sessions" / made.name
    shutil.copytree(made, folder)
    (tmp_path / "sessions" / "secret.mp4").write_bytes(b"secret")
    (folder / "video-007.mp4").symlink_to(tmp_path / "sessions" / "secret.mp4")
    name = "video-007.mp4" if name == "link" else name
    with (folder / "segments.jsonl").open("a") as file:
        file.write(json.dumps({"segment": 7, "event": "opened", "file": name}) + "\n")
        file.write('{"segment": "x"}\n{"segment": null}\n[]\n{"segment": 7, "ev')
    assert sorted(Recorded(folder).segments) == [0, 1]
