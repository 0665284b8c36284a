"""Changes what all users of numpy share."""

import numpy as np

np.seterr(all="raise")
np.random.seed(0)
np.set_printoptions(threshold=1, precision=1)


def predict(frame: object) -> dict[str, object]:
    """Works."""
    return {"text": "works"}
