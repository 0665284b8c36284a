"""Returns 50 MB, which is as much as can be carried."""

import numpy as np


def predict(frame: object) -> dict[str, object]:
    """One picture of 4096 x 4096."""
    return {"images": [{"pixels": np.zeros((4096, 4096, 3), np.uint8)}]}
