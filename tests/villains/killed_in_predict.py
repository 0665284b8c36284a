"""Is killed, as by the kernel when memory runs out."""

import os
import signal


def predict(frame: object) -> dict[str, object]:
    """Kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}
