"""Takes a second for each answer."""

import time


def predict(frame: object) -> dict[str, object]:
    """One second."""
    time.sleep(1)
    return {"text": "works"}
