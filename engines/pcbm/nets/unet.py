"""U-Nets (Ronneberger et al., MICCAI 2015) in three sizes: with a RegNetY encoder, a plain one, and a light one."""

import torch
from torch import nn
from torch.nn import functional as F

from nets.regnet import RegNetY, conv


def double(inputs, outputs, stride=1):
    """Two 3x3 convolutions, the first one with the stride."""
    return nn.Sequential(conv(inputs, outputs, 3, stride), conv(outputs, outputs, 3))


def enlarge(x):
    """Twice as high and wide, by the nearest neighbour."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class RegNetUNet(nn.Module):
    """The paper's texture net: [B, 1, H, W] -> logits [B, classes, H, W]; H and W are multiples of 32."""

    def __init__(self, classes):
        super().__init__()
        self.encoder = RegNetY()
        stem, *_ = widths = self.encoder.widths
        self.ups = nn.ModuleList(double(deep + wide, wide) for wide, deep in zip(widths[-2::-1], widths[:0:-1]))
        self.last = double(stem, stem)
        self.classify = nn.Conv2d(stem, classes, 1)

    def forward(self, x):
        *skips, x = self.encoder(x)  # strides 2, 4, 8, 16; 32
        for up, skip in zip(self.ups, reversed(skips)):
            x = up(torch.cat([enlarge(x), skip], 1))
        return self.classify(self.last(enlarge(x)))  # stride 2 -> 1


class PlainUNet(nn.Module):
    """The paper's topology net: [B, channels, H, W] -> logits [B, classes, H, W]; H and W are multiples of 8."""

    widths = (64, 128, 256, 512)

    def __init__(self, channels, classes):
        super().__init__()
        widths = self.widths
        self.downs = nn.ModuleList(double(inputs, outputs) for inputs, outputs in zip((channels, *widths), widths))
        self.ups = nn.ModuleList(double(deep + wide, wide) for wide, deep in zip(widths[-2::-1], widths[:0:-1]))
        self.classify = nn.Conv2d(widths[0], classes, 1)

    def encode(self, x):
        """Features of strides 1, 2, 4, 8."""
        features = [self.downs[0](x)]
        for down in self.downs[1:]:
            features.append(down(F.max_pool2d(features[-1], 2)))
        return features

    def forward(self, x):
        *skips, x = self.encode(x)
        for up, skip in zip(self.ups, reversed(skips)):
            x = up(torch.cat([enlarge(x), skip], 1))
        return self.classify(x)


class LightUNet(nn.Module):
    """Small and fast: it begins with a stride of 2 and adds its skips where others concatenate.

    [B, 1, H, W] -> logits [B, classes, H / 2, W / 2]; H and W are multiples of 32.
    """

    widths = (16, 32, 64, 96, 128)

    def __init__(self, classes):
        super().__init__()
        widths = self.widths
        self.downs = nn.ModuleList(double(inputs, outputs, 2) for inputs, outputs in zip((1, *widths), widths))
        self.narrows = nn.ModuleList(conv(deep, wide, relu=False) for wide, deep in zip(widths[-2::-1], widths[:0:-1]))
        self.ups = nn.ModuleList(conv(wide, wide, 3) for wide in widths[-2::-1])
        self.classify = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x):
        skips = []
        for down in self.downs:  # strides 2, 4, 8, 16, 32
            x = down(x)
            skips.append(x)
        for narrow, up, skip in zip(self.narrows, self.ups, reversed(skips[:-1])):
            x = up(F.relu(enlarge(narrow(x)) + skip))
        return self.classify(x)
