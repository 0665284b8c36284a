"""Stage 2: the conceiver, (x, s) -> c. Trained on true label maps, as in the paper; some may be the observer's own.

Only what counts at the bedside gives a loss: concepts of the frame's plane, whose structures are seen. Pictures are
mirrored and their grey values changed, but they are not zoomed or turned: that would change what is true of them.
"""

from dataclasses import dataclass

import numpy as np
import rules
import scores
import torch
from augment import KEEPS_SIZE, augment
from concepts import BINARY, CALIPERS, CLASSES, INDEX, MAPS_OF, ORGANS, PLANES
from dataset import UNKNOWN, balanced
from frame import normalised
from loop import Best, fit, rng_of
from losses import binary_loss, quality_loss
from nets.conceiver import Conceiver
from train_observer import observed

LEFT, RIGHT = INDEX["femur_left_end"], INDEX["femur_right_end"]
PASSES = {"organs": ORGANS, "calipers": CALIPERS}
MAPS = {name: sorted({MAPS_OF[one] for one in group}) for name, group in PASSES.items()}
"""The maps that a local net is shown, one sum of maps a pass."""


@dataclass(frozen=True)
class Masks:
    """Label maps of M frames, and what follows from them."""

    rows: np.ndarray  # [M] rows of the table
    labels: np.ndarray  # [M, 224, 288] uint8
    calipers: np.ndarray  # [M, 224, 288] uint8: bit n is map 14 + n
    truth: np.ndarray  # [M, 27] float32: NaN where a concept does not count or is not known


def masks(data, rows, labels, progress=lambda done, total: None):
    """Masks of the frames whose plane is known. labels: iterable of [224, 288], one a row."""
    found, calipers, truth = [], [], []
    for done, (row, drawn) in enumerate(zip(rows, labels)):
        plane = PLANES[data.table.planes[row]]
        label = np.where(drawn == UNKNOWN, 0, drawn).astype(np.uint8)
        bits = rules.caliper_maps(label, plane).astype(np.uint8)
        counts = rules.concept_mask(label, plane)
        found.append(label)
        calipers.append((bits << np.arange(7, dtype=np.uint8)[:, None, None]).sum(0).astype(np.uint8))
        truth.append(np.where(counts, data.table.concepts[row], np.nan))
        progress(done + 1, len(rows))
    return Masks(rows, np.stack(found), np.stack(calipers), np.stack(truth).astype(np.float32))


def train(data, setting, size, observer=None, share=0.0):
    """Writes conceiver.pt, each of its nets at its own best epoch.

    observer: a trained one, whose label maps take the place of the true ones in this share of the frames.
    """
    rows = {name: own[(data.table.planes[own] >= 0) & data.seen[own].any(1)] for name, own in data.rows.items()}
    sources = [masks(data, rows["train"], data.pictures[rows["train"], 1])]
    checked = masks(data, rows["validation"], data.pictures[rows["validation"], 1])
    if observer is not None and share > 0:
        drawn = {
            name: [one for _, some in observed(observer, data, rows[name], setting) for one in some] for name in rows
        }
        sources.append(masks(data, rows["train"], drawn["train"]))
        checked = masks(data, rows["validation"], drawn["validation"])
    torch.manual_seed(setting.seed)
    model = Conceiver(size)
    begin_at_means(model, sources[0].truth)
    often, density = frequencies(sources[0].truth)
    often, density = often.to(setting.device), {k: v.to(setting.device) for k, v in density.items()}

    def batches(epoch):
        rng = rng_of(setting.seed, epoch)
        order = balanced(data.table.groups[rows["train"]], rng)
        cuts = [order[at : at + setting.batch] for at in range(0, len(order) - setting.batch + 1, setting.batch)]
        which = [(rng.random(len(cut)) < share) * (len(sources) - 1) for cut in cuts or [order]]
        return [
            lambda c=cut, w=w, n=n: batch(data, sources, c, w, (setting.seed, epoch, n))
            for n, (cut, w) in enumerate(zip(cuts or [order], which))
        ]

    kept = [
        Best("conceiver-global.pt", "balanced_accuracy", "global_net."),
        Best("conceiver-organs.pt", "-rmse_organs", "organs_net."),
        Best("conceiver-calipers.pt", "-rmse_calipers", "calipers_net."),
    ]
    made = fit(
        "conceiver",
        model,
        setting,
        batches,
        lambda m, b, e: losses(m, b, often, density),
        lambda m, p: validate(m, data, checked, setting, p),
        kept,
    )
    whole = {
        one.prefix + k: v for one in kept for k, v in torch.load(setting.folder / one.file, weights_only=True).items()
    }
    torch.save(whole, setting.folder / "conceiver.pt")
    return made


def begin_at_means(model, truth):
    """Each quality begins at its mean in the training set."""
    known = ~np.isnan(truth)
    means = torch.from_numpy(np.where(known, truth, 0).sum(0) / np.maximum(known.sum(0), 1)).float()
    with torch.no_grad():
        model.organs_net.last.bias.copy_(means[list(ORGANS)])
        model.calipers_net.last.bias.copy_(means[list(CALIPERS)])


def frequencies(truth):
    """How often each binary concept is true, [8], and how often each quality is 0, 1, ... 10, [9, 11] and [10, 11]."""
    binary = truth[:, BINARY]
    known = ~np.isnan(binary)
    often = np.where(known, binary, 0).sum(0) / np.maximum(known.sum(0), 1)
    density = {}
    for name, group in PASSES.items():
        rounded = [np.round(truth[~np.isnan(truth[:, one]), one]).astype(int) for one in group]
        density[name] = torch.tensor(np.stack([np.bincount(x, minlength=11) for x in rounded]), dtype=torch.float32)
    return torch.tensor(often, dtype=torch.float32), density


