"""Paints over the frame that it is given."""

from typing import Any


def predict(frame: Any) -> dict[str, object]:
    """Says what it found, then blackens it."""
    found = int(frame.reshape(-1)[0])
    frame[:] = 0
    return {"text": str(found)}
