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
REQUIREMENTS = """\
matplotlib==3.11.2
numpy==2.4.6
onnx==1.23.2
onnxruntime==1.32.0
onnxscript==0.7.2
opencv-python-headless==5.0.0.93
rich==15.0.0
torch==2.13.0
"""


def research_python(folder: Path) -> str:
    """Its interpreter, made once for all tests. `folder` is an empty one. Skips where it cannot be installed."""
    with contextlib.chdir(folder):
        return environment(REQUIREMENTS)


def run(python: str, *words: str | Path, folder: Path | None = None) -> str:
    """What a command of that interpreter prints; it must succeed. One thread, and nothing of the GPU."""
    environ = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [python, *map(str, words)], cwd=folder, env=environ, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def told(python: str, code: str, folder: Path, *words: str | Path) -> Any:
    """What `code`, run with `folder` (an engine's) on its path, prints as JSON on its last line."""
    found = run(python, "-c", f"import sys\nsys.path.insert(0, {str(folder)!r})\n{code}", *words)
    return json.loads(found.splitlines()[-1])
