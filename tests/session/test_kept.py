"""Kept pictures on the disk."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.errors import SessionError
from bedside.session import kept
from bedside.session.recorded import items

OLD = {".png": b"old picture", ".json": b'{"seq": 1}', ".mask.png": b"old mask"}
NEW = {".png": b"new picture", ".json": b'{"seq": 2}'}


def found(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_picture_lies_with_what_was_said_of_it(tmp_path: Path) -> None:
    """All files have the name; another picture of the same name gets a number, and the same one is written again."""
    folder = tmp_path / "snapshots"
    assert kept.keep(folder, "7_pcbm", OLD) == "7_pcbm"
    assert kept.keep(folder, "7_pcbm", NEW) == "7_pcbm-2"
    assert kept.keep(folder, "7_pcbm", OLD) == "7_pcbm"
    assert found(folder) == {f"7_pcbm{suffix}": data for suffix, data in OLD.items()} | {
        f"7_pcbm-2{suffix}": data for suffix, data in NEW.items()
    }
    assert kept.picture(folder, "7_pcbm-2") == b"new picture"


def test_what_does_not_fit_is_not_left_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills up in the middle, neither a file nor its half is left, and the sentence says what to do."""
    written = []

    def full(file: int) -> None:
        written.append(file)
        if len(written) > 2:
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SessionError, match=r"cannot be written: No space left on device; nothing was kept\. Free"):
        kept.keep(tmp_path / "snapshots", "7", OLD)
    assert found(tmp_path / "snapshots") == {}


def test_a_better_picture_takes_the_place_of_all_files(tmp_path: Path) -> None:
    """No mask of the one before stays beside it."""
    kept.replace(tmp_path, "head", OLD)
    kept.replace(tmp_path, "head", NEW)
    assert found(tmp_path) == {"head.png": b"new picture", "head.json": b'{"seq": 2}'}


@pytest.mark.parametrize("after", range(3))
def test_a_death_in_the_middle_mixes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Wherever a replacement is cut off, a picture stands beside its own words or beside none."""
    kept.replace(tmp_path, "head", OLD)
    done: list[Path] = []
    rename = Path.replace

    def dying(self: Path, target: Path) -> Path:
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", dying)
    if after < len(NEW):
        with pytest.raises(KeyboardInterrupt):
            kept.replace(tmp_path, "head", NEW)
    else:
        kept.replace(tmp_path, "head", NEW)
    (item,) = items(tmp_path)
    said, picture = item.about.get("seq"), item.picture.read_bytes()
    assert (picture, said) in {(b"old picture", None), (b"new picture", None), (b"new picture", 2)}
    assert item.mask is None


def test_a_replacement_that_does_not_fit_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the better picture only."""
    kept.replace(tmp_path, "head", OLD)

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(SessionError, match="No space left on device"):
            kept.replace(tmp_path, "head", NEW)
    assert found(tmp_path) == {f"head{suffix}": data for suffix, data in OLD.items()}


@given(name=st.text(max_size=120))
def test_no_picture_lies_outside_its_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever it is called, it is refused or lies directly in the folder."""
    folder = tmp_path_factory.mktemp("kept") / "snapshots"
    try:
        own = kept.keep(folder, name, {".png": b"x"})
    except SessionError:
        with pytest.raises(SessionError, match="this session has no snapshot"):
            kept.picture(folder, name)
    else:
        assert (folder / f"{own}.png").resolve().parent == folder.resolve()
