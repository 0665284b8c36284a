"""Keeps every frame, as models of time do, and looks back at all of them."""

from typing import Any

KEPT: list[Any] = []


def predict(frame: Any) -> dict[str, object]:
    """The top left values of all frames so far."""
    KEPT.append(frame[:4, :4])
    return {"text": " ".join(str(int(kept.reshape(-1)[0])) for kept in KEPT)}
