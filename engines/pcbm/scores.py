"""Scores of segmentations, qualities and decisions, each with an interval by subject.

A score is a function of sums over frames (pixels that agree, squared errors, ...). So a data set's score is that
function of the sum of its frames, and its interval comes from drawing subjects, not frames, again and again: frames of
one person are alike. Sums are [N, ...], one row a frame.
"""

import cv2
import numpy as np
from concepts import UNKNOWN


def overlap_sums(truth: np.ndarray, answer: np.ndarray, classes: int) -> np.ndarray:
    """[classes, 3] of one frame: pixels of the class in both, in the truth, in the answer; unknown do not count."""
    known = truth != UNKNOWN
    both = np.bincount(truth[known & (truth == answer)], minlength=classes)[:classes]
    return np.stack([both, *(np.bincount(x[known], minlength=classes)[:classes] for x in (truth, answer))], 1)


def dice(sums: np.ndarray) -> np.ndarray:
    """[..., classes] from sums [..., classes, 3]; NaN for a class that is in neither."""
    both, truth, answer = np.moveaxis(sums, -1, 0)
    return ratio(2 * both, truth + answer)


def iou(sums: np.ndarray) -> np.ndarray:
    """[..., classes] from sums [..., classes, 3]; NaN for a class that is in neither."""
    both, truth, answer = np.moveaxis(sums, -1, 0)
    return ratio(both, truth + answer - both)


def foreground_accuracy(sums: np.ndarray) -> np.ndarray:
    """[...] from sums [..., classes, 3]: of the pixels that are a structure, the share with the right class."""
    return ratio(sums[..., 1:, 0].sum(-1), sums[..., 1:, 1].sum(-1))


def line_sums(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """[4] of one frame, for clDice of a thin structure. truth, answer: [H, W] bool.

    Pixels of the answer's centre line within the truth, of that whole line; the same the other way round.
    """
    of_truth, of_answer = centre_line(truth), centre_line(answer)
    return np.array([(of_answer & truth).sum(), of_answer.sum(), (of_truth & answer).sum(), of_truth.sum()])


def cl_dice(sums: np.ndarray) -> np.ndarray:
    """Harmonic mean of how much of each centre line lies within the other structure (Shit et al., CVPR 2021)."""
    precision, recall = ratio(sums[..., 0], sums[..., 1]), ratio(sums[..., 2], sums[..., 3])
    return ratio(2 * precision * recall, precision + recall)


def centre_line(mask: np.ndarray) -> np.ndarray:
    """[H, W] bool: the morphological skeleton (Lantuéjoul): what an opening takes away, at each erosion."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    left, line = mask.astype(np.uint8), np.zeros(mask.shape, np.uint8)
    while left.any():
        smaller = cv2.erode(left, cross, borderValue=0)
        line |= left & ~cv2.dilate(smaller, cross)
        left = smaller
    return line.astype(bool)


def error_sums(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """[..., 2]: squared error, and 1; both 0 where the truth is not known (NaN)."""
    known = ~np.isnan(truth)
    return np.stack([np.where(known, answer - np.where(known, truth, 0), 0) ** 2, known], -1)


def rmse(sums: np.ndarray) -> np.ndarray:
    """Root of the mean squared error, from sums [..., 2]."""
    return np.sqrt(ratio(sums[..., 0], sums[..., 1]))


def confusion_sums(truth: np.ndarray, answer: np.ndarray, classes: int) -> np.ndarray:
    """[N, classes, classes], one 1 a frame at (truth, answer); none where the truth is not known (negative or NaN)."""
    sums = np.zeros((len(truth), classes, classes))
    known = np.flatnonzero(truth >= 0)
    sums[known, truth[known].astype(int), answer[known].astype(int)] = 1
    return sums


def accuracy(sums: np.ndarray) -> np.ndarray:
    """From sums [..., classes, classes]."""
    return ratio(np.trace(sums, axis1=-2, axis2=-1), sums.sum((-2, -1)))


def balanced_accuracy(sums: np.ndarray) -> np.ndarray:
    """Mean over the classes that there are of the share that is found. From sums [..., classes, classes]."""
    found = ratio(np.diagonal(sums, axis1=-2, axis2=-1), sums.sum(-1))
    there = ~np.isnan(found)
    return ratio(np.where(there, found, 0).sum(-1), there.sum(-1))


def mean(values: np.ndarray) -> float:
    """Of those that are known; NaN where none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """over / under; NaN where there is nothing under."""
    under = np.asarray(under, float)
    return np.where(under > 0, over / np.where(under > 0, under, 1), np.nan)


def with_interval(score, sums: np.ndarray, subjects: np.ndarray, draws: int = 1000, seed: int = 0):
    """(score, low, high): of all frames, and the middle 95 % when subjects are drawn again with replacement.

    score: function of sums; sums [N, ...]; subjects [N].
    """
    names, place = np.unique(subjects, return_inverse=True)
    by_subject = np.zeros((len(names), *sums.shape[1:]))
    np.add.at(by_subject, place, sums)
    times = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), draws)
    drawn = np.tensordot(times.astype(float), by_subject, 1)
    low, high = quantiles(score(drawn))
    return score(by_subject.sum(0)), low, high


def quantiles(drawn: np.ndarray) -> np.ndarray:
    """[2, ...]: 2.5 % and 97.5 % of the draws that have a score; NaN where none has."""
    flat = drawn.reshape(len(drawn), -1)
    found = [np.quantile(x[~np.isnan(x)], [0.025, 0.975]) if (~np.isnan(x)).any() else [np.nan] * 2 for x in flat.T]
    return np.array(found).T.reshape(2, *drawn.shape[1:])
