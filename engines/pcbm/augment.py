"""Random changes of a picture and of the label map that belongs to it: uint8 in, uint8 out, by OpenCV.

Shift, scale, turn, mirror and elastic change are one look-up (`cv2.remap`), so a picture is read and written once.
Nothing in here knows what the labels mean; what a mirrored picture does to a concept is the data set's affair.
"""

from dataclasses import dataclass

import cv2
import numpy as np

ELASTIC_KNOTS = 8  # displacement is drawn on a coarse grid of this many rows, and smooth between
ELASTIC_PX = 5.0


@dataclass(frozen=True)
class Strength:
    """How much may change. The defaults are the paper's."""

    mirror: float = 0.3
    """Share of pictures whose left and right change places."""
    flip: float = 0.3
    """Share of pictures whose top and bottom change places."""
    shift: float = 0.1
    """At most this part of the width and of the height."""
    scale: float = 0.3
    """Between 1 - scale and 1 + scale."""
    rotate_deg: float = 45.0
    elastic: float = 0.5
    """Share of pictures."""
    grey: float = 1.0
    """Share of pictures whose grey values change: by gamma, by brightness and contrast, or by CLAHE."""


PAPER = Strength()
GENTLE = Strength(flip=0.0, scale=0.15, rotate_deg=15.0, elastic=0.3, grey=0.7)
"""For frames that always come from a probe at the top: never upside down, and tilted little."""
KEEPS_SIZE = Strength(flip=0.0, shift=0.0, scale=0.0, rotate_deg=0.0, elastic=0.0, grey=0.7)
"""For targets such as "fills half the picture" or "angle below 45 degrees", which a zoom or a turn would change."""
NONE = Strength(0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Changed:
    """One picture after the change."""

    picture: np.ndarray  # [H, W] uint8
    label: np.ndarray  # [H, W] uint8
    is_mirrored: bool
    is_flipped: bool


def augment(picture: np.ndarray, label: np.ndarray, rng: np.random.Generator, strength: Strength = PAPER) -> Changed:
    """Change both alike; grey values change in the picture only.

    picture, label: [H, W] uint8. What comes in from outside the picture is black, and background (0).
    """
    is_mirrored, is_flipped = rng.random(2) < (strength.mirror, strength.flip)
    is_bent = rng.random() < strength.elastic
    if is_bent or strength.shift or strength.scale or strength.rotate_deg:
        columns, rows = places(picture.shape, rng, strength, is_bent)
        picture = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        label = cv2.remap(label, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    if rng.random() < strength.grey:
        picture = regrey(picture, rng)
    flips = (slice(None, None, -1 if is_flipped else 1), slice(None, None, -1 if is_mirrored else 1))
    return Changed(
        np.ascontiguousarray(picture[flips]), np.ascontiguousarray(label[flips]), bool(is_mirrored), bool(is_flipped)
    )


def places(
    shape: tuple[int, ...], rng: np.random.Generator, strength: Strength, is_bent: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the new picture comes from: columns and rows, float32 [H, W] each."""
    height, width = shape
    zoom = 1 + rng.uniform(-strength.scale, strength.scale)
    turn = np.deg2rad(rng.uniform(-strength.rotate_deg, strength.rotate_deg))
    right, down = rng.uniform(-strength.shift, strength.shift, 2) * (width, height)
    cos, sin = np.float32(np.cos(turn) / zoom), np.float32(np.sin(turn) / zoom)
    x = np.arange(width, dtype=np.float32)[None, :] - np.float32(width / 2 + right)
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32(height / 2 + down)
    columns = cos * x + sin * y + np.float32(width / 2)
    rows = cos * y - sin * x + np.float32(height / 2)
    if is_bent:
        knots = rng.normal(0, ELASTIC_PX, (2, ELASTIC_KNOTS, ELASTIC_KNOTS)).astype(np.float32)
        columns += cv2.resize(knots[0], (width, height), interpolation=cv2.INTER_CUBIC)
        rows += cv2.resize(knots[1], (width, height), interpolation=cv2.INTER_CUBIC)
    return columns, rows


def regrey(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of: gamma 0.6 to 1.2, brightness and contrast by up to a fifth, CLAHE with a clip limit of up to 4."""
    kind = rng.integers(3)
    if kind == 2:
        return cv2.createCLAHE(clipLimit=rng.uniform(1, 4), tileGridSize=(8, 8)).apply(picture)
    grey = np.arange(256, dtype=np.float32) / 255
    if kind == 0:
        grey = grey ** rng.uniform(0.6, 1.2)
    else:
        grey = (1 + rng.uniform(-0.2, 0.2)) * grey + rng.uniform(-0.2, 0.2) * grey.mean()
    return cv2.LUT(picture, np.clip(grey * 255, 0, 255).astype(np.uint8))
