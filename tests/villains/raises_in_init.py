"""Raises while the model is loaded."""


class Engine:
    """An engine without its weights."""

    def __init__(self) -> None:
        raise FileNotFoundError("weights.pt is not there")

    def predict(self, frame: object) -> dict[str, object]:
        """Never called."""
        return {}
