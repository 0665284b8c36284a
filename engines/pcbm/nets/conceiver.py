"""The conceiver, (x, s) -> c: one net for the eight binary concepts, two for the nineteen qualities."""

import torch
from concepts import BINARY, CALIPERS, MAPS, ORGANS
from torch import nn

from nets.resnet import ResNet


class Conceiver(nn.Module):
    """Three ResNets. The two local nets look at the picture and at one map, and answer all of their concepts; only the
    one whose map it is counts."""

    def __init__(self, size="small"):
        super().__init__()
        self.global_net = ResNet(1 + MAPS, len(BINARY), size)
        self.organs_net = ResNet(2, len(ORGANS), size)
        self.calipers_net = ResNet(2, len(CALIPERS), size)

    def global_(self, x, maps):
        """x [B, 1, H, W], maps [B, 21, H, W] -> logits [B, 8], in the order of BINARY."""
        return self.global_net(torch.cat([x, maps], 1))

    def organs(self, x, map_):
        """x and one map, [B, 1, H, W] each -> qualities [B, 9], in the order of ORGANS."""
        return self.organs_net(torch.cat([x, map_], 1))

    def calipers(self, x, map_):
        """x and one map, [B, 1, H, W] each -> qualities [B, 10], in the order of CALIPERS."""
        return self.calipers_net(torch.cat([x, map_], 1))
