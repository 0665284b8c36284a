"""What each net is trained on (arXiv 2211.10630 and its published code).

A pixel whose label is 255, a concept that is NaN, and a frame without a verdict give no loss.
"""

import torch
from concepts import UNKNOWN
from torch import nn
from torch.nn import functional as F

GAMMA = 2.0  # of the focal loss (Lin et al., ICCV 2017)
BETA = 0.999  # of the class balance (Cui et al., CVPR 2019)
TOPOLOGY_WEIGHTS = (0.3, 0.7)  # background, structure
TRIPLET_MARGIN = 0.1
RANKING_MARGIN = 0.5


class ObserverLoss(nn.Module):
    """Coarse Dice and focal loss on the texture net; with a topology net also fine Dice and NLL on the fused answer,
    and NLL on the topology; late in the training a triplet loss on the topology net's features."""

    def __init__(self, counts: torch.Tensor):
        """counts [14]: in how many pictures each class is seen."""
        super().__init__()
        self.register_buffer("weights", class_balance(counts))

    def coarse(self, logits, labels):
        """logits [B, 14, H, W] of any precision, labels [B, H, W]."""
        log_probs = logits.float().log_softmax(1)
        truth = labels.long()
        return {"dice": dice_loss(log_probs.exp(), truth), "focal": focal_loss(log_probs, truth, self.weights)}

    def fine(self, probs, topology, labels):
        """probs [B, 14, H, W] of the fused answer; topology [B, 2, H, W] logits."""
        truth = labels.long()
        structure = torch.where(truth == UNKNOWN, UNKNOWN, (truth > 0).long())
        log_probs = probs.float().clamp_min(1e-6).log()
        weights = probs.new_tensor(TOPOLOGY_WEIGHTS, dtype=torch.float32)
        return {
            "fine_dice": dice_loss(probs.float(), truth, first=1),
            "fine_nll": F.nll_loss(log_probs, truth, ignore_index=UNKNOWN),
            "topology": F.cross_entropy(topology.float(), structure, weights, ignore_index=UNKNOWN),
        }


def class_balance(counts: torch.Tensor) -> torch.Tensor:
    """Weights [C] of mean 1 by the effective number of pictures that show a class; 0 where none does."""
    weights = (1 - BETA) / (1 - BETA ** counts.double().clamp_min(1))
    weights = torch.where(counts > 0, weights, torch.zeros_like(weights))
    return (weights / weights.sum().clamp_min(1e-12) * (counts > 0).sum()).float()


def dice_loss(probs, truth, first=0):
    """1 - Dice, averaged over the classes from `first` on that the batch shows.

    probs [B, C, H, W], truth [B, H, W]; pixels of all pictures of the batch count together.
    """
    known = truth != UNKNOWN
    classes = probs.shape[1]
    index = torch.where(known, truth, 0)
    picked = probs.gather(1, index[:, None])[:, 0] * known
    both = probs.new_zeros(classes).index_add(0, index.flatten(), picked.flatten())
    of_truth = torch.bincount(index.flatten(), known.flatten().float(), classes)
    of_probs = torch.einsum("bchw,bhw->c", probs, known.to(probs.dtype))
    dice = (2 * both + 1) / (of_truth + of_probs + 1)
    shown = (of_truth > 0).float()
    shown[:first] = 0
    return ((1 - dice) * shown).sum() / shown.sum().clamp_min(1)


def focal_loss(log_probs, truth, weights):
    """Cross-entropy that counts sure pixels less. log_probs [B, C, H, W], truth [B, H, W], weights [C]."""
    known = truth != UNKNOWN
    index = torch.where(known, truth, 0)
    log_p = log_probs.gather(1, index[:, None])[:, 0]
    loss = -weights[index] * (1 - log_p.exp()) ** GAMMA * log_p
    return (loss * known).sum() / known.sum().clamp_min(1)


