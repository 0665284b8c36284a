"""The one environment in which the tests of the models that ship run: PyTorch, ONNX and what they are trained with."""

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.test_cli_new import environment

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
"""Real pictures; tests that need them skip by name where they are not there."""
PINNED = sorted(
    {
        line
        for engine in ("head", "pcbm")
        for line in (ROOT / "engines" / engine / "requirements-train.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    }
)
"""What the engines' own trainings pin."""
PATIENCE_S = 900
"""For one command: a machine that has just unpacked PyTorch, or that is busy, takes minutes over its first import."""


def research_python(folder: Path) -> str:
    """Its interpreter, made once for all tests. `folder` is an empty one. Skips where it cannot be installed."""
    with contextlib.chdir(folder):
        return environment("\n".join(PINNED) + "\n")


def run(python: str, *words: str | Path, folder: Path | None = None) -> str:
    """What a command of that interpreter prints; it must succeed. One thread, and nothing of the GPU."""
    environ = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [python, *map(str, words)], cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def told(python: str, code: str, folder: Path, *words: str | Path) -> Any:
    """What `code`, run with `folder` (an engine's) on its path, prints as JSON on its last line."""
    found = run(python, "-c", f"import sys\nsys.path.insert(0, {str(folder)!r})\n{code}", *words)
    return json.loads(found.splitlines()[-1])
