"""Making the pictures of a data set."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from bedside.errors import BedsideError, SettingsError
from bedside.messages import Pixels
from bedside.phantom.concepts import CONCEPTS, PLANES
from bedside.phantom.dataset import DataSet, Row
from bedside.phantom.making import make, make_beside
from bedside.phantom.plan import Shot, shots
from bedside.phantom.pose import Pose, View
from bedside.phantom.truth import Offset, Truth


class Camera:
    """A stand-in for the studio: what it shows is the plane that its list says next."""

    def __init__(self, *planes: str) -> None:
        self.planes = list(planes)
        self.seeds: list[int] = []

    def choose(self, seed: int) -> Mapping[str, View]:
        """All planes are the same view."""
        self.seeds.append(seed)
        return dict.fromkeys(PLANES, View(Pose(), 100.0))

    def truth(self, view: View) -> Truth:
        """The next plane of the list, standard."""
        plane = self.planes.pop(0)
        label = np.full((48, 64), 5, np.uint8)
        concepts = np.zeros(len(CONCEPTS), np.float32)
        concepts[0] = 7.25
        return Truth(label, plane, bool(plane), concepts, view, Offset(plane, 1.5, 2.0, ""), 0.2)

    def picture(self, gain_db: float, moment: int) -> Pixels:
        """Grey."""
        return np.full((48, 64, 3), 90, np.uint8)


def folder(tmp_path: Path, count: int = 1) -> Path:
    """Of a data set that is begun."""
    return DataSet(tmp_path / "made", count, range(2)).folder


def test_views_are_tried_until_one_meets_the_aim(tmp_path: Path) -> None:
    """The first shot aims at a standard femur: the third view is one, and nothing is asked afterwards."""
    camera = Camera("", "head", "femur", "femur")
    (row,) = make(folder(tmp_path), shots(1, range(2)), camera)
    assert (row["plane"], row["standard"], row["femur_left_end"], camera.planes) == ("femur", "1", "7.2", ["femur"])


def test_after_four_views_the_last_is_taken_as_it_is(tmp_path: Path) -> None:
    """The row says what is true of it, not what was aimed at."""
    (row,) = make(folder(tmp_path), shots(1, range(2)), Camera("", "", "", "head"))
    assert (row["plane"], row["offset_mm"], row["mm_per_px"]) == ("head", "1.50", "0.2000")


def test_pictures_and_labels_are_what_was_drawn(tmp_path: Path) -> None:
    """Grey PNGs of 8 bit, each beside its labels, under the names of the row."""
    made = folder(tmp_path, 2)
    camera = Camera("femur", "abdomen")
    for row in make(made, shots(2, range(2)), camera):
        image, labels = (cv2.imread(str(made / row[part]), cv2.IMREAD_UNCHANGED) for part in ("image", "labels"))
        assert image is not None and labels is not None
        assert image.dtype == np.uint8
        assert (image.shape, int(image.max()), int(labels.min())) == ((48, 64), 90, 5)
    assert camera.seeds == [0, 1]


def test_a_disk_that_takes_nothing_is_one_sentence(tmp_path: Path) -> None:
    """It names the folder and what to do."""
    made = folder(tmp_path)
    for part in ("images", "labels"):
        (made / part).rmdir()
    with pytest.raises(SettingsError, match=r"made cannot be written: No such file.*what is complete stays"):
        list(make(made, shots(1, range(2)), Camera("femur")))


def test_processes_make_the_same_as_one(tmp_path: Path) -> None:
    """Two processes draw four pictures of two anatomies; each row comes once, with the pixels of a single process."""
    from bedside.phantom.studio import Studio

    wanted = list(shots(4, range(2)))
    alone = {row["image"]: row for row in make(folder(tmp_path / "alone", 4), wanted, Studio())}
    beside: list[Row] = []
    made = folder(tmp_path / "beside", 4)
    make_beside(made, 4, range(2), wanted, 2, beside.append)
    assert {row["image"]: row for row in beside} == alone and len(beside) == 4
    for name in alone:
        assert (made / name).read_bytes() == (tmp_path / "alone/made" / name).read_bytes()


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    """Its own sentence reaches the person who asked."""
    made = folder(tmp_path)
    (made / "images").rmdir()
    with pytest.raises(BedsideError, match="cannot be written"):
        make_beside(made, 1, range(2), [Shot(0, 0, next(iter(shots(1, range(2)))).aim)], 2, lambda _: None)


def test_one_process_that_fails_stops_the_others(tmp_path: Path) -> None:
    """What one cannot write is said at once; the other, with most of its pictures to draw yet, is not waited for."""
    wanted = list(shots(400, range(2)))
    made = folder(tmp_path, 400)
    broken = next(shot for shot in wanted if shot.seed == 1)
    (made / "images" / f"{broken.name}.part").mkdir()
    rows: list[Row] = []
    with pytest.raises(BedsideError, match="cannot be written"):
        make_beside(made, 400, range(2), wanted, 2, rows.append)
    assert len(rows) < 100
