"""Raises on every frame."""


def predict(frame: object) -> dict[str, object]:
    """Divide by zero."""
    return {"text": str(1 / 0)}
