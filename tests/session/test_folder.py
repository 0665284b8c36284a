"""A session's folder."""

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside import clock
from bedside.errors import SessionError
from bedside.session.folder import Session


def test_nothing_is_made_before_something_is_kept(tmp_path: Path) -> None:
    """A server that keeps nothing leaves no folder behind."""
    session = Session(tmp_path / "sessions", "P1")
    assert (session.is_open, session.snapshots()) == (False, [])
    assert not (tmp_path / "sessions").exists()


def test_the_folder_says_when_who_and_with_what(tmp_path: Path) -> None:
    """Its name has the start and the participant, session.json the same and the versions; only the user may enter."""
    session = Session(tmp_path / "sessions", "P1", {"bedside": "0.1.0"})
    path = session.open()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d_P1", path.name)
    about = json.loads((path / "session.json").read_text())
    assert (about["version"], about["participant"], about["versions"]) == (1, "P1", {"bedside": "0.1.0"})
    assert about["start"].replace(":", "-").startswith(path.name.removesuffix("_P1"))
    assert path.stat().st_mode & 0o077 == 0
    assert session.open() == path


def test_two_sessions_in_one_second_have_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second server at the same second does not write into the first one's folder."""
    now_ns = clock.wall_ns()
    monkeypatch.setattr(clock, "wall_ns", lambda: now_ns)
    first, second = Session(tmp_path).open(), Session(tmp_path).open()
    assert second.name == f"{first.name}-2"


def test_a_snapshot_is_files_and_a_mark(tmp_path: Path) -> None:
    """The files lie under snapshots, whole, and the journal has one line for them."""
    session = Session(tmp_path)
    path = session.keep_snapshot("7_pcbm", {".png": b"picture", ".json": b"{}"}, {"seq": 7, "engine": "pcbm"})
    assert (tmp_path / path).read_bytes() == b"picture" == session.snapshot_png("7_pcbm")
    folder = (tmp_path / path).parent
    assert sorted(file.name for file in folder.iterdir()) == ["7_pcbm.json", "7_pcbm.png"]
    (mark,) = session.snapshots()
    assert (mark["mark"], mark["name"], mark["seq"], mark["engine"]) == ("snapshot", "7_pcbm", 7, "pcbm")
    assert abs(mark["wall_ns"] - clock.wall_ns()) < 60 * clock.NS_PER_S


def test_a_file_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills up in the middle of a file, neither it nor its half is left, and no mark claims it."""
    session = Session(tmp_path)
    session.open()

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SessionError, match=r"cannot be written: No space left on device; nothing was kept\. Free"):
        session.keep_snapshot("7", {".png": b"picture"}, {"seq": 7})
    assert list((session.open() / "snapshots").iterdir()) == []
    assert session.snapshots() == []


@pytest.mark.parametrize("participant", ["P1", "07", "site-2_P013", "A" * 15 + "1"])
def test_codes_are_taken(tmp_path: Path, participant: str) -> None:
    """A code of letters, digits, - and _ with a digit in it is a participant."""
    assert Session(tmp_path, participant).participant == participant


@pytest.mark.parametrize("participant", ["Jane", "Jane Doe", "P 1", "../P1", "P1/..", "Müller1", "A" * 16 + "1", "1\n"])
def test_what_may_be_a_name_is_refused(tmp_path: Path, participant: str) -> None:
    """A name, or what would leave the folder, is one sentence and no folder."""
    with pytest.raises(SessionError, match="expected a code of at most 16 letters"):
        Session(tmp_path, participant)


@given(name=st.text(max_size=120))
def test_no_snapshot_lies_outside_its_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever a snapshot is called, it is refused or lies directly under snapshots."""
    session = Session(tmp_path_factory.mktemp("sessions"))
    try:
        path = session.root / session.keep_snapshot(name, {".png": b"x"}, {})
    except SessionError:
        with pytest.raises(SessionError, match="has no snapshot"):
            session.snapshot_png(name)
    else:
        assert path.resolve().parent == (session.open() / "snapshots").resolve()