def triplet_loss(encode, probs, labels, pictures):
    """The topology net's features of what the observer drew shall be nearer to those of the truth than to those of a
    truth with holes and islands.

    encode: [B, 14, H, W] -> list of features; probs [B, 14, H, W]; labels [B, H, W]; pictures [B, 1, H, W].
    """
    truth = one_hot(labels, probs.shape[1])
    anchor, positive, negative = (encode(maps)[-1].flatten(1) for maps in (probs, truth, spoiled(truth, pictures)))
    return F.triplet_margin_loss(*(F.normalize(x.float(), dim=1) for x in (anchor, positive, negative)), TRIPLET_MARGIN)


def one_hot(labels, classes):
    """[B, classes, H, W] float; unknown pixels are background."""
    index = torch.where(labels == UNKNOWN, 0, labels).long()
    return F.one_hot(index, classes).permute(0, 3, 1, 2).float()


def spoiled(truth, pictures, block=16):
    """A quarter of the blocks of 16x16 pixels lose their structures; background that is as bright as the structures
    becomes one here and there."""
    batch, classes, height, width = truth.shape
    coarse = torch.rand(batch, 1, -(-height // block), -(-width // block), device=truth.device) < 0.25
    erased = coarse.repeat_interleave(block, 2).repeat_interleave(block, 3)[:, :, :height, :width]
    structure = truth[:, 1:].sum(1, keepdim=True)
    level = (pictures * structure).sum((2, 3), keepdim=True) / structure.sum((2, 3), keepdim=True).clamp_min(1)
    alike = (pictures - level).abs() < 0.1
    noise = alike & (structure == 0) & (torch.rand_like(pictures) < 0.2)
    kind = torch.randint(1, classes, (batch,), device=truth.device)
    spoilt = truth.clone()
    spoilt[:, 1:] *= ~erased
    spoilt[torch.arange(batch), kind] = torch.maximum(spoilt[torch.arange(batch), kind], noise[:, 0].float())
    spoilt[:, 0] = 1 - spoilt[:, 1:].amax(1)
    return spoilt


def binary_loss(logits, truth, share):
    """BCE, and BCE in which yes and no count alike though one is rarer.

    logits, truth [B, 8], NaN where not known; share [8]: how often each is true in the training set.
    """
    known = ~truth.isnan()
    target = torch.where(known, truth, 0)
    plain = F.binary_cross_entropy_with_logits(logits.float(), target, reduction="none") * known
    share = share.clamp(0.05, 0.95)
    weights = torch.where(target > 0.5, 0.5 / share, 0.5 / (1 - share))
    count = known.sum().clamp_min(1)
    return {"bce": plain.sum() / count, "weighted_bce": (plain * weights).sum() / count}


def quality_loss(quality, truth, which, density):
    """Huber loss in which rare qualities count more, and a ranking loss between frames.

    quality, truth, which [M]: the answer, what is true, and which concept it is. density [concepts, 11]: how often each
    concept has a quality of 0, 1, ... 10 in the training set.
    """
    quality = quality.float()
    weights = density_weights(density)[which, truth.round().long().clamp(0, 10)]
    huber = (F.huber_loss(quality, truth, reduction="none") * weights).sum() / weights.sum().clamp_min(1e-6)
    return {"huber": huber, "ranking": ranking_loss(quality, truth, which)}


def density_weights(density):
    """[concepts, 11]: one over the root of the smoothed density, at most 5 times the mean."""
    kernel = density.new_tensor([0.25, 0.5, 0.25])[None, None]
    smooth = F.conv1d(F.pad(density[:, None], (1, 1), mode="replicate"), kernel)[:, 0]
    smooth = smooth / smooth.sum(1, keepdim=True).clamp_min(1e-6)
    weights = smooth.clamp_min(0.01) ** -0.5
    return weights / weights.mean(1, keepdim=True)


def ranking_loss(quality, truth, which):
    """Of two frames, the one whose concept is better is to be judged better by the margin; equal ones do not matter."""
    better = (truth[:, None] - truth[None, :] > RANKING_MARGIN) & (which[:, None] == which[None, :])
    hinge = F.relu(RANKING_MARGIN - (quality[:, None] - quality[None, :]))
    return (hinge * better).sum() / better.sum().clamp_min(1)


def verdict_loss(logits, verdicts):
    """Cross-entropy. logits [B, 8], verdicts [B], -1 where not known."""
    return {"loss": F.cross_entropy(logits.float(), verdicts.long(), ignore_index=-1)}
