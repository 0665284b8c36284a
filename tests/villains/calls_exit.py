"""Calls exit() on each frame, as a script does at its end."""

import sys


def predict(frame: object) -> dict[str, object]:
    """Mean to end the program."""
    sys.exit("done")
