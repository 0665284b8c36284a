"""Asks for 20 GB, touched and untouched."""

import numpy as np


def predict(frame: object) -> dict[str, object]:
    """First without writing to them, then with zeros in them."""
    try:
        np.empty(20 * 2**30, np.uint8)
    except MemoryError:
        np.full(20 * 2**30, 1, np.uint8)
    return {}
