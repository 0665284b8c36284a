"""Starts children that mean to outlive it, in sessions of their own, without a parent; then ends. Each for a minute."""

import os
import subprocess
import time


def predict(frame: object) -> dict[str, object]:
    """A worker, a daemon, and one through a shell; then the end."""
    subprocess.Popen(["sleep", "61.25"], start_new_session=True)
    os.system("setsid sleep 61.25 &")
    if not os.fork():
        os.setpgid(0, 0)
        if os.fork():
            os._exit(0)
        os.execvp("sleep", ["sleep", "61.25"])
    time.sleep(0.2)
    os._exit(5)
