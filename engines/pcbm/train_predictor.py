"""Stage 3: the predictor, c -> y. Trained on true concepts, not on the conceiver's; selected by balanced accuracy."""

import numpy as np
import scores
import torch
from concepts import BINARY, CONCEPTS, NOT_SCORED, PLANES
from dataset import balanced, usable
from loop import Best, cut_up, fit, rng_of
from losses import verdict_loss
from nets.predictor import Predictor

NOISE = 0.5
"""Spread that is added to qualities in training (small size), as the conceiver is never quite right; paper 0."""
DOUBT = 0.2
"""A binary concept is up to so far from 0 and from 1, as a probability is."""


def train(data, setting, size):
    """Writes predictor.pt."""
    concepts, counts = known(data.table)
    verdicts = data.table.verdicts
    is_known = (verdicts >= 0) & ~np.isnan(concepts).any(1)
    found = usable(data, "predictor", is_known, "a plane, whether it is standard, and all of the plane's concepts")
    rows, checked = found["train"], found["validation"]
    noise = (NOISE, DOUBT) if size == "small" else (0.0, 0.0)
    torch.manual_seed(setting.seed)

    def make(own, place):
        c = doubted(concepts[own], counts[own], rng_of(*place), *noise)
        return {"c": torch.from_numpy(c), "verdicts": torch.from_numpy(verdicts[own])}

    def batches(epoch):
        order = rows[balanced(verdicts[rows], rng_of(setting.seed, epoch))]
        return [
            lambda cut=cut, n=n: make(cut, (setting.seed, epoch, n))
            for n, cut in enumerate(cut_up(order, setting.batch))
        ]

    def validate(model, progress):
        answer = model(torch.from_numpy(concepts[checked]).to(setting.device)).argmax(1).cpu().numpy()
        sums = scores.confusion_sums(verdicts[checked], answer, 2 * len(PLANES)).sum(0)
        return {"accuracy": float(scores.accuracy(sums)), "balanced_accuracy": float(scores.balanced_accuracy(sums))}

    kept = [Best("predictor.pt", "balanced_accuracy")]
    return fit(
        "predictor",
        Predictor(),
        setting,
        batches,
        lambda m, b, e: verdict_loss(m(b["c"]), b["verdicts"]),
        validate,
        kept,
    )


def known(table):
    """Concepts [N, 27] as the predictor gets them, and which count: those of the frame's plane; others are 0."""
    planes = np.array([PLANES.index(plane) for _, plane, _ in CONCEPTS])
    scored = np.array([name not in NOT_SCORED for name, _, _ in CONCEPTS])
    counts = (planes == table.planes[:, None]) & scored
    return np.where(counts, table.concepts, 0).astype(np.float32), counts


def doubted(concepts, counts, rng, noise, doubt):
    """Concepts [B, 27] with errors as the conceiver makes them."""
    binary = np.isin(np.arange(len(CONCEPTS)), BINARY)
    unsure = np.abs(concepts - rng.uniform(0, doubt, concepts.shape)) if doubt else concepts
    judged = np.clip(concepts + rng.normal(0, noise, concepts.shape), 0, 10) if noise else concepts
    return np.where(counts, np.where(binary, unsure, judged), concepts).astype(np.float32)
