"""Ends its own process at once."""

import os


def predict(frame: object) -> dict[str, object]:
    """Leave without a word."""
    os._exit(7)
