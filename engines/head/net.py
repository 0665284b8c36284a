"""A light U-Net that outlines a fetal head, and says whether there is one. About 0.9 M parameters."""

import torch
from torch import nn
from torch.nn.functional import interpolate


def block(before, after, stride=1):
    """Two convolutions 3x3; the first may halve the picture."""
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.Conv2d(after, after, 3, 1, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


class HeadNet(nn.Module):
    """Grey picture [N, 1, 192, 288], -1 to 1 -> (outline logits [N, 1, 96, 144], presence logit [N])."""

    def __init__(self, widths=(16, 32, 64, 96, 128)):
        super().__init__()
        self.down = nn.ModuleList(
            block(before, after, 2) for before, after in zip((1, *widths[:-1]), widths, strict=True)
        )
        pairs = zip(widths[:0:-1], widths[-2::-1], strict=True)
        self.up = nn.ModuleList(block(deep + shallow, shallow) for deep, shallow in pairs)
        self.outline = nn.Conv2d(widths[0], 1, 1)
        self.presence = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * widths[-1], 1))

    def forward(self, x):
        levels = []
        for step in self.down:  # [N, 16, 96, 144] ... [N, 128, 6, 9]
            x = step(x)
            levels.append(x)
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)  # [N, 256]
        for step, beside in zip(self.up, levels[-2::-1], strict=True):  # back to [N, 16, 96, 144]
            x = interpolate(x, scale_factor=2.0, mode="nearest")
            x = step(torch.cat([x, beside], 1))
        return self.outline(x), self.presence(pooled)[:, 0]
