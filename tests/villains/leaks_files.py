"""Opens files and never closes them."""

import os
import resource

resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))


def predict(frame: object) -> dict[str, object]:
    """Works on no frame: they are gone with the first."""
    while True:
        os.open("/dev/null", os.O_RDONLY)
