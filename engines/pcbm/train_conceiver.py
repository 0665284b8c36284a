"""Stage 2: the conceiver, (x, s) -> c. Trained on true label maps, as in the paper; some may be the observer's own.

Only what counts at the bedside gives a loss: concepts of the frame's plane, whose structures are seen. Pictures are
mirrored and their grey values changed, but they are not zoomed or turned: that would change what is true of them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import rules
import scores
import torch
from augment import KEEPS_SIZE, augment
from concepts import BEST, BINARY, CALIPERS, INDEX, MAPS, MAPS_OF, ORGANS, PLANES, UNKNOWN
from dataset import balanced, usable
from frame import normalised
from loop import Best, bars, cut_up, fit, rng_of
from losses import binary_loss, quality_loss
from nets.conceiver import Conceiver
from torch import nn
from train_observer import observed

LEFT, RIGHT = INDEX["femur_left_end"], INDEX["femur_right_end"]
LOCAL = {"organs": ORGANS, "calipers": CALIPERS}
PASSES = {name: sorted({MAPS_OF[one] for one in group}) for name, group in LOCAL.items()}
"""What a local net is shown: a sum of maps a pass."""
KEPT = (
    Best("conceiver-global.pt", "balanced_accuracy", "global_net."),
    Best("conceiver-organs.pt", "-rmse_organs", "organs_net."),
    Best("conceiver-calipers.pt", "-rmse_calipers", "calipers_net."),
)


@dataclass(frozen=True)
class Masks:
    """Label maps of M frames, and what follows from them."""

    rows: np.ndarray  # [M] rows of the table
    labels: np.ndarray  # [M, 224, 288] uint8
    calipers: np.ndarray  # [M, 224, 288] uint8: bit n is map 14 + n
    truth: np.ndarray  # [M, 27] float32: NaN where a concept does not count or is not known


def masks(data, rows, labels):
    """Masks of frames whose plane is known. labels: iterable of [224, 288], one a row."""
    found, calipers, truth = [], [], []
    for row, drawn in zip(rows, labels):
        plane = PLANES[data.table.planes[row]]
        label = np.where(drawn == UNKNOWN, 0, drawn).astype(np.uint8)
        bits = rules.caliper_maps(label, plane) << np.arange(7, dtype=np.uint8)[:, None, None]
        found.append(label)
        calipers.append(bits.sum(0, dtype=np.uint8))
        truth.append(np.where(rules.concept_mask(label, plane), data.table.concepts[row], np.nan))
    return Masks(rows, np.stack(found), np.stack(calipers), np.stack(truth).astype(np.float32))


def train(data, setting, size, observer=None, share=0.0):
    """Writes conceiver.pt, each of its nets at its own best epoch.

    observer: a trained one, whose label maps take the place of the true ones in this share of the frames.
    """
    is_known = (data.table.planes >= 0) & data.seen.any(1) & ~np.isnan(data.table.concepts).all(1)
    rows = usable(data, "conceiver", is_known, "a plane, a label map and concepts")
    sources, checked = sources_of(data, rows, observer, setting)
    often, density = frequencies(sources[0].truth)
    often, density = often.to(setting.device), {key: value.to(setting.device) for key, value in density.items()}
    torch.manual_seed(setting.seed)
    model = Conceiver(size)
    begin_at_means(model, sources[0].truth)
    factor = shrink_beforehand(model)

    def batches(epoch):
        rng = rng_of(setting.seed, epoch)
        cuts = cut_up(balanced(data.table.groups[rows["train"]], rng), setting.batch)
        which = [(rng.random(len(cut)) < share) * (len(sources) - 1) for cut in cuts]

        def make(step):
            places = zip(cuts[step], which[step])
            seeds = [(setting.seed, epoch, step, number) for number in range(len(cuts[step]))]
            return stacked(
                [example(data, sources[of], at, factor, rng_of(*seed)) for (at, of), seed in zip(places, seeds)]
            )

        return [lambda step=step: make(step) for step in range(len(cuts))]

    def loss_of(model, batch, epoch):
        return losses(model, batch, factor, often, density)

    def check(model, progress):
        return validate(model, data, checked, factor, setting, progress)

    made = fit("conceiver", model, setting, batches, loss_of, check, KEPT)
    parts = [(one.prefix, torch.load(setting.folder / one.file, weights_only=True)) for one in KEPT]
    torch.save(
        {prefix + key: value for prefix, part in parts for key, value in part.items()}, setting.folder / "conceiver.pt"
    )
    return made


def sources_of(data, rows, observer, setting):
    """What is trained on: the true masks, and the observer's where there is one; and what is validated on, the last."""
    names = ("train", "validation")
    sources = [{name: masks(data, rows[name], data.pictures[rows[name], 1]) for name in names}]
    if observer is not None:
        sources.append({name: masks(data, rows[name], drawn_by(observer, data, rows[name], setting)) for name in names})
    return [one["train"] for one in sources], sources[-1]["validation"]


def drawn_by(observer, data, rows, setting):
    """The observer's label map of each row, with a bar: there are many."""
    with bars() as shown:
        bar = shown.add_task("observe", total=len(rows), said="")
        for _, labels in observed(observer, data, rows, setting):
            yield from labels
            shown.advance(bar, len(labels))


