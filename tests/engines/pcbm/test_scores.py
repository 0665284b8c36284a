"""Scores against cases that are counted by hand."""

import numpy as np
import pytest
from tests.engines.pcbm.loaded import module

scores = module("scores")
TRUTH = np.array([[0, 0, 1, 1], [0, 0, 1, 255], [2, 2, 2, 2]], np.uint8)
ANSWER = np.array([[0, 1, 1, 1], [0, 0, 0, 1], [2, 2, 0, 0]], np.uint8)


def test_dice_and_iou_by_hand() -> None:
    """Class 1 has 2 pixels in both, 3 in each; class 2 has 2 of 4 and 2; class 3 is in neither; 255 does not count."""
    sums = scores.overlap_sums(TRUTH, ANSWER, 4)
    assert sums.tolist() == [[3, 4, 6], [2, 3, 3], [2, 4, 2], [0, 0, 0]]
    assert scores.dice(sums)[:3] == pytest.approx([6 / 10, 4 / 6, 4 / 6])
    assert scores.iou(sums)[:3] == pytest.approx([3 / 7, 2 / 4, 2 / 4])
    assert np.isnan(scores.dice(sums)[3])
    assert scores.foreground_accuracy(sums) == pytest.approx(4 / 7)


def test_cl_dice_looks_at_the_line_and_not_at_its_thickness() -> None:
    """A line that is thinner than the truth is as good as it; half of a line finds half of it; a hole costs."""
    thick, thin, half = (np.zeros((40, 60), bool) for _ in range(3))
    thick[15:24, 5:55] = thin[18:21, 5:55] = half[15:24, 5:30] = True
    same = scores.cl_dice(scores.line_sums(thick, thin))
    assert same > 0.85
    assert scores.dice(scores.overlap_sums(thick.astype(np.uint8), thin.astype(np.uint8), 2))[1] < 0.6
    assert scores.cl_dice(scores.line_sums(thick, half)) == pytest.approx(2 / 3, abs=0.05)
    assert np.isnan(scores.cl_dice(scores.line_sums(thick & False, thick & False)))


def test_a_centre_line_lies_in_its_structure() -> None:
    """It is thin, within the mask, and as long as it."""
    ring = np.hypot(*np.mgrid[-40:40, -40:40])
    band = (ring > 25) & (ring < 33)
    line = scores.centre_line(band)
    assert not (line & ~band).any()
    assert 100 < line.sum() < band.sum() / 2


def test_rmse_by_hand() -> None:
    """Of 3 and 4 it is the root of 12.5; what is not known does not count."""
    sums = scores.error_sums(np.array([5.0, 5.0, np.nan]), np.array([8.0, 1.0, 9.0])).sum(0)
    assert scores.rmse(sums) == pytest.approx(np.sqrt(12.5))


def test_accuracy_by_hand() -> None:
    """Of 8 of class 0 all, of 2 of class 1 one: 0.9, balanced 0.75. A class that is never true does not count."""
    truth, answer = np.array([0] * 8 + [1, 1, -1]), np.array([0] * 8 + [1, 0, 2])
    sums = scores.confusion_sums(truth, answer, 3).sum(0)
    assert sums.tolist() == [[8, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert scores.accuracy(sums) == pytest.approx(0.9)
    assert scores.balanced_accuracy(sums) == pytest.approx(0.75)


def test_an_interval_is_by_subject() -> None:
    """A hundred frames of one person count as one person: their interval is as wide as that of one frame each."""
    sums = np.tile([[[1.0, 0.0], [0.0, 0.0]]], (8, 1, 1))
    sums[4:] = [[0.0, 1.0], [0.0, 0.0]]
    people = np.arange(8)
    few = scores.with_interval(scores.accuracy, sums, people)
    many = scores.with_interval(scores.accuracy, np.repeat(sums, 100, 0), np.repeat(people, 100))
    as_frames = scores.with_interval(scores.accuracy, np.repeat(sums, 100, 0), np.arange(800))
    assert np.array(many) == pytest.approx(np.array(few))
    assert many[0] == 0.5
    assert many[1] < 0.2
    assert many[2] > 0.8
    assert 0.45 < as_frames[1] < as_frames[2] < 0.55
