"""Returns what is no number."""

import numpy as np


def predict(frame: object) -> dict[str, object]:
    """NaN from a network that has diverged."""
    return {"classes": [{"name": "head", "score": np.float32("nan")}]}