def batch(data, sources, places, which, place):
    """One batch: x [B, 1, H, W], labels and calipers [B, H, W] uint8, truth [B, 27]."""
    made = {"x": [], "labels": [], "calipers": [], "truth": []}
    for number, (at, source) in enumerate(zip(places, which)):
        own = sources[source]
        changed = augment(data.pictures[own.rows[at], 0], own.labels[at], rng_of(*place, number), KEEPS_SIZE)
        calipers, truth = own.calipers[at], own.truth[at]
        if changed.is_mirrored:
            calipers, truth = mirrored(calipers, truth)
        made["x"].append(normalised(changed.picture)[None])
        made["labels"].append(changed.label)
        made["calipers"].append(calipers)
        made["truth"].append(truth)
    return {key: torch.from_numpy(np.stack(values)) for key, values in made.items()}


def mirrored(calipers, truth):
    """Left and right change places: of the map, and of the femur's two ends."""
    bits = calipers[:, ::-1]
    bits = (bits & 0b1111100) | ((bits & 1) << 1) | ((bits & 2) >> 1)
    truth = truth.copy()
    truth[[LEFT, RIGHT]] = truth[[RIGHT, LEFT]]
    return bits, truth


def all_maps(labels, calipers):
    """[B, 21, H, W] uint8 of 0 and 1, from labels and calipers [B, H, W]."""
    classes = labels[:, None] == torch.arange(len(CLASSES), device=labels.device)[:, None, None]
    bits = (calipers[:, None] >> torch.arange(7, device=labels.device, dtype=torch.uint8)[:, None, None]) & 1
    return torch.cat([classes.to(torch.uint8), bits], 1)


def asked(model, batch, name):
    """What a local net answers where it counts: answers, truths and which concept of its group, [M] each."""
    group, net = PASSES[name], getattr(model, name)
    maps = all_maps(batch["labels"], batch["calipers"])
    passes, shown, columns = [], [], []
    for own in MAPS[name]:
        outputs = [n for n, one in enumerate(group) if MAPS_OF[one] == own]
        truth = batch["truth"][:, [group[n] for n in outputs]]
        frames = (~truth.isnan()).any(1).nonzero()[:, 0]
        passes.append(frames)
        shown.append(maps[frames][:, list(own)].sum(1, keepdim=True))
        columns.append(
            torch.tensor([[n in outputs for n in range(len(group))]], device=frames.device).repeat(len(frames), 1)
        )
    frames, shown, columns = torch.cat(passes), torch.cat(shown), torch.cat(columns)
    if not len(frames):
        return None
    x = batch["x"][frames].contiguous(memory_format=torch.channels_last)
    answer = net(x, shown.to(x.dtype))
    truth = batch["truth"][frames][:, list(group)]
    counts = columns & ~truth.isnan()
    return answer[counts], truth[counts], counts.nonzero()[:, 1]


def losses(model, batch, often, density):
    """The sum of the three nets' losses: each net has its own weights, so they do not mix."""
    maps = all_maps(batch["labels"], batch["calipers"]).to(batch["x"].dtype)
    found = binary_loss(model.global_(batch["x"], maps), batch["truth"][:, list(BINARY)], often)
    for name in PASSES:
        own = asked(model, batch, name)
        for key, value in (quality_loss(*own, density[name]) if own else {}).items():
            found[f"{key}_{name}"] = value
    return {"loss": sum(found.values()), **found}


def validate(model, data, checked, setting, progress, batch_size=32):
    """Balanced accuracy of the binary concepts, and the mean RMSE of the qualities of each local net."""
    confusion = np.zeros((len(BINARY), 2, 2))
    errors = {name: np.zeros((len(group), 2)) for name, group in PASSES.items()}
    for first in range(0, len(checked.rows), batch_size):
        some = slice(first, first + batch_size)
        x = torch.from_numpy(normalised(data.pictures[checked.rows[some], 0])[:, None])
        tensors = {
            "x": x,
            "labels": torch.from_numpy(checked.labels[some]),
            "calipers": torch.from_numpy(checked.calipers[some]),
        }
        tensors["truth"] = torch.from_numpy(checked.truth[some])
        tensors = {key: value.to(setting.device) for key, value in tensors.items()}
        with setting.autocast():
            maps = all_maps(tensors["labels"], tensors["calipers"]).to(x.dtype)
            yes = (model.global_(tensors["x"], maps) > 0).cpu().numpy()
            answers = {name: asked(model, tensors, name) for name in PASSES}
        for n, concept in enumerate(BINARY):
            truth = checked.truth[some, concept]
            confusion[n] += scores.confusion_sums(np.where(np.isnan(truth), -1, truth), yes[:, n], 2).sum(0)
        for name, own in answers.items():
            if own:
                answer, truth, which = (value.float().cpu().numpy() for value in own)
                np.add.at(errors[name], which.astype(int), scores.error_sums(truth, np.clip(answer, 0, 10)))
        progress(min(first + batch_size, len(checked.rows)), len(checked.rows))
    found = {f"rmse_{name}": scores.mean(scores.rmse(sums)) for name, sums in errors.items()}
    return {"balanced_accuracy": scores.mean(scores.balanced_accuracy(confusion)), **found}
