"""Stage 1: the observer, x -> s. Picture and label map of each frame; selected by foreground pixel accuracy."""

import numpy as np
import scores
import torch
from augment import augment
from concepts import CLASSES
from dataset import balanced, usable
from frame import normalised
from loop import Best, cut_up, fit, rng_of
from losses import ObserverLoss, triplet_loss
from nets.observer import Observer

TRIPLET_FROM = 0.9  # part of the training after which the triplet loss counts: the paper's epoch 180 of 200


def train(data, setting, size, strength):
    """Writes observer.pt. data: dataset.Data; size: "small" or "full"; strength: augment.Strength."""
    rows = usable(data, "observer", data.seen.any(1), "label maps")["train"]
    torch.manual_seed(setting.seed)
    model = Observer(size)
    loss = ObserverLoss(torch.from_numpy(data.seen[rows].sum(0))).to(setting.device)

    def batches(epoch):
        order = balanced(data.table.groups[rows], rng_of(setting.seed, epoch))
        return [
            lambda cut=cut, step=step: batch(data, rows[cut], (setting.seed, epoch, step), strength)
            for step, cut in enumerate(cut_up(order, setting.batch))
        ]

    def loss_of(model, batch, epoch):
        is_late = epoch >= TRIPLET_FROM * setting.epochs
        return full_losses(model, loss, batch, is_late) if size == "full" else small_losses(model, loss, batch)

    kept = [Best("observer.pt", "foreground_accuracy")]
    return fit("observer", model, setting, batches, loss_of, lambda m, p: validate(m, data, setting, p), kept)


def batch(data, rows, place, strength):
    """x [B, 1, 224, 288] float32 and labels [B, 224, 288] uint8, changed at random."""
    changed = [augment(*data.pictures[row], rng_of(*place, n), strength) for n, row in enumerate(rows)]
    x = np.stack([normalised(one.picture) for one in changed])[:, None]
    labels = np.stack([one.label for one in changed])
    return {"x": torch.from_numpy(x), "labels": torch.from_numpy(labels)}


def small_losses(model, loss, batch):
    """The light net answers at half the size, and so it is asked: at one pixel of each 2x2, another one each time."""
    row, column = torch.randint(2, (2,)).tolist()
    losses = loss.coarse(model.texture(batch["x"]), batch["labels"][:, row::2, column::2])
    return {"loss": sum(losses.values()), **losses}


def full_losses(model, loss, batch, is_late):
    """All of the paper's losses."""
    answer = model(batch["x"])
    losses = loss.coarse(answer["logits"], batch["labels"])
    losses |= loss.fine(answer["probs"], answer["topology"], batch["labels"])
    if is_late:
        coarse = answer["logits"].softmax(1)
        losses["triplet"] = triplet_loss(model.topology.encode, coarse, batch["labels"], batch["x"])
    return {"loss": sum(losses.values()), **losses}


def validate(model, data, setting, progress):
    """Foreground accuracy, and Dice averaged over the structures."""
    rows = data.rows["validation"]
    rows = rows[data.seen[rows].any(1)]
    sums = np.zeros((len(CLASSES), 3))
    for first, labels in observed(model, data, rows, setting):
        for row, label in zip(rows[first:], labels):
            sums += scores.overlap_sums(data.pictures[row, 1], label, len(CLASSES))
        progress(first + len(labels), len(rows))
    return {
        "foreground_accuracy": float(scores.foreground_accuracy(sums)),
        "dice_mean": scores.mean(scores.dice(sums)[1:]),
    }


def observed(model, data, rows, setting, batch=32):
    """For each batch of rows: where it begins, and the label maps [B, 224, 288] that the observer draws."""
    model.eval()
    for first in range(0, len(rows), batch):
        x = torch.from_numpy(normalised(data.pictures[rows[first : first + batch], 0])[:, None])
        with torch.inference_mode(), setting.autocast():
            probs = model(x.to(setting.device, memory_format=torch.channels_last))["probs"]
        yield first, probs.argmax(1).to(torch.uint8).cpu().numpy()
