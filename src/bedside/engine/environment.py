"""How to start an engine's process: which interpreter, with which arguments and environment.

Containers and environments that are built from a requirements.txt belong here, too.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bedside_engine
from bedside.errors import SettingsError

HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")
"""Variables of Bedside's own Python that would lead another one astray."""


@dataclass(frozen=True)
class Command:
    """What to execute."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path


def command(
    path: Path,
    python: str,
    name: str,
    port: int,
    *,
    host: str = "127.0.0.1",
    deadline_s: float = 10.0,
    start_deadline_s: float = 300.0,
    environ: Mapping[str, str] | None = None,
) -> Command:
    """The command that serves the engine at `path` on `port`, with the interpreter `python` (empty: this one).

    Raises SettingsError when path or interpreter do not exist.
    """
    full = path.expanduser().resolve()
    file = full / "engine.py" if full.is_dir() else full
    if not file.is_file():
        raise SettingsError(
            f"[[engine]] {name}: path is '{path}', and there is no {file}; "
            "name a folder with engine.py, or a Python file"
        )
    runner = Path(bedside_engine.__file__).parent
    argv = [_interpreter(python, name), str(runner), "--path", str(full), "--name", name, "--host", host]
    argv += ["--port", str(port), "--deadline", f"{deadline_s:g}", "--start-deadline", f"{start_deadline_s:g}"]
    kept = {key: value for key, value in (os.environ if environ is None else environ).items() if key not in HIDDEN}
    return Command(tuple(argv), {**kept, "PYTHONUNBUFFERED": "1"}, file.parent)


def _interpreter(python: str, name: str) -> str:
    """An absolute path. Not resolved: a venv's interpreter is a link, and finds its packages by where the link lies."""
    if not python:
        return sys.executable
    found = shutil.which(Path(python).expanduser())
    if found is None:
        raise SettingsError(
            f"[[engine]] {name}: python is '{python}', which is no program that can be run; "
            "name the interpreter of the engine's environment, such as /home/me/model/venv/bin/python"
        )
    return str(Path(found).absolute())
