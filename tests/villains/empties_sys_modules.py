"""Throws loaded modules away, as code does that wants to load them anew."""

import sys

KEPT = [sys.modules.pop(name) for name in ("json", "socket", "struct", "numpy", "threading", "time", "selectors")]


def predict(frame: object) -> dict[str, object]:
    """Works."""
    return {"text": "works"}
