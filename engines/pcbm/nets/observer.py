"""The observer, x -> s: DTU-Net (Lin et al., arXiv 2205.11115), a texture net followed by a topology net."""

import torch
from torch import nn
from torch.nn import functional as F

from nets.unet import LightUNet, PlainUNet, RegNetUNet

CLASSES = 14
TEXTURE, TOPOLOGY = 0.3, 0.7
"""Weights of the two nets in the fused answer."""


class Observer(nn.Module):
    """`size` "full" has both nets; "small" is one light U-Net, which answers at half the picture's size and is
    interpolated."""

    def __init__(self, size="small"):
        super().__init__()
        self.texture = RegNetUNet(CLASSES) if size == "full" else LightUNet(CLASSES)
        self.topology = PlainUNet(CLASSES, 2) if size == "full" else None

    def forward(self, x):
        """x [B, 1, H, W] -> dict of logits [B, 14, H, W], topology [B, 2, H, W] (logits of background and structure,
        or None) and probs [B, 14, H, W]."""
        logits = self.texture(x)
        coarse = logits.softmax(1)
        if self.topology is None:  # softmax comes first: it is the slowest layer where the picture is large
            return {"logits": doubled(logits), "topology": None, "probs": doubled(coarse)}
        topology = self.topology(coarse)
        return {"logits": logits, "topology": topology, "probs": fused(coarse, topology.softmax(1)[:, 1:])}


def doubled(x):
    """Twice as high and wide, interpolated."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def fused(coarse, structure):
    """[B, 14, H, W]: which structure it is says the texture net, [B, 14, H, W]; whether there is one, mostly the
    topology net, [B, 1, H, W]. The sum over the classes stays 1."""
    background, structures = coarse[:, :1], coarse[:, 1:]
    share = structures / structures.sum(1, keepdim=True).clamp_min(1e-6)
    background = TEXTURE * background + TOPOLOGY * (1 - structure)
    return torch.cat([background, (1 - background) * share], 1)
