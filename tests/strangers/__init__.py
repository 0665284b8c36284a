"""Small networks as they lie in research repositories, each with an engine.py of few lines beside the untouched files.

A test deploys one into a folder of its own, where the code may write its weights, and Bedside builds its environment in
the user's cache, where the next run finds it.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.engine.interpreter import find_interpreter
from bedside.engine.venv import Venv, venv_for
from bedside.errors import SettingsError
from bedside.messages import Pixels

HERE = Path(__file__).parent
SIZE = (240, 320)


@dataclass(frozen=True)
class Stranger:
    """One of them."""

    name: str
    python: str
    """As `python` in bedside.toml."""
    is_right: Callable[[dict[str, Any], float, float, float], bool]
    """Whether its answer is right for a disc at x, y with a radius, all in pixels of `SIZE`."""
    training: str = ""
    """Script that makes its weights, to be run once in its environment."""

    @property
    def table(self) -> str:
        """Its [[engine]] in a bedside.toml, beside which it is deployed; without a port."""
        return (
            f'[[engine]]\nname = "{self.name}"\npath = "{self.name}"\npython = "{self.python}"\n'
            'requirements = "requirements.txt"\n'
        )

    def deploy(self, folder: Path) -> Path:
        """Copy it into a folder, build its environment and make its weights; skips where its Python is missing."""
        try:
            find_interpreter(self.python, self.name)
        except SettingsError:
            pytest.skip(f"{self.python}: no such interpreter on this machine")
        place = folder / self.name
        shutil.copytree(HERE / self.name, place, ignore=shutil.ignore_patterns("__pycache__", "weights.npy"))
        alone = folder / f"{self.name}.toml"
        alone.write_text(self.table, encoding="utf-8")
        argv = [sys.executable, "-m", "bedside", "build", "--config", str(alone)]
        built = subprocess.run(argv, capture_output=True, text=True)
        assert built.returncode == 0, built.stderr + built.stdout
        if self.training:
            python = str(self.environment(place).python)
            made = subprocess.run([python, self.training], cwd=place, capture_output=True, text=True)
            assert made.returncode == 0, made.stderr
        return place

    def environment(self, place: Path) -> Venv:
        """Its environment, once it is deployed."""
        return venv_for(place / "requirements.txt", self.python, self.name)


def disc(x: float, y: float, radius: float) -> Pixels:
    """A picture of `SIZE` with a bright disc on dark noise; the same for the same numbers."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    grey = np.random.default_rng(7).integers(0, 60, SIZE)
    grey += 170 * ((columns - x) ** 2 + (rows - y) ** 2 < radius**2)
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def _segmented(result: dict[str, Any], x: float, y: float, radius: float) -> bool:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    truth = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    found = np.asarray(result["mask"]) == 1
    return bool((found & truth).sum() / (found | truth).sum() > 0.7)


def _sided(result: dict[str, Any], x: float, y: float, radius: float) -> bool:
    best = max(result["classes"], key=lambda one: one["score"])
    return bool(best["name"] == ("left" if x < SIZE[1] / 2 else "right"))


def _found(result: dict[str, Any], x: float, y: float, radius: float) -> bool:
    return bool(result["verdict"]["label"] == ("disc" if radius else "no disc"))


def _measured(result: dict[str, Any], x: float, y: float, radius: float) -> bool:
    (diameter,), (centre,) = result["measurements"], result["points"]
    near = abs(centre["x"] * SIZE[1] - x) < 3 and abs(centre["y"] * SIZE[0] - y) < 3
    return bool(near and abs(diameter["value"] - 2 * radius) < 3)


TORCH = Stranger("torch_segmenter", "python3.11", _segmented, training="train.py")
ONNX = Stranger("onnx_side", "python3.12", _sided)
OLD_NUMPY = Stranger("old_numpy", "python3.7", _found)
NEW_NUMPY = Stranger("new_numpy", "python3.13", _measured)
STRANGERS = (TORCH, ONNX, OLD_NUMPY, NEW_NUMPY)
