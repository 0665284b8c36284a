"""Cannot be loaded, and cannot be ended either: what it wants done at exit never ends."""

import atexit
import threading
import time


def wait() -> None:
    """For ever."""
    while True:
        time.sleep(600)


atexit.register(wait)
threading.Thread(target=wait).start()
raise OSError("weights are not there")
