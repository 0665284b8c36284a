"""Never returns, in one call of C code that never gives the interpreter lock back."""

import re


def predict(frame: object) -> dict[str, object]:
    """A search that would take longer than the universe is old."""
    re.match(r"(a+)+$", "a" * 64 + "b")
    return {}
