"""The one model that everyone runs: it reads the number in the picture, then computes for as long as it is told."""

import os
import time
from typing import Any

from bedside.source import counter

BUSY_S = float(os.environ.get("BENCH_BUSY_S", "0"))


def predict(frame: Any) -> dict[str, Any]:
    """The picture's number (-1 when it cannot be read), and how long this took."""
    start_s = time.perf_counter()
    number = counter.read(frame)
    grey = frame[::8, ::8, 0]
    while time.perf_counter() < start_s + BUSY_S:
        float(grey.mean())
    return {"seq": -1 if number is None else number, "model_ms": (time.perf_counter() - start_s) * 1e3}
