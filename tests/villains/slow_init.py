"""Takes its time to load."""

import time


class Engine:
    """Loads for a second."""

    def __init__(self) -> None:
        time.sleep(1)

    def predict(self, frame: object) -> dict[str, object]:
        """Works."""
        return {"text": "works"}
