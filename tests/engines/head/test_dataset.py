"""HC18 as it is published, read for the training."""

import sys
from argparse import ArgumentTypeError
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from tests.engines.head.loaded import module

NAME, CIRCUMFERENCE_MM = "010_HC", 250.0


@pytest.fixture
def dataset(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """engines/head/dataset.py, which needs numpy and OpenCV alone."""
    monkeypatch.setitem(sys.modules, "biometry", module("biometry"))
    return module("dataset")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A training set of one picture, with its table beside the folder."""
    folder = tmp_path / "training_set"
    folder.mkdir()
    cv2.imwrite(str(folder / f"{NAME}.png"), np.full((540, 800), 90, np.uint8))
    (tmp_path / "training_set_pixel_size_and_HC.csv").write_text(
        f"filename,pixel size(mm),head circumference (mm)\n{NAME}.png,0.2,{CIRCUMFERENCE_MM}\n"
    )
    return folder


@pytest.mark.parametrize("x", [400, 150])
def test_a_line_gives_the_head_that_a_filled_mask_gives(dataset: ModuleType, published: Path, x: int) -> None:
    """The published annotation is a line; at x = 150 the picture's edge leaves it open."""
    drawn, filled = np.zeros((540, 800), np.uint8), np.zeros((540, 800), np.uint8)
    cv2.ellipse(drawn, (x, 270), (210, 160), 0, 0, 360, 255, 1)
    cv2.ellipse(filled, (x, 270), (210, 160), 0, 0, 360, 1, -1)
    cv2.imwrite(str(published / f"{NAME}_Annotation.png"), drawn)
    mask = dataset.mask_of(published, NAME)
    assert (mask & (filled > 0)).sum() > 0.98 * (mask | (filled > 0)).sum()
    ((name, mm_per_px, hc_mm),) = dataset.table(published)
    head = dataset.read_head(published, name, mm_per_px, hc_mm)
    assert module("biometry").circumference(*head.ellipse[1]) * head.mm_per_px == pytest.approx(hc_mm, rel=0.01)


def test_what_is_missing_is_named(dataset: ModuleType, published: Path) -> None:
    """A picture without an annotation, and a folder without a table, say which file is missed."""
    with pytest.raises(FileNotFoundError, match=r"010_HC_Annotation\.png is missing"):
        dataset.mask_of(published, NAME)
    with pytest.raises(FileNotFoundError, match=r"pixel_size_and_HC.csv is neither in it nor beside it"):
        dataset.table(published / "elsewhere")


def test_the_folder_is_that_of_the_pictures(dataset: ModuleType, published: Path) -> None:
    """Not the one around it, in which the published table lies; nor is a table without rows a data set."""
    assert dataset.hc18(published) == published
    with pytest.raises(
        ArgumentTypeError, match=r"has no 010_HC\.png as the table begins with; give HC18's training_set"
    ):
        dataset.hc18(published.parent)
    (table,) = published.parent.glob("*.csv")
    table.write_text("filename,pixel size(mm),head circumference (mm)\n")
    with pytest.raises(ArgumentTypeError, match="has no picture as the table begins with"):
        dataset.hc18(published)


def test_a_picture_that_is_missing_is_named(dataset: ModuleType, published: Path) -> None:
    """By its file, where the table has it."""
    (published / f"{NAME}.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"010_HC\.png is missing, or is no picture, but the table names it"):
        dataset.read_head(published, NAME, 0.2, CIRCUMFERENCE_MM)
