"""The folder that an export is written into."""

from pathlib import Path

import pytest
from tests.small_disk import small_disk

from bedside.errors import SessionError
from bedside.export.target import Target


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    """What lies there is not mixed with an export, and the sentence names both ways on."""
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(SessionError, match=r"holds something already; name another folder with --out.*--overwrite"):
        Target(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "three years"


def test_overwriting_replaces_files_of_the_same_name_alone(tmp_path: Path) -> None:
    """With overwrite, a file of the same name is new and another one is as it was."""
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "b.txt").write_text("old")
    Target(tmp_path, overwrite=True).write("a.txt", b"new")
    assert (tmp_path / "a.txt").read_text() == "new"
    assert (tmp_path / "b.txt").read_text() == "old"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A target that is a file becomes a sentence."""
    (tmp_path / "out").write_text("")
    with pytest.raises(SessionError, match="cannot be written"):
        Target(tmp_path / "out")


def test_a_file_in_the_place_of_a_folder_within_is_refused(tmp_path: Path) -> None:
    """Where an earlier export left a file in the way, the sentence names what could not be written."""
    (tmp_path / "snapshots").write_text("")
    with pytest.raises(SessionError, match=r"snapshots/a.png cannot be written: .*0 files were written before it"):
        Target(tmp_path, overwrite=True).write("snapshots/a.png", b"")


def test_a_full_disk_is_a_sentence_and_leaves_no_half_file(tmp_path: Path) -> None:
    """On a disk of 1 MB the file that does not fit is not there, nor a part of it; those before are whole."""
    with small_disk(tmp_path / "disk", "1m") as disk:
        target = Target(disk / "out")
        target.write("first.bin", bytes(600_000))
        with pytest.raises(SessionError, match=r"second.bin cannot be written: No space left.*1 files were written"):
            target.write("second.bin", bytes(600_000))
        assert [path.name for path in (disk / "out").iterdir()] == ["first.bin"]
        assert (disk / "out" / "first.bin").stat().st_size == 600_000
