"""What the recorder says of itself: whole however it is read, and old when nobody says it any more."""

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from bedside import clock
from bedside.errors import SessionError
from bedside.messages import RecorderState, RecorderStatus
from bedside.session.paths import Live
from bedside.session.recorder_file import RecorderFile, read


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """State, message, numbers and the process come back as they were said."""
    file = RecorderFile(Live(tmp_path))
    file.write(RecorderStatus(RecorderState.RECORDING, "ü", "2026-11-23T10-12-33_P1", 5, 30, 2, 1000, 9000))
    found = read(Live(tmp_path))
    assert found is not None
    assert (found.state, found.message, found.session) == (RecorderState.RECORDING, "ü", "2026-11-23T10-12-33_P1")
    assert (found.since_ns, found.frames, found.losses, found.video_bytes, found.free_bytes) == (5, 30, 2, 1000, 9000)
    assert found.pid == os.getpid()


def test_without_a_recorder_there_is_nothing(tmp_path: Path) -> None:
    """Where no recorder has ever been, nobody is called gone."""
    assert read(Live(tmp_path)) is None


def test_one_that_says_nothing_more_is_gone(tmp_path: Path) -> None:
    """A recorder that has not written for longer than it may, or in another life of the machine, is gone."""
    for written_ns in (clock.monotonic_ns() - 10 * clock.NS_PER_S, clock.monotonic_ns() + 10**15):
        status = RecorderStatus(RecorderState.RECORDING, session="S", written_ns=written_ns)
        Live(tmp_path).folder.mkdir(exist_ok=True)
        Live(tmp_path).recorder.write_text(json.dumps({"began_ns": written_ns} | asdict(status)))
        found = read(Live(tmp_path))
        assert found is not None
        assert found.state is RecorderState.GONE
        assert found.session == "S"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"state": "dancing"}', '{"began_ns": 1, "state": "idle"}'])
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str) -> None:
    """A damaged file, or one that another version wrote, raises nothing and says that it cannot be read."""
    Live(tmp_path).folder.mkdir()
    Live(tmp_path).recorder.write_text(text)
    found = read(Live(tmp_path))
    assert found is not None
    assert (found.state, found.message) == (RecorderState.GONE, "what the recorder says cannot be read")


def test_half_an_old_and_half_a_new_one_is_never_believed(tmp_path: Path) -> None:
    """However a reader finds two writings mixed, it says neither."""
    file = RecorderFile(Live(tmp_path))
    texts = []
    for frames in (111, 222):
        file.write(RecorderStatus(RecorderState.RECORDING, frames=frames))
        texts.append(Live(tmp_path).recorder.read_bytes())
    old, new = texts
    for cut in range(20, len(new.rstrip()) - 1, 7):
        Live(tmp_path).recorder.write_bytes(new[:cut] + old[cut:])
        found = read(Live(tmp_path))
        assert found is not None
        assert found.frames == 0 or new[:cut] + old[cut:] in texts


def test_read_while_it_is_written(tmp_path: Path) -> None:
    """A thousand writings under a reader's eyes: each reading is one of them, whole."""
    file = RecorderFile(Live(tmp_path))
    file.write(RecorderStatus(RecorderState.IDLE))

    def write() -> None:
        for number in range(1000):
            file.write(RecorderStatus(RecorderState.RECORDING, "x" * (number % 400), frames=number, losses=number))

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        found = read(Live(tmp_path))
        assert found is not None
        assert found.frames == found.losses
        assert found.state is not RecorderState.GONE or found.message == "what the recorder says cannot be read"
    writer.join()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Where the recorder's file cannot be, one sentence names it."""
    (tmp_path / ".live").write_text("a file")
    with pytest.raises(SessionError, match=r"recorder.json cannot be written: "):
        RecorderFile(Live(tmp_path))
