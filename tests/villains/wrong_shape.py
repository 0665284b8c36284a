"""Returns its mask with a batch dimension."""

from typing import Any

import numpy as np


def predict(frame: Any) -> dict[str, object]:
    """[1, H, W]."""
    return {"mask": np.zeros((1, *frame.shape[:2]), np.uint8), "labels": ["background"]}
