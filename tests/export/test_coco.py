"""A training set, read back by code that shares nothing with ours."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.export.conftest import PLAN
from tests.recording import mask_of, result_line

from bedside.export.coco import TrainingSet, box_of, boxes, label_masks, run_lengths, write_coco
from bedside.export.said import Said, Sayings
from bedside.export.shots import Answered, Answers, Selection, Shot, kept_items, key_of
from bedside.export.target import Target
from bedside.session.journal import Journal
from bedside.session.recorded import Recorded
from bedside.session.results import ResultsFile
from bedside.session.rows import Row, RowKind
from bedside.source import counter


def nothing() -> None:
    """No progress is shown."""


def export(recorded: Recorded, folder: Path, *, is_corrected: bool = False) -> TrainingSet:
    """All kept pictures, and all other frames with a result."""
    answers = Answers(recorded)
    items = kept_items(recorded)
    table = recorded.frames
    keys = [(int(seq), int(at)) for seq, at in zip(table.seq, table.captured_ns, strict=True)]
    kept = {key_of(item) for _, item in items}
    rows = [row for row, key in enumerate(keys) if key in answers and key not in kept]
    made = TrainingSet(PLAN.engine, is_corrected)
    selection = Selection(recorded, answers, items, rows)
    write_coco(Target(folder), recorded, selection, Sayings(recorded), made, nothing)
    return made


def decoded(segmentation: dict[str, Any]) -> np.ndarray[Any, Any]:
    """A COCO run-length mask, by the words of its format: columns first, runs of 0 and 1 by turns, 0 first."""
    height, width = segmentation["size"]
    pixels: list[int] = []
    for number, count in enumerate(segmentation["counts"]):
        pixels += [number % 2] * count
    assert len(pixels) == height * width
    return np.array([[pixels[x * height + y] for x in range(width)] for y in range(height)], bool)


@pytest.fixture(scope="module")
def folder(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made session as a training set."""
    path = tmp_path_factory.mktemp("coco") / "out"
    export(recorded, path)
    return path


def loaded(folder: Path) -> dict[str, Any]:
    """Its annotations."""
    return dict(json.loads((folder / "annotations.json").read_bytes()))


def test_a_mask_comes_back_to_the_pixel(folder: Path) -> None:
    """An independent reader paints the engine's mask, stretched over the picture, from the annotation."""
    told = loaded(folder)
    by_image = {annotation["image_id"]: annotation for annotation in told["annotations"]}
    for image in told["images"][:3]:
        annotation = by_image[image["id"]]
        painted = decoded(annotation["segmentation"])
        size = (image["width"], image["height"])
        expected = cv2.resize(mask_of(image["seq"]), size, interpolation=cv2.INTER_NEAREST) == 1
        assert np.array_equal(painted, expected)
        assert annotation["area"] == expected.sum()
        x, y, width, height = annotation["bbox"]
        assert expected[y : y + height, x : x + width].sum() == expected.sum()
        assert expected[y].any() and expected[:, x].any()
        assert expected[y + height - 1].any() and expected[:, x + width - 1].any()


def test_every_picture_is_the_frame_that_it_says(folder: Path) -> None:
    """Each file is there once, has the size that is written, and shows the number of its frame."""
    told = loaded(folder)
    assert len(told["images"]) == len({image["seq"] for image in told["images"]}) > 20
    for image in told["images"]:
        stored = cv2.imread(str(folder / "images" / image["file_name"]))
        assert stored is not None
        assert stored.shape == (image["height"], image["width"], 3)
        assert counter.read(np.asarray(stored[..., ::-1], np.uint8)) == image["seq"]


def test_it_says_what_it_is(folder: Path, recorded: Recorded) -> None:
    """Category names are the engine's labels; info says whose labels they are and that video has lost something."""
    told = loaded(folder)
    assert told["categories"] == [{"id": 1, "name": "disc", "supercategory": "planes"}]
    assert "compressed with a loss (h264)" in told["info"]["description"]
    assert "labels of the model 'planes'" in told["info"]["description"]
    assert (told["info"]["session"], told["info"]["participant"]) == (recorded.name, "P1")
    kept = {image["file_name"] for image in told["images"] if image["codec"] == "none"}
    assert kept == {
        "best_head.png",
        "best_abdomen.png",
        "best_femur.png",
        f"snapshots_{recorded.snapshots[0].name}.png",
    }


def test_it_names_no_person_and_no_year_that_nobody_knows(own: Path, tmp_path: Path) -> None:
    """A folder that somebody renamed, a participant that is no code and a start that is no time stay out of it."""
    path = own / "session.json"
    odd = {"participant": "Jane Doe", "name": "Jane Doe", "start": "now"}
    path.write_text(json.dumps(json.loads(path.read_bytes()) | odd))
    recorded = Recorded(own.rename(tmp_path / "Jane Doe"))
    info = TrainingSet(PLAN.engine, False).document(recorded)["info"]
    assert "Jane" not in json.dumps(info)
    assert info["year"] == 0


