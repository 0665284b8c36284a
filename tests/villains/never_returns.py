"""Waits for ever."""

import time


def predict(frame: object) -> dict[str, object]:
    """Sleep."""
    while True:
        time.sleep(3600)
