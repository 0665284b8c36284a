"""From a picture to the network's, and from the network's outline to an ellipse on the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from biometry import circumference

HEIGHT, WIDTH = 192, 288
"""Size of the network's picture in pixels."""
FINE = 2
"""The outline is looked for on so many times finer a grid than that."""
SMALLEST = 0.004
"""Share of the network's picture below which an outline is nothing."""


@dataclass(frozen=True)
class Placed:
    """A picture as the network sees it: whole, not stretched, black beside it."""

    grey: np.ndarray
    """uint8 [HEIGHT, WIDTH]."""
    scale: float
    """Network's pixels for one of the picture's."""
    left: int
    top: int
    """Where the picture begins, in network's pixels."""
    width: int
    height: int
    """What it fills, in network's pixels."""

    @property
    def matrix(self):
        """From the picture's pixels (their middles are whole numbers) to the network's: affine [2, 3]."""
        moved = (self.scale - 1) / 2
        return np.array([[self.scale, 0, self.left + moved], [0, self.scale, self.top + moved]])


@dataclass(frozen=True)
class Outline:
    """An ellipse on the picture."""

    x_px: float
    y_px: float
    """Its middle, in the picture's pixels from its upper left corner."""
    width_px: float
    height_px: float
    """Its full axes."""
    angle_deg: float
    """The first axis, clockwise from the picture's x axis."""
    agreement: float
    """Overlap (intersection over union) of the network's outline and the ellipse, where the picture is."""
    certainty: float
    """Mean of the network's probability within its outline."""

    @property
    def circumference_px(self):
        """Of the ellipse."""
        return circumference(self.width_px, self.height_px)


def letterboxed(grey):
    """A picture, uint8 [height, width] of any size, made to fit."""
    height, width = grey.shape
    scale = min(WIDTH / width, HEIGHT / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (WIDTH - wide) // 2, (HEIGHT - high) // 2
    box = np.zeros((HEIGHT, WIDTH), np.uint8)
    box[top : top + high, left : left + wide] = cv2.resize(grey, (wide, high), interpolation=way)
    return Placed(box, scale, left, top, wide, high)


def network_input(grey):
    """float32 [1, 1, HEIGHT, WIDTH], -1 to 1, of a letterboxed picture."""
    return (grey.astype(np.float32) / 127.5 - 1)[None, None]


def probability(logits):
    """0 to 1."""
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def largest(logits):
    """The largest connected area above 0: bool [HEIGHT * FINE, WIDTH * FINE]; None when it is next to nothing."""
    found = (logits > 0).astype(np.uint8)
    count, label, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
    if count < 2:
        return None
    best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    if stats[best, cv2.CC_STAT_AREA] < SMALLEST * found.size:
        return None
    return label == best


def outlined(logits, placed):
    """The ellipse around the network's logits, float [96, 144], on the picture; and its mask, on the network's grid.

    (None, None) when there is nothing that an ellipse could be laid around. Where the picture's edge cuts the outline,
    only the rest of it counts.
    """
    logits = cv2.resize(logits, (WIDTH * FINE, HEIGHT * FINE), interpolation=cv2.INTER_LINEAR)
    first_x, first_y = placed.left * FINE, placed.top * FINE
    last_x, last_y = first_x + placed.width * FINE, first_y + placed.height * FINE
    beside = np.ones(logits.shape, bool)
    beside[first_y:last_y, first_x:last_x] = False
    logits[beside] = -20
    mask = largest(logits)
    if mask is None:
        return None, None
    edge = 2 * FINE
    points, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(points, key=len)[:, 0].astype(np.float32)
    low, high = (first_x + edge, first_y + edge), (last_x - 1 - edge, last_y - 1 - edge)
    free = points[((points >= low) & (points <= high)).all(1)]
    if len(free) < 40:
        return None, None
    (x, y), (width, height), angle = cv2.fitEllipseDirect(free)
    width, height = width + 1, height + 1  # the points are the middles of the outermost pixels
    if not np.isfinite([x, y, width, height, angle]).all() or max(width, height) > 4 * WIDTH * FINE:
        return None, None
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.ellipse(drawn, ((x, y), (width, height), angle), 1, -1)
    drawn[beside] = 0
    both, either = np.count_nonzero(mask & (drawn > 0)), np.count_nonzero(mask | (drawn > 0))
    certainty = float(probability(logits[mask]).mean())
    to = 1 / (FINE * placed.scale)
    x_px, y_px = (x + 0.5 - first_x) * to, (y + 0.5 - first_y) * to
    found = Outline(x_px, y_px, width * to, height * to, angle, float(both / max(1, either)), certainty)
    return found, mask
