"""The reader of `bedside-planes`: what it reads, what it says of a wrong data set, and the split by subject."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.pcbm.loaded import module
from tests.engines.pcbm.made import data_set

dataset = module("dataset")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six subjects with five frames each."""
    return data_set(tmp_path / "data")


def edit(data: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    """Write frames.csv anew after a change of its rows."""
    with (data / "frames.csv").open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    change(rows)
    with (data / "frames.csv").open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_data_set_is_read_as_it_was_written(data: Path) -> None:
    """Planes, verdicts and concepts are those of the rows; a frame without a plane has no verdict."""
    table = dataset.read(data)
    assert len(table.images) == 30
    assert list(table.planes[:5]) == [0, 1, 2, 3, -1]
    assert table.verdicts[4] == -1
    good = table.standard == 1
    assert (table.verdicts[good] < 4).all()
    stomach = table.concepts[:, 5]
    assert set(stomach[(table.planes == 1) & good]) <= {8.0}
    assert set(stomach[table.planes != 1]) == {0.0}


def test_what_is_not_known_is_nan_and_255(data: Path) -> None:
    """An empty cell is NaN, a frame without a label map is 255 everywhere, and neither is an error."""
    edit(data, lambda rows: rows[0].update(labels="", stomach="", standard=""))
    table = dataset.read(data)
    assert np.isnan(table.concepts[0, 5])
    assert np.isnan(table.standard[0])
    assert table.verdicts[0] == -1
    pictures = dataset.pictures(table)
    assert (pictures[0, 1] == 255).all()
    assert (pictures[1, 1] != 255).all()


WRONG = {
    "kidney": ("12", r"line 2: kidney is '12', but it must be a quality from 0 to 10, or empty"),
    "femur_size": ("0.5", r"line 2: femur_size is '0.5', but it must be 0 or 1, or empty"),
    "ac_1": ("good", r"line 2: ac_1 is 'good'"),
    "plane": ("brain", r"line 2: the plane is 'brain', but it is femur, abdomen, head, cervix, or empty for none"),
    "standard": ("yes", r"line 2: standard is 'yes', but it must be 0 or 1"),
    "subject": ("", r"line 2: the subject is empty"),
    "image": ("images/9.png", r"line 2: image names 'images/9.png', and there is no such file in "),
    "labels": ("labels/9.png", r"line 2: labels names 'labels/9.png', and there is no such file in "),
}


@pytest.mark.parametrize("column", WRONG)
def test_a_wrong_cell_is_told_by_its_line(data: Path, column: str) -> None:
    """One sentence with the line, the column, the value and what was expected."""
    value, said = WRONG[column]
    edit(data, lambda rows: rows[0].update({column: value}))
    with pytest.raises(dataset.DataError, match=said) as caught:
        dataset.read(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "coco"}, "the format is 'coco' version 1, but this reader knows 'bedside-planes' version 1"),
        ({"planes": ["femur"]}, "planes, number 1, is nothing, but concepts.py has 'abdomen' there"),
        ({"classes": ["background", "skull"]}, "classes, number 1, is 'skull', but concepts.py has 'cervical canal'"),
        ({"concepts": []}, "concepts, number 0, is nothing, but concepts.py has .*femur_left_end"),
    ],
)
def test_tables_that_are_not_those_of_the_model_are_told(data: Path, change: dict[str, object], said: str) -> None:
    """The first place at which they differ, and both entries."""
    head = json.loads((data / "dataset.json").read_text())
    (data / "dataset.json").write_text(json.dumps(head | change))
    with pytest.raises(dataset.DataError, match=said):
        dataset.read(data)


@pytest.mark.parametrize("file", ["dataset.json", "frames.csv"])
def test_a_missing_table_is_told(data: Path, file: str) -> None:
    """By its name, and what it is for."""
    (data / file).unlink()
    with pytest.raises(dataset.DataError, match=f"{file} is missing: "):
        dataset.read(data)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (np.zeros((10, 10), np.uint8), "is uint8 10x10, but a label map is one channel of 8 bit, 240x320"),
        (np.full((240, 320), 14, np.uint8), "has the class 14, but classes go from 0 to 13, and 255 is unknown"),
        (np.zeros((240, 320, 3), np.uint8), "is uint8 240x320x3"),
        (np.zeros((240, 320), np.uint16), "is uint16 240x320"),
    ],
)
def test_a_wrong_label_map_is_told(data: Path, label: npt.NDArray[np.uint8], said: str) -> None:
    """By its file, its shape or class, and what was expected."""
    cv2.imwrite(str(data / "labels" / "0-0.png"), label)
    with pytest.raises(dataset.DataError, match=rf"0-0\.png {said}"):
        dataset.pictures(dataset.read(data))


