"""`bedside phantom`."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bedside.cli import main
from bedside.phantom.making import make as really_make


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def rows_of(folder: str) -> list[dict[str, str]]:
    """Of a data set's table."""
    with Path(folder, "frames.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_data_set_is_pictures_with_their_truth(capsys: pytest.CaptureFixture[str]) -> None:
    """Every row's picture and labels are there and of one size, the labels are those of the plane, and there is an
    overview."""
    assert main(["phantom", "--dataset", "20", "--out", "made", "--seeds", "3"]) == 0
    rows = rows_of("made")
    assert len(rows) == 20 and {row["subject"] for row in rows} == {"phantom-3"}
    for row in rows:
        image, labels = (cv2.imread(f"made/{row[part]}", cv2.IMREAD_UNCHANGED) for part in ("image", "labels"))
        assert image is not None and labels is not None
        assert image.shape == labels.shape == (720, 960) and int(labels.max()) < 14
        if row["standard"] == "1":
            expected = {"head": 13, "abdomen": 7, "femur": 5, "cervix": 1}[row["plane"]]
            assert np.count_nonzero(labels == expected) > 100, row["image"]
            assert float(row["offset_deg"]) < 15
    planes = {row["plane"] for row in rows if row["standard"] == "1"}
    assert planes == {"head", "abdomen", "femur", "cervix"}
    sheet = cv2.imread("made/contact.png")
    assert sheet is not None and np.ptp(sheet[:100, :100]) > 30
    assert "20 pictures in" in capsys.readouterr().out


def test_an_interrupted_data_set_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C what is complete stays, its table is whole, and the same command makes the rest alone."""
    made: list[str] = []

    def interrupted(*arguments: object) -> object:
        for row in really_make(*arguments):  # type: ignore[arg-type]
            made.append(row["image"])
            yield row
            if len(made) == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr("bedside.phantom.making.make", interrupted)
    words = ["phantom", "--dataset", "5", "--out", "made", "--seeds", "0..4"]
    assert main(words) == 130
    assert "3 of 5 pictures are in" in capsys.readouterr().err
    assert [row["image"] for row in rows_of("made")] == made
    assert main(words) == 0
    assert len(made) == len(set(made)) == 5
    assert [row["image"] for row in rows_of("made")] == made


def test_a_picture_that_a_power_cut_left_empty_is_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    """The same command draws it anew; one that is damaged is named, with what to do."""
    words = ["phantom", "--dataset", "3", "--out", "made", "--seeds", "0"]
    assert main(words) == 0
    picture = Path("made", rows_of("made")[0]["image"])
    whole = picture.read_bytes()
    picture.write_bytes(b"")
    assert main(words) == 0
    assert picture.read_bytes() == whole
    picture.write_bytes(whole[:100])
    capsys.readouterr()
    assert main(words) == 2
    assert f"{picture.name} is damaged; delete it and ask again" in capsys.readouterr().err


def test_one_picture_comes_with_its_truth() -> None:
    """A standard plane as PNG, its truth as JSON, and its labels."""
    assert main(["phantom", "--picture", "cervix.png", "--plane", "cervix", "--seed", "3", "-q"]) == 0
    about = json.loads(Path("cervix.json").read_text())
    assert (about["seed"], about["plane"], about["is_standard"]) == (3, "cervix", True)
    assert about["concepts"]["cervix_whole"] is True and about["concepts"]["inner_orifice"] >= 5
    picture, labels = (cv2.imread(name, cv2.IMREAD_UNCHANGED) for name in ("cervix.png", "cervix.labels.png"))
    assert picture is not None and labels is not None
    assert (picture.shape, labels.shape) == ((720, 960, 3), (720, 960)) and {1, 2, 3} <= set(np.unique(labels))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--dataset", "0"], "--dataset is 0; expected a number from 1 to 1000000"),
        (["--dataset", "5", "--seeds", "9..3"], "--seeds is '9..3'; expected two numbers from 0 to 9999"),
        (["--dataset", "5", "--processes", "0"], "--processes is 0; expected a number from 1 to 64"),
        (["--dataset", "5", "--plane", "head"], "--plane does not belong to --dataset"),
        (["--picture", "a.png", "--seeds", "1..2"], "--seeds does not belong to --picture"),
        (["--picture", "a.jpg"], "--picture is 'a.jpg'; expected the name of a PNG file"),
        (["--picture", "no/such/a.png"], "cannot be written"),
        (["--dataset", "5", "--out", "."], "holds something else than a data set"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2, and nothing written."""
    Path("theirs").touch()
    assert main(["phantom", *words]) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert [path.name for path in Path.cwd().iterdir()] == ["theirs"]
