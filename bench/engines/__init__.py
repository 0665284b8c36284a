"""Models of known cost, and their rate in a bare loop."""

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def bare_rate(name: str, seconds: float) -> float:
    """Predictions per second of an engine of this folder in a loop of its own, in a process of its own."""
    answer = subprocess.run([sys.executable, __file__, name, str(seconds)], capture_output=True, text=True, check=True)
    return float(answer.stdout)


def loop(name: str, seconds: float) -> float:
    """The bare loop: the same frame again and again."""
    spec = importlib.util.spec_from_file_location("engine", HERE / name / "engine.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    frame = np.zeros((1080, 1920, 3), np.uint8)
    module.predict(frame)
    count, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        module.predict(frame)
        count += 1
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    print(loop(sys.argv[1], float(sys.argv[2])))