def shrink_beforehand(model):
    """The small nets begin with the mean of 2x2 pixels, and that costs least before pictures and maps are made numbers
    of 32 bit. 2 for them, else 1."""
    nets = (model.global_net, model.organs_net, model.calipers_net)
    if not all(isinstance(net.stem[0], nn.AvgPool2d) for net in nets):
        return 1
    for net in nets:
        net.stem[0] = nn.Identity()
    return 2


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
    for name, group in LOCAL.items():
        rounded = [np.round(truth[~np.isnan(truth[:, one]), one]).astype(int) for one in group]
        density[name] = torch.tensor(np.stack([np.bincount(x, minlength=11) for x in rounded]), dtype=torch.float32)
    return torch.tensor(often, dtype=torch.float32), density


def example(data, own, at, factor, rng=None):
    """One frame: x [1, H, W] float32, maps [21, H, W] uint8 (factor² is fully in), truth [27]. rng: to change it."""
    picture, label, calipers, truth = data.pictures[own.rows[at], 0], own.labels[at], own.calipers[at], own.truth[at]
    if rng is not None:
        changed = augment(picture, label, rng, KEEPS_SIZE)
        picture, label = changed.picture, changed.label
        calipers, truth = mirrored(calipers, truth) if changed.is_mirrored else (calipers, truth)
    x = shrunk(normalised(picture), factor)
    return {"x": x[None], "maps": maps_of(label, calipers, factor), "truth": truth}


def mirrored(calipers, truth):
    """Left and right change places: of the map, and of the femur's two ends."""
    bits = calipers[:, ::-1]
    bits = (bits & 0b1111100) | ((bits & 1) << 1) | ((bits & 2) >> 1)
    truth = truth.copy()
    truth[[LEFT, RIGHT]] = truth[[RIGHT, LEFT]]
    return bits, truth


def maps_of(label, calipers, factor):
    """[21, H, W] uint8 from a label map and the calipers' bits."""
    maps = np.zeros((MAPS, label.shape[0] // factor, label.shape[1] // factor), np.uint8)
    full = np.uint8(factor**2)
    for one in np.flatnonzero(np.bincount(label.ravel())):
        maps[one] = shrunk((label == one) * full, factor)
    drawn = np.bitwise_or.reduce(calipers, axis=None)
    for bit in range(7):
        if drawn >> bit & 1:
            maps[MAPS - 7 + bit] = shrunk((calipers >> bit & 1) * full, factor)
    return maps


def shrunk(picture, factor):
    """The mean of factor x factor pixels."""
    if factor == 1:
        return picture
    height, width = picture.shape
    return cv2.resize(picture, (width // factor, height // factor), interpolation=cv2.INTER_AREA)


def stacked(examples):
    """One batch of examples."""
    return {key: torch.from_numpy(np.stack([one[key] for one in examples])) for key in examples[0]}


def asked(model, batch, maps, name):
    """What a local net answers where it counts: answers, truths and which concept of its group, [M] each; or None."""
    group, net = LOCAL[name], getattr(model, name)
    frames, shown, counts = [], [], []
    for own in PASSES[name]:
        judged = torch.tensor([MAPS_OF[one] == own for one in group], device=maps.device)
        known = ~batch["truth"][:, list(group)].isnan() & judged  # [B, concepts of the group]
        some = known.any(1).nonzero()[:, 0]
        frames.append(some)
        shown.append(maps[some][:, list(own)].sum(1, keepdim=True))
        counts.append(known[some])
    frames, shown, counts = torch.cat(frames), torch.cat(shown), torch.cat(counts)
    if not len(frames):
        return None
    answer = net(batch["x"][frames], shown)
    return answer[counts], batch["truth"][frames][:, list(group)][counts], counts.nonzero()[:, 1]


def as_shares(batch, factor):
    """[B, 21, H, W] of 0 to 1."""
    return batch["maps"].float() / factor**2


def losses(model, batch, factor, often, density):
    """The sum of the three nets' losses: each net has its own weights, so they do not mix."""
    maps = as_shares(batch, factor)
    found = binary_loss(model.global_(batch["x"], maps), batch["truth"][:, list(BINARY)], often)
    for name in LOCAL:
        own = asked(model, batch, maps, name)
        for key, value in (quality_loss(*own, density[name]) if own else {}).items():
            found[f"{key}_{name}"] = value
    return {"loss": sum(found.values()), **found}


def validate(model, data, checked, factor, setting, progress, batch_size=32):
    """Balanced accuracy of the binary concepts, and the mean RMSE of the qualities of each local net."""
    confusion = np.zeros((len(BINARY), 2, 2))
    errors = {name: np.zeros((len(group), 2)) for name, group in LOCAL.items()}
    for some in cut_up(np.arange(len(checked.rows)), batch_size, whole=False):
        batch = stacked([example(data, checked, at, factor) for at in some])
        batch = {key: value.to(setting.device) for key, value in batch.items()}
        with setting.autocast():
            maps = as_shares(batch, factor)
            yes = (model.global_(batch["x"], maps) > 0).cpu().numpy()
            answers = {name: asked(model, batch, maps, name) for name in LOCAL}
        for number, concept in enumerate(BINARY):
            truth = checked.truth[some, concept]
            confusion[number] += scores.confusion_sums(np.where(np.isnan(truth), -1, truth), yes[:, number], 2).sum(0)
        for name, own in answers.items():
            if own:
                answer, truth, which = (value.float().cpu().numpy() for value in own)
                np.add.at(errors[name], which.astype(int), scores.error_sums(truth, np.clip(answer, 0, BEST)))
        progress(some[-1] + 1, len(checked.rows))
    found = {f"rmse_{name}": scores.mean(scores.rmse(sums)) for name, sums in errors.items()}
    return {"balanced_accuracy": scores.mean(scores.balanced_accuracy(confusion)), **found}
