"""Calls exit() while the model is loaded."""

import sys


class Engine:
    """An engine that thinks it is a script."""

    def __init__(self) -> None:
        sys.exit(3)

    def predict(self, frame: object) -> dict[str, object]:
        """Never called."""
        return {}
