"""Never finishes to load."""

import time

time.sleep(3600)


def predict(frame: object) -> dict[str, object]:
    """Never called."""
    return {}
