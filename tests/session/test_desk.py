"""Sessions are started, recorded and ended, by one or by several."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.small_disk import fill, small_disk

from bedside import clock
from bedside.errors import NotNow, SessionError
from bedside.session import desk as desk_module
from bedside.session import wanted
from bedside.session.desk import Desk, Who, With
from bedside.session.paths import Live, Paths
from bedside.session.wanted import CLIPS_KEPT, Clip

AGREED = Who("P1", "explain", True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    with small_disk(tmp_path / "disk", "1m") as path:
        yield path


def test_the_folder_says_who_when_and_with_what(tmp_path: Path) -> None:
    """Its name has the start in UTC and the participant; only the user may enter; the end is added."""
    desk = Desk(tmp_path / "sessions")
    made_with = With({"server": {"port": 8080}}, {"bedside": "0.1.0"}, {"pcbm": {"sha256": "0" * 64}})
    name = desk.start(AGREED, made_with)
    folder = tmp_path / "sessions" / name
    about = json.loads((folder / "session.json").read_text())
    assert (about["version"], about["name"], about["participant"], about["arm"]) == (2, name, "P1", "explain")
    assert (about["settings"], about["versions"], about["engines"]) == (
        made_with.settings,
        made_with.versions,
        made_with.engines,
    )
    assert about["start"].replace(":", "-").startswith(name.removesuffix("_P1"))
    assert folder.stat().st_mode & 0o077 == 0
    assert desk.end("the machine was needed") == name
    ended = json.loads((folder / "session.json").read_text())
    assert ended.items() >= about.items()
    assert (ended["end_why"], ended["end_monotonic_ns"] >= ended["start_monotonic_ns"]) == (
        "the machine was needed",
        True,
    )


def test_two_sessions_in_one_second_have_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second does not write into the first one's folder."""
    now_ns = clock.wall_ns()
    monkeypatch.setattr(clock, "wall_ns", lambda: now_ns)
    desk = Desk(tmp_path)
    first = desk.start(Who(), With())
    desk.end()
    assert desk.start(Who(), With()) == f"{first}-2"


def test_video_needs_consent(tmp_path: Path) -> None:
    """Neither at the start, nor later, nor as a clip, unless nobody's consent is needed."""
    for consent in (None, False):
        desk = Desk(tmp_path)
        with pytest.raises(NotNow, match="consent to be recorded is not noted"):
            desk.start(Who("P1", "", consent), With(), recording=True)
        desk.start(Who("P1", "", consent), With())
        with pytest.raises(NotNow, match="consent to be recorded is not noted"):
            desk.record(True)
        with pytest.raises(NotNow, match="consent to be recorded is not noted"):
            desk.ask_clip(Clip("7", 1))
        assert (desk.wanted().recording, desk.wanted().clips) == (False, ())
        desk.end()
    phantom = Desk(tmp_path, needs_consent=False)
    phantom.start(Who(), With(), recording=True)
    phantom.ask_clip(Clip("7", 1))
    assert (phantom.wanted().recording, phantom.wanted().clips) == (True, (Clip("7", 1),))


def test_wishes_for_clips_are_bounded(tmp_path: Path) -> None:
    """The last ones are there, in their order."""
    desk = Desk(tmp_path)
    desk.start(AGREED, With())
    for number in range(CLIPS_KEPT + 3):
        desk.ask_clip(Clip(str(number), number))
    assert [clip.until_ns for clip in desk.wanted().clips] == list(range(3, CLIPS_KEPT + 3))


def test_nothing_runs_after_the_machine_started_anew(tmp_path: Path) -> None:
    """Monotonic times of another start mean nothing: its session is over, and a new one can begin."""
    desk = Desk(tmp_path)
    desk.start(AGREED, With())
    live = Live(tmp_path)
    live.wanted.write_text(live.wanted.read_text().replace(wanted.boot_id(), "another start"))
    assert desk.wanted().session == ""
    desk.start(AGREED, With())


def test_a_damaged_wish_is_one_sentence(tmp_path: Path) -> None:
    """Nothing is guessed: the sentence says which file to remove."""
    desk = Desk(tmp_path)
    desk.start(AGREED, With())
    Live(tmp_path).wanted.write_text("{")
    with pytest.raises(SessionError, match=r"wanted\.json is damaged .*; remove it"):
        desk.record(False)


def test_a_session_whose_folder_is_gone_can_be_ended(tmp_path: Path) -> None:
    """The end is said to have no folder to be written into, and the next session can start."""
    desk = Desk(tmp_path)
    name = desk.start(AGREED, With())
    (tmp_path / name).rename(tmp_path / "elsewhere")
    with pytest.raises(SessionError, match=r"session\.json cannot be read: No such file or directory"):
        desk.end()
    assert desk.wanted().session == ""
    assert Paths(tmp_path / desk.start(AGREED, With())).session.is_file()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Nothing is made, and the sentence says what to do."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SessionError, match=r"file/sessions/\.live cannot be written: Not a directory; free some space"):
        Desk(tmp_path / "file" / "sessions").start(AGREED, With())


def test_of_many_that_start_at_once_one_does(tmp_path: Path) -> None:
    """Several processes ask at the same time: one session runs, and all others are told its name."""
    code = (
        "import sys; from pathlib import Path; from bedside.session.desk import *; from bedside.errors import NotNow\n"
        "try: print('started', Desk(Path(sys.argv[1])).start(Who('P1'), With()))\n"
        "except NotNow as error: print('refused', str(error).split()[1])"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, os.fspath(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = sorted(process.communicate(timeout=60)[0].split() for process in processes)
    name = Desk(tmp_path).wanted().session
    assert said == [["refused", name]] * 3 + [["started", name]]
    assert [path.name for path in tmp_path.iterdir() if path.name != ".live"] == [name]


def test_a_session_ends_on_a_full_disk(disk: Path) -> None:
    """Where not one byte more can be written, it runs no more, and the next one starts once there is room."""
    desk = Desk(disk)
    name = desk.start(AGREED, With(), recording=True)
    filler = fill(disk)
    assert desk.end() == name
    assert (desk.wanted().session, desk.wanted().recording) == ("", False)
    filler.unlink()
    assert desk.start(AGREED, With())


def test_an_end_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs no more; the sentence says what its session.json lacks, and what was there is there still."""
    desk = Desk(tmp_path)
    name = desk.start(AGREED, With())

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(desk_module, "write_whole", full)
    monkeypatch.setattr(wanted, "write_whole", full)
    with pytest.raises(SessionError, match=f"session {name} has ended, but its session.json does not say so: No space"):
        desk.end()
    assert (desk.wanted().session, "end_why" in desk.about(name)) == ("", False)


def test_a_session_that_cannot_be_kept_leaves_no_folder(disk: Path) -> None:
    """However often a snapshot is tried on a full disk, no empty folders are left by it."""
    desk = Desk(disk)
    desk.start(AGREED, With())
    desk.end()
    there = sorted(disk.iterdir())
    filler = fill(disk)
    for _ in range(2):
        with pytest.raises(SessionError, match="No space"):
            desk.start(AGREED, With(), needs_space=False)
    filler.unlink()
    assert sorted(disk.iterdir()) == there
