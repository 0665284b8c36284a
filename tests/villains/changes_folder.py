"""Changes its working folder."""

import os


def predict(frame: object) -> dict[str, object]:
    """Works, elsewhere."""
    os.chdir("/")
    return {"text": "works"}