def test_a_file_that_is_no_picture_is_told(data: Path) -> None:
    """By its name."""
    (data / "images" / "0-0.png").write_bytes(b"no picture")
    with pytest.raises(dataset.DataError, match=r"0-0\.png cannot be read as a picture"):
        dataset.pictures(dataset.read(data))


def test_the_cache_follows_the_files(data: Path) -> None:
    """It is what the nets see of each frame, and a picture that has changed is seen anew."""
    before = np.array(dataset.pictures(dataset.read(data)))
    assert before.shape == (30, 2, 224, 288)
    assert before.dtype == np.uint8
    assert (np.array(dataset.pictures(dataset.read(data))) == before).all()
    cv2.imwrite(str(data / "images" / "0-0.png"), np.full((240, 320), 77, np.uint8))
    after = dataset.pictures(dataset.read(data))
    assert (after[0, 0] == 77).all()
    assert (after[1:] == before[1:]).all()


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvw"), min_size=3, max_size=60), st.integers(0, 2**32 - 1))
def test_no_subject_is_in_two_parts(subjects: list[str], seed: int) -> None:
    """Each frame is in one part, all frames of a subject are in the same one, and the seed decides."""
    if len(set(subjects)) < 3:
        return
    table = of_subjects(subjects)
    parts = dataset.split(table, seed)
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(subjects)))
    of = {name: {subjects[row] for row in rows} for name, rows in parts.items()}
    assert all(of.values())
    assert sum(map(len, of.values())) == len(set(subjects))
    assert all((rows == dataset.split(table, seed)[name]).all() for name, rows in parts.items())


def test_the_split_is_70_15_15() -> None:
    """Of the subjects, whatever their number of frames."""
    parts = dataset.split(of_subjects([str(number) for number in range(100)]), 1)
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 70, "validation": 15, "test": 15}


def test_subjects_stay_in_the_parts_of_a_training() -> None:
    """Whatever the seed: with fewer subjects they stay where they were; one that is new, or moved, is one sentence."""
    names = [str(number) for number in range(20)]
    whole = of_subjects(names)
    kept = {part: [names[row] for row in rows] for part, rows in dataset.split(whole, 1).items()}
    assert {part: [names[row] for row in rows] for part, rows in dataset.split(whole, 2, kept).items()} == kept
    fewer = dataset.split(of_subjects(names[:10]), 2, kept)
    assert {part: [names[row] for row in rows] for part, rows in fewer.items()} == {
        part: [name for name in own if int(name) < 10] for part, own in kept.items()
    }
    with pytest.raises(dataset.DataError, match="the run does not know 2 of the 22 subjects, such as 'lung'"):
        dataset.split(of_subjects([*names, "lung", "lung", "oven"]), 1, kept)
    moved = np.array(["test" if name in kept["train"] else "train" for name in names])
    with pytest.raises(dataset.DataError, match=r"subject '0' is in \w+, but the run had it in \w+;"):
        dataset.split(of_subjects(names, moved), 1, kept)


def of_subjects(subjects: list[str], split: object = None) -> object:
    """A table of which only the subjects are looked at."""
    empty = np.zeros(len(subjects))
    return dataset.Table(Path(), "", (), (), np.array(subjects), empty, empty, empty, split)


def test_a_split_of_ones_own_is_kept(data: Path) -> None:
    """The column `split` decides; a subject in two parts, or a part of another name, is an error."""

    def by_subject(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row["split"] = {"s0": "test", "s1": "validation"}.get(row["subject"], "train")

    edit(data, by_subject)
    table = dataset.read(data)
    assert set(table.subjects[dataset.split(table)["test"]]) == {"s0"}
    edit(data, lambda rows: rows[0].update(split="train"))
    with pytest.raises(dataset.DataError, match="subject 's0' is in test and in train, but must be in one split only"):
        dataset.read(data)
    edit(data, lambda rows: rows[0].update(split="hold"))
    with pytest.raises(dataset.DataError, match="a split is 'hold', but it must be train, validation, test"):
        dataset.read(data)


def test_rare_groups_are_drawn_as_often_as_others() -> None:
    """Of 1000 frames of one group and 10 of another, each is about half of what is drawn."""
    groups = np.repeat([0, 7], [1000, 10])
    drawn = groups[dataset.balanced(groups, np.random.default_rng(0))]
    assert len(drawn) == len(groups)
    assert 0.45 < (drawn == 7).mean() < 0.55
