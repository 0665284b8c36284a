"""Finds the interpreter that a setting names, and asks it what it is."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bedside.errors import SettingsError

ASK = (
    "import json, sys; "
    "print(json.dumps([sys.version_info[:3], sys.implementation.name, getattr(sys, 'base_prefix', sys.prefix)]))"
)
PATIENCE_S = 30.0
OLDEST = (3, 7)


@dataclass(frozen=True)
class Interpreter:
    """One Python of this machine."""

    path: str
    version: tuple[int, int, int]
    implementation: str
    prefix: str
    """Where it is installed; for a venv's the one that it was made by."""

    @property
    def release(self) -> str:
        """Such as 3.8.18."""
        return ".".join(map(str, self.version))


def find_interpreter(python: str, name: str) -> str:
    """The absolute path of the interpreter `python`, a path or a name such as python3.8; empty is this one.

    Not resolved: a venv's interpreter is a link, and finds its packages by where the link lies. Raises SettingsError
    that names the engine `name`.
    """
    if not python:
        return sys.executable
    found = shutil.which(Path(python).expanduser())
    if found is not None and Path(found).parent.name == "shims":
        found = _behind_shim(found)
    if found is None and "/" not in python:
        found = _of_pyenv(python)
    if found is None:
        raise SettingsError(
            f"[[engine]] {name}: python is '{python}', which is no program that can be run; "
            "name the interpreter of the engine's environment, such as /home/me/model/venv/bin/python"
        )
    return str(Path(found).absolute())


def ask_interpreter(path: str, name: str) -> Interpreter:
    """What the interpreter at `path` is. Raises SettingsError for what is none, or is too old for an engine."""
    said = _said(path, ASK)
    try:
        version, implementation, prefix = json.loads(said)
    except ValueError:
        raise SettingsError(f"[[engine]] {name}: {path} is no working Python; set another python") from None
    found = Interpreter(path, tuple(version), implementation, prefix)
    if found.version < OLDEST:
        raise SettingsError(f"[[engine]] {name}: {path} is Python {found.release}; 3.7 or later is needed")
    return found


def _behind_shim(shim: str) -> str | None:
    """The interpreter that pyenv has chosen; None when it has chosen none of that name."""
    return _said(shim, "import sys; print(sys.executable)").strip() or None


def _of_pyenv(python: str) -> str | None:
    """The newest one of that name that pyenv has installed, chosen or not."""
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    found = sorted(root.glob(f"versions/*/bin/{python}"), key=lambda path: _numbers(path.parents[1].name))
    return str(found[-1]) if found else None


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _said(python: str, lines: str) -> str:
    """What these lines print there; empty when they fail."""
    try:
        return subprocess.run(
            [python, "-I", "-c", lines],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        ).stdout
    except (OSError, UnicodeDecodeError, subprocess.SubprocessError):
        return ""
