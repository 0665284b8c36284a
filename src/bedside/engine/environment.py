"""How to start an engine's process: which interpreter, with which arguments, in which folder and environment."""

import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import bedside_engine
from bedside.engine.interpreter import find_interpreter
from bedside.errors import SettingsError

HIDDEN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSAFEPATH",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "VIRTUAL_ENV_PROMPT",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "CONDA_SHLVL",
    "__PYVENV_LAUNCHER__",
)
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
    unusable: str = "",
    environ: Mapping[str, str] | None = None,
    ours: Collection[str] = (),
) -> Command:
    """The command that serves the engine at `path` on `port`, with the interpreter `python` (empty: this one).

    With `unusable`, a sentence, it loads no model and says that. `ours` names the variables of Bedside's own that its
    process gets. Raises SettingsError when path or interpreter do not exist.
    """
    file = engine_file(path, name)
    interpreter = find_interpreter(python, name)
    runner = Path(bedside_engine.__file__).parent
    argv = [interpreter, str(runner), "--path", str(path.expanduser().resolve()), "--name", name, "--host", host]
    argv += ["--port", str(port), "--deadline", f"{deadline_s:g}", "--start-deadline", f"{start_deadline_s:g}"]
    argv += ["--unusable", unusable] if unusable else []
    env = environment(Path(interpreter), os.environ if environ is None else environ, ours)
    return Command(tuple(argv), env, file.parent)


def engine_file(path: Path, name: str) -> Path:
    """The Python file of the engine at `path`. Raises SettingsError when there is none."""
    full = path.expanduser().resolve()
    file = full / "engine.py" if full.is_dir() else full
    if not file.is_file():
        raise SettingsError(
            f"[[engine]] {name}: path is '{path}', and there is no {file}; "
            "name a folder with engine.py, or a Python file"
        )
    return file


def environment(interpreter: Path, environ: Mapping[str, str], ours: Collection[str] = ()) -> dict[str, str]:
    """`environ` as it is once the environment of `interpreter` is activated, without what is Bedside's but for `ours`.

    Research code starts `python` and console scripts by name: they are those of its own environment. Our settings, with
    the tokens of the pages, are no business of a stranger's code.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name not in HIDDEN and (name in ours or not name.startswith("BEDSIDE_"))
    }
    folder, prefix = interpreter.parent, interpreter.parent.parent
    own = str(Path(sys.executable).parent) if sys.prefix != sys.base_prefix else ""
    path = [entry for entry in environ.get("PATH", os.defpath).split(os.pathsep) if entry != own]
    is_venv, is_conda = (prefix / "pyvenv.cfg").exists(), (prefix / "conda-meta").is_dir()
    if is_venv or is_conda or str(folder) not in path:
        path.insert(0, str(folder))
    kept |= {"PATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1"}
    if is_venv:
        kept["VIRTUAL_ENV"] = str(prefix)
    elif is_conda:
        kept["CONDA_PREFIX"] = str(prefix)
    return kept
