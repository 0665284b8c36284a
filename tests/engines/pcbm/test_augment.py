"""Random changes of a picture and its label map."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.pcbm import drawn
from tests.engines.pcbm.loaded import module

augment, dataset = module("augment"), module("dataset")
LABEL = drawn.head()
PICTURE: npt.NDArray[np.uint8] = (LABEL * 15 + 20).astype(np.uint8)
STILL = augment.NONE


@given(st.integers(0, 10_000), st.sampled_from(["PAPER", "GENTLE", "KEEPS_SIZE"]))
def test_classes_stay_classes(seed: int, name: str) -> None:
    """Shapes and types stay, no class appears that was not there, and the same seed makes the same change."""
    strength = getattr(augment, name)
    one, two = (augment.augment(PICTURE, LABEL, np.random.default_rng(seed), strength) for _ in range(2))
    assert one.picture.shape == one.label.shape == LABEL.shape
    assert one.picture.dtype == one.label.dtype == np.uint8
    assert set(np.unique(one.label)) <= set(np.unique(LABEL))
    assert (one.picture == two.picture).all()
    assert (one.label == two.label).all()


@given(st.integers(0, 10_000))
def test_picture_and_labels_move_together(seed: int) -> None:
    """Where the label map shows a structure after the change, the picture shows its grey."""
    changed = augment.augment(PICTURE, LABEL, np.random.default_rng(seed), replace(augment.PAPER, grey=0.0))
    inner = changed.label > 0
    meant = changed.label[inner] * 15.0 + 20
    assert np.median(np.abs(changed.picture[inner] - meant)) < 8


@pytest.mark.parametrize("which", ["mirror", "flip"])
def test_a_flip_is_a_flip(which: str) -> None:
    """Always, where its share is 1, and it says so; never, where it is 0."""
    changed = augment.augment(PICTURE, LABEL, np.random.default_rng(0), replace(STILL, **{which: 1.0}))
    axis = 1 if which == "mirror" else 0
    assert (changed.label == np.flip(LABEL, axis)).all()
    assert (changed.picture == np.flip(PICTURE, axis)).all()
    assert (changed.is_mirrored, changed.is_flipped) == (which == "mirror", which == "flip")
    unchanged = augment.augment(PICTURE, LABEL, np.random.default_rng(0), STILL)
    assert (unchanged.label == LABEL).all()
    assert (unchanged.picture == PICTURE).all()


@given(st.integers(0, 10_000))
def test_what_a_zoom_would_change_is_left_alone(seed: int) -> None:
    """With KEEPS_SIZE the structures are as large as before, and where they were or mirrored."""
    changed = augment.augment(PICTURE, LABEL, np.random.default_rng(seed), augment.KEEPS_SIZE)
    assert (changed.label == (LABEL[:, ::-1] if changed.is_mirrored else LABEL)).all()


def test_all_three_changes_of_grey_are_made() -> None:
    """Two change each grey alike wherever it is, CLAHE by what is around it; what was brightest stays brighter than
    what was darkest, and most changes differ."""
    found = [augment.regrey(PICTURE, np.random.default_rng(seed)) for seed in range(12)]
    greys = [[one[label == LABEL] for label in np.unique(LABEL)] for one in found]
    assert {all(np.ptp(grey) == 0 for grey in each) for each in greys} == {True, False}
    assert all(each[0].mean() < each[-1].mean() for each in greys)
    assert len({one.tobytes() for one in found}) > 8
