"""A fork bomb: each of its processes forks as long as it can. 300 times in all, and for half a minute."""

import os
import time


def predict(frame: object) -> dict[str, object]:
    """Multiply."""
    end = time.monotonic() + 30
    more, fuse = os.pipe()
    os.write(fuse, b"." * 300)
    os.close(fuse)
    while time.monotonic() < end:
        if os.read(more, 1):
            os.fork()
        else:
            time.sleep(1)
    os._exit(0)
