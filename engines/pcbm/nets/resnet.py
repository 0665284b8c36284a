"""ResNet-18 (He et al., CVPR 2016), and a small one that begins at a quarter of the picture's size."""

from torch import nn

from nets.regnet import conv


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(conv(inputs, outputs, 3, stride), conv(outputs, outputs, 3, relu=False))
        is_same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if is_same else conv(inputs, outputs, stride=stride, relu=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.body(x) + self.shortcut(x))


def stages(widths, depth):
    """`depth` blocks of each width; each width but the first halves the picture."""
    blocks = []
    for number, (inputs, outputs) in enumerate(zip((widths[0], *widths), widths)):
        blocks += [Block(inputs, outputs, 2 if number else 1)]
        blocks += [Block(outputs, outputs, 1) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


class ResNet(nn.Module):
    """[B, channels, H, W] -> [B, outputs], whatever H and W are."""

    def __init__(self, channels, outputs, size="small"):
        super().__init__()
        is_full = size == "full"
        widths = (64, 128, 256, 512) if is_full else (16, 32, 64)
        self.stem = nn.Sequential(
            nn.Identity() if is_full else nn.AvgPool2d(2),
            conv(channels, widths[0], 7 if is_full else 3, 2),
            nn.MaxPool2d(3, 2, 1) if is_full else nn.Identity(),
        )
        self.stages = stages(widths, 2 if is_full else 1)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.last = nn.Linear(widths[-1], outputs)

    def forward(self, x):
        x = self.stages(self.stem(x))  # [B, 512 or 64, H / 32 or 16, W / 32 or 16]
        return self.last(self.pool(x))
