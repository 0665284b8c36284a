"""Misspells a field."""


def predict(frame: object) -> dict[str, object]:
    """`verdit`."""
    return {"verdit": {"label": "head"}}
