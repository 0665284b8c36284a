"""HC, BPD and OFD in millimetres: the median of the last pictures of one view."""

from collections import deque

import numpy as np
from biometry import ellipse_axes_mm, head_mm

VIEWS = 15
"""Pictures that a median is taken of."""
SAME_VIEW = 0.05
"""An HC that differs by more than this share from the median belongs to another view."""
GAP_S = 2
"""So long after the last picture of a head another one may lie there."""
OWN_ERROR = {"HC": 0.021, "BPD": 0.021, "OFD": 0.028}
"""Standard deviation of the model's error, as a share of the value: evaluate.py, held-out subjects of HC18."""


class Measuring:
    """What was measured on the last pictures."""

    def __init__(self):
        self._last = deque(maxlen=VIEWS)
        self._last_s = 0.0

    def forget(self):
        """Begin anew: the head is gone."""
        self._last.clear()

    def add(self, outline, spacing_mm, time_s=0.0):
        """{name: (median in mm, its uncertainty in mm)} with this picture's outline; spacing_mm is a pixel's (x, y),
        time_s is when the picture was captured.

        The uncertainty is one standard deviation: the spread of the last pictures (from the median absolute deviation)
        and the model's own error together.
        """
        long_mm, short_mm = ellipse_axes_mm(outline.width_px, outline.height_px, outline.angle_deg, spacing_mm)
        new = head_mm(long_mm, short_mm)
        if not 0 <= time_s - self._last_s <= GAP_S:
            self.forget()
        self._last_s = time_s
        if self._last:
            before = np.median([one["HC"] for one in self._last])
            if abs(new["HC"] - before) > SAME_VIEW * before:
                self.forget()
        self._last.append(new)
        found = {}
        for name in new:
            values = np.array([one[name] for one in self._last])
            middle = float(np.median(values))
            spread = 1.4826 * float(np.median(np.abs(values - middle)))
            found[name] = middle, float(np.hypot(spread, OWN_ERROR[name] * middle))
        return found
