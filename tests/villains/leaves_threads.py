"""Leaves threads running that nobody stops, daemons and others. Twenty at most."""

import threading
import time


def wait() -> None:
    """For ever."""
    while True:
        time.sleep(0.01)


def predict(frame: object) -> dict[str, object]:
    """Works."""
    if threading.active_count() < 20:
        threading.Thread(target=wait).start()
        threading.Thread(target=wait, daemon=True).start()
    return {"text": "works"}
