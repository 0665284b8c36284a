"""Public data sets, brought into the format."""

from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from tests.engines.pcbm.loaded import module
from tests.engines.pcbm.made import data_set

dataset = module("dataset")
SKULL, UNKNOWN = 13, 255


@pytest.fixture
def convert() -> object:
    """engines/pcbm/convert.py, whose progress bars need nothing but rich."""
    return module("convert")


def test_heads_of_hc18_have_a_skull_and_an_unknown_inside(convert: object, tmp_path: Path) -> None:
    """The band is as thick as a skull, its outer border is the head's, and the number in the name is the subject."""
    source, data = tmp_path / "hc18" / "training_set", tmp_path / "data"
    source.mkdir(parents=True)
    head = np.zeros((540, 800), np.uint8)
    cv2.ellipse(head, (400, 270), (200, 150), 0, 0, 360, 255, -1)
    line = np.zeros((540, 800), np.uint8)
    cv2.ellipse(line, (400, 270), (200, 150), 0, 0, 360, 255, 1)
    for name, mask in (("010_HC", "Mask"), ("010_2HC", "Annotation"), ("011_HC", "Mask"), ("012_HC", "Mask")):
        cv2.imwrite(str(source / f"{name}.png"), np.full((540, 800), 90, np.uint8))
        cv2.imwrite(str(source / f"{name}_{mask}.png"), head if mask == "Mask" else line)
    (source.parent / "training_set_pixel_size_and_HC.csv").write_text(  # where it lies as published
        "filename,pixel size(mm),head circumference (mm)\n010_HC.png,0.25,1\n"
    )
    assert convert.pixel_sizes(source) == {"010_HC.png": 0.25}  # type: ignore[attr-defined]
    assert convert.main(["hc18", str(source), str(data)]) == 0  # type: ignore[attr-defined]
    table = dataset.read(data)
    assert sorted(table.subjects) == ["010", "010", "011", "012"]
    assert set(table.planes) == {2}
    assert np.isnan(table.concepts).all()
    pictures = dataset.pictures(table)
    for label in pictures[:, 1]:
        row = label[112]
        band = np.flatnonzero(row == SKULL)
        assert (row[band[0] : band[-1] + 1] != 0).all()
        assert row[144] == UNKNOWN
        assert row[5] == row[-5] == 0
        inner = np.flatnonzero(row == UNKNOWN)
        assert (inner[0] - band[0]) == pytest.approx(14 * 0.9913 * 288 / 793, abs=1.5)
        assert (band[-1] - band[0]) == pytest.approx(400 * 0.9913 * 288 / 793, abs=2)


def test_fetal_planes_have_a_plane_and_a_patient(convert: object, tmp_path: Path) -> None:
    """The published table's planes; thorax and other are none; nothing else is known."""
    source, data = tmp_path / "planes", tmp_path / "data"
    (source / "Images").mkdir(parents=True)
    rows = ["Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train "]
    planes = ["Fetal brain", "Fetal abdomen", "Fetal femur", "Maternal cervix", "Fetal thorax", "Other"]
    for number, plane in enumerate(planes):
        cv2.imwrite(str(source / "Images" / f"Patient{number}.png"), np.full((400, 600), 80, np.uint8))
        rows.append(f"Patient{number};{number // 2};{plane};Not A Brain;Op. 1;Voluson E6;1")
    (source / "FETAL_PLANES_DB_data.csv").write_text("\n".join(rows))
    assert convert.main(["fetal_planes", str(source), str(data)]) == 0  # type: ignore[attr-defined]
    table = dataset.read(data)
    assert list(table.planes) == [2, 1, 0, 3, -1, -1]
    assert list(table.subjects) == ["0", "0", "1", "1", "2", "2"]
    assert (table.verdicts == -1).all()
    assert (dataset.pictures(table)[:, 1] == UNKNOWN).all()


def test_what_is_no_plane_is_added_to_a_data_set(convert: object, tmp_path: Path) -> None:
    """Each file is a subject, all of it is background, no concept is there; rows that were there stay as they were."""
    other, data = tmp_path / "others", data_set(tmp_path / "data", subjects=3)
    before = dataset.read(data)
    other.mkdir()
    cv2.imwrite(str(other / "liver.png"), np.full((300, 400), 120, np.uint8))
    film = cv2.VideoWriter(str(other / "lung.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (160, 120))
    for grey in range(30):
        film.write(np.full((120, 160, 3), 5 * grey, np.uint8))
    film.release()
    for _ in range(2):  # twice is once
        assert convert.main(["others", str(other), str(data)]) == 0  # type: ignore[attr-defined]
    table = dataset.read(data)
    count = len(before.images)
    assert list(table.subjects[count:]) == ["liver.png"] + ["lung.avi"] * 20
    assert set(table.planes[count:]) == {-1}
    assert not table.concepts[count:].any()
    assert not dataset.pictures(table)[count:, 1].any()
    assert np.array_equal(table.concepts[:count], before.concepts, equal_nan=True)


def test_files_of_one_name_are_several_subjects(convert: ModuleType, tmp_path: Path) -> None:
    """In two folders, and with two endings: each picture is there, and no two are one subject."""
    other, data, grey = tmp_path / "others", tmp_path / "data", {"a/1.png": 60, "b/1.png": 120, "b/1.jpg": 180}
    for name, level in grey.items():
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(other / name), np.full((300, 400), level, np.uint8))
    assert convert.main(["others", str(other), str(data)]) == 0
    table = dataset.read(data)
    seen = dict(zip(table.subjects, dataset.pictures(table)[:, 0, 112, 144], strict=True))
    assert seen == grey


def test_nothing_is_added_where_its_part_is_not_known(
    convert: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A data set with a split of its own stays as it was; one sentence and exit status 2 say why."""
    other, data = tmp_path / "others", data_set(tmp_path / "data", subjects=3)
    other.mkdir()
    cv2.imwrite(str(other / "liver.png"), np.full((300, 400), 120, np.uint8))
    lines = (data / "frames.csv").read_text().splitlines()
    (data / "frames.csv").write_text("\n".join([lines[0] + ",split", *(f"{line},train" for line in lines[1:])]))
    before = {file: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    assert convert.main(["others", str(other), str(data)]) == 2
    assert "frames.csv has a column 'split', which does not say where new frames belong" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in data.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hc18", "has no pictures NNN_HC.png"),
        ("fetal_planes", "FETAL_PLANES_DB_data.csv is missing"),
        ("others", "has no videos and no pictures"),
    ],
)
def test_a_folder_that_is_another_is_told(
    convert: object, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """In one sentence, and with exit status 2."""
    assert convert.main([name, str(tmp_path), str(tmp_path / "data")]) == 2  # type: ignore[attr-defined]
    assert said in capsys.readouterr().err


def test_a_line_that_the_edge_cuts_is_a_head_all_the_same(convert: ModuleType) -> None:
    """What lies within an open annotation is not known, as within a closed one: it is no background."""
    line = np.zeros((540, 800), np.uint8)
    cv2.ellipse(line, (120, 270), (200, 150), 0, 0, 360, 255, 1)
    label = convert.skull(line, 14)
    assert (label[270, 30:290] == UNKNOWN).all()
    assert label[270, 315] == SKULL
    assert label[270, 330] == 0
