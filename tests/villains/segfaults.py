"""Reads where there is no memory, as a bad extension does."""

import ctypes


def predict(frame: object) -> dict[str, object]:
    """Crash."""
    ctypes.string_at(0)
    return {}
