"""Other Pythons of this machine, and environments in them that are kept between runs of the tests."""

import functools
import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bedside.engine.interpreter import ask_interpreter, find_interpreter
from bedside.engine.venv import environments, venv_for
from bedside.errors import BuildFailed, SettingsError

VERSIONS = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
MATRIX: dict[str, str] = {}
"""What the runner was tested in, by version; the tests' summary shows it."""


@functools.cache
def interpreter(version: str) -> Path | None:
    """The interpreter python3.X, on PATH or among those of pyenv; None where this machine has none."""
    try:
        found = ask_interpreter(find_interpreter(f"python{version}", "tests"), "tests")
    except SettingsError:
        return None
    return Path(found.path) if found.release.startswith(f"{version}.") else None


@functools.cache
def environment(version: str, *requirements: str) -> Path:
    """The interpreter of an environment with these requirements, made once by python3.X and kept for later runs.

    Skips the test, by the name of what is missing, where there is no such Python or a package cannot be had.
    """
    base = interpreter(version)
    if base is None:
        pytest.skip(f"Python {version} is not on this machine")
    cache = environments().parent.with_name("bedside-tests")
    text = "\n".join(requirements)
    file = cache / "requirements" / hashlib.sha256(text.encode()).hexdigest()[:16] / "requirements.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    venv = venv_for(file, str(base), "tests")
    venv = replace(venv, folder=cache / venv.folder.name)  # not among those that a person's engines use
    try:
        venv.build(lambda progress: None)
    except BuildFailed as error:
        pytest.skip(f"no environment with {', '.join(requirements)} for Python {version}: {error}")
    return venv.python


def versions_of(python: Path, *packages: str) -> str:
    """Such as `Python 3.7.16, numpy 1.17.5`."""
    code = "import sys; print('Python', sys.version.split()[0], end='')"
    code += "".join(f"; import {name}; print(', {name}', {name}.__version__, end='')" for name in packages)
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
