"""From the nets' pixels back to the frame: points, ellipses, the mask.

Points are [N, 2] of x, y. "Units" are millimetres where the size of a pixel is known, else pixels of the scanner's own
picture: in both, a circle is round, which it need not be in the pixels of a frame that was shrunk to another shape.
"""

import numpy as np
from frame import COLUMNS, HEIGHT, ROWS, SCREEN, WIDTH

CORNER = np.array([COLUMNS.start / SCREEN[1], ROWS.start / SCREEN[0]])
SPAN = np.array([(COLUMNS.stop - COLUMNS.start) / SCREEN[1], (ROWS.stop - ROWS.start) / SCREEN[0]])
"""Where the nets' picture begins in the frame and how much of it it covers, as fractions (x, y)."""
MASK = (360, 480)
"""H, W of the mask of a whole frame: finer than the nets' pixels, and small enough to travel with every answer."""


class Geometry:
    """Of one frame."""

    def __init__(self, shape, info=None):
        """`shape` is the frame's, (H, W, ...); `info` is what the runner says of it, or None."""
        height, width = shape[:2]
        spacing = getattr(info, "pixel_spacing_mm", None)
        region = getattr(info, "region_px", None)
        self.is_mm = spacing is not None
        unit = spacing or ((region[2] / width, region[3] / height) if region and min(region[2:]) > 0 else (1.0, 1.0))
        self.extent = np.array([width * unit[0], height * unit[1]])  # of the whole frame in units

    def units(self, points):
        """Points of the nets' pixels, in units from the frame's upper left corner."""
        return (CORNER + (np.asarray(points) + 0.5) / (WIDTH, HEIGHT) * SPAN) * self.extent

    def line(self, first, second, label):
        """A line of a result between two points in units."""
        (x1, y1), (x2, y2) = (np.stack([first, second]) / self.extent).tolist()
        return {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "label": label}

    def ellipse(self, ellipse, label):
        """An ellipse of a result; this one is OpenCV's, in units."""
        middle, axes, turn = ellipse
        (x, y), (rx, ry) = (np.array([middle, np.divide(axes, 2)]) / self.extent).tolist()
        return {"x": x, "y": y, "rx": rx, "ry": ry, "angle_deg": float(turn), "label": label}


def _places(count, start, span, length):
    """For each row or column of the mask, which one of the nets' it shows; `length` where it shows none."""
    at = np.floor(((np.arange(count) + 0.5) / count - start) / span * length).astype(int)
    return np.where((at < 0) | (at >= length), length, at)


_COLUMNS, _ROWS = (
    _places(count, start, span, length) for count, start, span, length in zip(MASK[::-1], CORNER, SPAN, (WIDTH, HEIGHT))
)


def whole_mask(label):
    """A label map of the nets [224, 288] where it lies in the whole frame, uint8 [360, 480]; 0 around it."""
    padded = np.zeros((HEIGHT + 1, WIDTH + 1), np.uint8)
    padded[:HEIGHT, :WIDTH] = label
    return padded[_ROWS[:, None], _COLUMNS]
