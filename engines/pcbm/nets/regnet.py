"""RegNetY-1.6GF as an encoder (Radosavovic et al., "Designing Network Design Spaces", CVPR 2020).

The numbers are those of the paper's table: depths 2, 6, 17, 2, widths 48, 120, 336, 888, groups of 24 channels, and
squeeze-and-excitation by a quarter of the block's input. Each stage halves the picture.
"""

from torch import nn

DEPTHS = (2, 6, 17, 2)
WIDTHS = (32, 48, 120, 336, 888)
"""Of the stem and of the four stages: strides 2, 4, 8, 16, 32."""
GROUP = 24
SQUEEZE = 0.25


def conv(inputs, outputs, kernel=1, stride=1, groups=1, relu=True):
    """Convolution without bias, batch normalisation and, unless told otherwise, ReLU."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class SqueezeExcite(nn.Module):
    """Weighs each channel by what the whole picture holds."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return x * self.weigh(x)  # [B, C, H, W] * [B, C, 1, 1]


class Block(nn.Module):
    """The Y block: 1x1, 3x3 in groups, squeeze and excite, 1x1, beside a shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            conv(inputs, outputs),
            conv(outputs, outputs, 3, stride, groups=outputs // GROUP),
            SqueezeExcite(outputs, round(inputs * SQUEEZE)),
            conv(outputs, outputs, relu=False),
        )
        is_same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if is_same else conv(inputs, outputs, stride=stride, relu=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.body(x) + self.shortcut(x))


class RegNetY(nn.Module):
    """[B, channels, H, W] -> five feature maps of strides 2, 4, 8, 16, 32."""

    widths = WIDTHS

    def __init__(self, channels=1):
        super().__init__()
        self.stem = conv(channels, WIDTHS[0], 3, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(Block(inputs if first == 0 else outputs, outputs, 2 if first == 0 else 1) for first in range(depth))
            )
            for depth, inputs, outputs in zip(DEPTHS, WIDTHS, WIDTHS[1:])
        )

    def forward(self, x):
        features = [self.stem(x)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features
