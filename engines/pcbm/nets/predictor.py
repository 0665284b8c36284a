"""The predictor, c -> y."""

import torch
from concepts import BINARY, CONCEPTS
from torch import nn

OUTPUTS = 8
"""The four planes as standard planes, then the four as non-standard ones."""


class Predictor(nn.Module):
    """27 concepts -> 256 -> 8 logits. Qualities, 0 to 10, are brought to 0 to 1 first, as the yes and no are."""

    def __init__(self):
        super().__init__()
        scale = torch.full((len(CONCEPTS),), 0.1)
        scale[list(BINARY)] = 1.0
        self.register_buffer("scale", scale)
        self.layers = nn.Sequential(nn.Linear(len(CONCEPTS), 256), nn.LeakyReLU(0.01), nn.Linear(256, OUTPUTS))

    def forward(self, c):
        return self.layers(c * self.scale)  # [B, 27] -> [B, 256] -> [B, 8]
