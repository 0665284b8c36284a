"""Forgets to return."""


def predict(frame: object) -> None:
    """Nothing."""
