"""Keeps 20 MB of each frame. Never more than 2 GB."""

KEPT: list[bytes] = []


def predict(frame: object) -> dict[str, object]:
    """Works, for a while."""
    if len(KEPT) < 100:
        KEPT.append(b"x" * 20_000_000)
    return {"text": "works"}