def test_labels_are_a_table_that_pandas_reads(folder: Path) -> None:
    """One row a picture: the verdict, each concept as true or false, and the person's word beside the engine's."""
    table = pd.read_csv(folder / "labels.csv")
    assert list(table.file_name) == [image["file_name"] for image in loaded(folder)["images"]]
    assert set(table.engine_label) == {"head", "abdomen", "femur"}
    assert (table.label == table.engine_label).all()
    (row,) = [row for _, row in table.iterrows() if isinstance(row.person_label, str)]
    assert row.person_label == "femur"
    assert row["person:thalami"] == "not visible"


def test_corrected_labels_are_those_of_people(own: Path, tmp_path: Path) -> None:
    """With corrections the person's label and concept stand, without the engine's score; the engine's label beside."""
    recorded = Recorded(own)
    export(recorded, tmp_path / "out", is_corrected=True)
    table = pd.read_csv(tmp_path / "out" / "labels.csv").set_index("seq")
    row = table.loc[recorded.snapshots[0].about["seq"]]
    assert (row.label, row.engine_label) == ("femur", "abdomen")
    assert pd.isna(row.score)
    assert row["concept:thalami"] == False  # noqa: E712  # numpy's
    assert "as people corrected them" in loaded(tmp_path / "out")["info"]["description"]


def test_a_rejected_answer_is_left_out_with_its_picture(own: Path, tmp_path: Path) -> None:
    """A picture whose answer a person rejected would teach that there is nothing on it: it is not there at all."""
    recorded = Recorded(own)
    about = recorded.snapshots[0].about
    where = {"seq": about["seq"], "captured_ns": about["captured_ns"], "engine": PLAN.engine}
    Journal(recorded.paths.review).append({"note": "reject", **where, "rejected": True})
    made = export(recorded, tmp_path / "out")
    assert made.left_out == 1
    assert about["seq"] not in [image["seq"] for image in loaded(tmp_path / "out")["images"]]
    assert not list((tmp_path / "out" / "images").glob("snapshots_*"))


def test_an_answer_whose_mask_was_not_kept_is_left_out(own: Path, tmp_path: Path) -> None:
    """A picture without the mask that its answer had would teach that there is nothing on it."""
    file = ResultsFile(Recorded(own).paths)
    table = Recorded(own).frames
    row = Row(RowKind.FRAME, int(table.seq[1]), 1, int(table.captured_ns[1]), int(table.wall_ns[1]), "live", 0, 0)
    file.append(result_line(PLAN, row) | {"mask_missing": "behind"})
    file.close()
    made = export(Recorded(own), tmp_path / "out")
    assert made.left_out == 1
    assert int(table.seq[1]) not in [image["seq"] for image in made.images]


def test_an_answer_that_is_an_error_teaches_nothing() -> None:
    """A picture on which the engine failed is left out."""
    shot = Shot("frames/000000", 1, 1, 1, "live", np.zeros((8, 8, 3), np.uint8), (Answered("planes", {}, "it broke"),))
    made = TrainingSet("planes", False)
    assert not made.add(shot, Said())
    assert (made.images, made.left_out) == ([], 1)


@given(arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_run_lengths_lose_nothing(mask: np.ndarray[Any, Any]) -> None:
    """Any mask comes back from its runs, and none of them but the first is empty."""
    segmentation = run_lengths(mask)
    assert np.array_equal(decoded(segmentation), mask)
    assert all(segmentation["counts"][1:])
    if mask.any():
        x, y, width, height = (int(value) for value in box_of(mask))
        assert mask[y : y + height, x : x + width].sum() == mask.sum()


def test_labels_without_a_name_and_masks_of_any_size() -> None:
    """A value that the labels do not name is called by its number; a small mask is stretched over the picture."""
    mask = np.array([[0, 1], [2, 7]], np.uint8)
    found = label_masks(Answered("planes", {"labels": ["background", "skull"]}, "", mask), 4, 6)
    assert [name for name, _ in found] == ["skull", "label 2", "label 7"]
    assert found[0][1].tolist() == [[False] * 3 + [True] * 3] * 2 + [[False] * 6] * 2


def test_boxes_are_cut_at_the_edge() -> None:
    """Fractions become pixels; what hangs over the edge is cut, and a box beside the picture is left out."""
    answer = {
        "boxes": [
            {"x": 0.25, "y": 0.5, "width": 0.5, "height": 0.25, "label": "head", "score": 0.9},
            {"x": -0.5, "y": 0.5, "width": 1.0, "height": 2.0},
            {"x": 1.5, "y": 0.5, "width": 0.2, "height": 0.2, "label": "gone"},
        ]
    }
    assert boxes(answer, 100, 200) == [
        ("head", [50.0, 50.0, 100.0, 25.0], {"score": 0.9}),
        ("unlabelled", [0.0, 50.0, 100.0, 50.0], {}),
    ]
