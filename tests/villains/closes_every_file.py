"""Closes all file descriptors, as code does that wants to be a daemon."""

import os


def predict(frame: object) -> dict[str, object]:
    """The runner's are among them."""
    os.closerange(3, 4096)
    return {"text": "works"}
