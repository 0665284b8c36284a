"""The folder of a data set."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from bedside.errors import SettingsError
from bedside.phantom.concepts import CLASSES, CONCEPTS, PLANES
from bedside.phantom.dataset import COLUMNS, DataSet, Row


def row(name: str, folder: Path | None = None) -> Row:
    """A row, with empty files where a folder is given."""
    made = dict.fromkeys(COLUMNS, "0") | {"image": f"images/{name}.png", "labels": f"labels/{name}.png"}
    for part in ("image", "labels") if folder else ():
        assert folder is not None
        (folder / made[part]).write_bytes(b"a picture")
    return made


def test_the_folder_says_what_its_columns_mean(tmp_path: Path) -> None:
    """dataset.json has format, planes, classes and concepts in their order."""
    DataSet(tmp_path, 10, range(3))
    about = json.loads((tmp_path / "dataset.json").read_text())
    assert (about["format"], about["version"]) == ("bedside-planes", 1)
    assert (about["planes"], about["classes"]) == (list(PLANES), list(CLASSES))
    assert [(one["name"], one["plane"], one["kind"]) for one in about["concepts"]] == [
        (one.name, one.plane, "binary" if one.is_binary else "quality") for one in CONCEPTS
    ]


def test_opened_anew_it_goes_on_where_it_was_left(tmp_path: Path) -> None:
    """What was saved and has its files is complete; a row whose picture is gone is not."""
    made = DataSet(tmp_path, 10, range(3))
    for name in ("b", "a", "c"):
        made.keep(row(name, tmp_path))
    made.save()
    (tmp_path / "images/c.png").unlink()
    again = DataSet(tmp_path, 10, range(3))
    assert [again.has(name) for name in "abc"] == [True, True, False]


def test_rows_are_written_whole_and_in_order(tmp_path: Path) -> None:
    """frames.csv has every column of the format, sorted by name, with no part file left."""
    made = DataSet(tmp_path, 10, range(3))
    for name in ("b", "a"):
        made.keep(row(name))
    made.save()
    with (tmp_path / "frames.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [one["image"] for one in rows] == ["images/a.png", "images/b.png"]
    assert tuple(rows[0]) == COLUMNS
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("there", ["notes.txt", "dataset.json"])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, there: str) -> None:
    """Other files, and a data set of another origin, are refused in one sentence; nothing is written."""
    (tmp_path / there).write_text('{"format": "bedside-planes"}')
    with pytest.raises(SettingsError, match=r"something else than a data set of the phantom.*--out"):
        DataSet(tmp_path, 10, range(3))
    assert [path.name for path in tmp_path.iterdir()] == [there]


def test_another_order_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    """The sentence says as what it was begun."""
    DataSet(tmp_path, 10, range(3))
    with pytest.raises(
        SettingsError, match=r"begun as 10 frames of the seeds 0\.\.2, and 20 frames of the seeds 0\.\.2"
    ):
        DataSet(tmp_path, 20, range(3))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Whatever is written there: the folder itself, its rows or its overview."""
    (tmp_path / "file").write_bytes(b"a picture")
    with pytest.raises(SettingsError, match="file/made cannot be written: Not a directory; make room there"):
        DataSet(tmp_path / "file" / "made", 10, range(3))
    made = DataSet(tmp_path / "made", 10, range(3))
    for name in ("frames.part", "contact.part"):
        (made.folder / name).mkdir()
    with pytest.raises(SettingsError, match="made cannot be written: Is a directory"):
        made.save()
    with pytest.raises(SettingsError, match="made cannot be written: Is a directory"):
        made.save_overview(np.zeros((4, 4, 3), np.uint8))
