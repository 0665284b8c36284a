"""The engines' environments: interpreter, numpy, and whether the engine's file imports there."""

import json
import shutil
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path

from bedside.cli.doctor.finding import Finding, Level
from bedside.cli.health import direct
from bedside.errors import SettingsError
from bedside.settings import EngineSettings, Settings

PATIENCE_S = 60.0
ASK = """
import json, sys
found = {"python": list(sys.version_info[:3])}
try:
    import numpy
    found["numpy"] = numpy.__version__
except ImportError as error:
    found["error"] = str(error)
print(json.dumps(found))
"""
IMPORT = """
import importlib.util, sys
sys.path.insert(0, sys.argv[2])
spec = importlib.util.spec_from_file_location("engine", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["engine"] = module
spec.loader.exec_module(module)
"""


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding for each engine."""
    if not settings.engines:
        yield Finding("engine", Level.NOTE, "no [[engine]] is set; the picture is shown without answers")
    for engine in settings.engines:
        yield _elsewhere(engine) if engine.url else _here(engine, settings)


def _elsewhere(engine: EngineSettings) -> Finding:
    url = f"{engine.url.rstrip('/')}/v2/health/ready"
    try:
        with direct.open(url, timeout=5):
            return Finding("engine", Level.OK, f"{engine.name}: {engine.url} is ready")
    except urllib.error.HTTPError as error:
        error.close()
        return Finding(
            "engine", Level.NOTE, f"{engine.name}: {engine.url} is not ready (status {error.code})", "wait for it"
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Finding(
            "engine", Level.WRONG, f"{engine.name}: {engine.url} does not answer: {reason}", "start it, or correct url"
        )


def _here(engine: EngineSettings, settings: Settings) -> Finding:
    from bedside.cli.beforehand import refuse_missing_engine

    try:
        refuse_missing_engine(engine, settings)
    except SettingsError as error:
        return Finding("engine", Level.WRONG, str(error), "correct path")
    python = _interpreter(engine, settings.folder)
    if python is None:
        do = f"make that environment, or set python of [[engine]] {engine.name} to its interpreter"
        return Finding("engine", Level.WRONG, f"{engine.name}: there is no interpreter {engine.python!r}", do)
    try:
        asked = _run([python, "-c", ASK])
        found = json.loads(asked.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return Finding(
            "engine", Level.WRONG, f"{engine.name}: {python} is no working Python: {error}", "set another python"
        )
    version = ".".join(str(part) for part in found["python"])
    if found["python"] < [3, 7, 0]:
        return Finding("engine", Level.WRONG, f"{engine.name}: {python} is Python {version}", "3.7 or later is needed")
    if "numpy" not in found:
        do = f"{python} -m pip install numpy"
        return Finding("engine", Level.WRONG, f"{engine.name}: {python} has no numpy: {found['error']}", do)
    return _import(engine, settings, python, f"{engine.name}: Python {version}, numpy {found['numpy']}")


def _import(engine: EngineSettings, settings: Settings, python: str, what: str) -> Finding:
    path = (settings.folder / engine.path).resolve()
    file = path / "engine.py" if path.is_dir() else path
    try:
        done = _run([python, "-c", IMPORT, str(file), str(file.parent)], cwd=file.parent)
    except subprocess.TimeoutExpired:
        return Finding("engine", Level.NOTE, f"{what}; {file.name} was still importing after {PATIENCE_S:g} s")
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Finding("engine", Level.WRONG, f"{what}; {file} does not import: {said}", f"try it: {python} {file}")
    return Finding("engine", Level.OK, f"{what}; {file.name} imports")


def _interpreter(engine: EngineSettings, folder: Path) -> str | None:
    if not engine.python:
        return sys.executable
    near = folder / Path(engine.python).expanduser()
    if near.is_file():
        return str(near.absolute())
    return None if "/" in engine.python else shutil.which(engine.python)


def _run(argv: list[str], cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        argv, check=False, capture_output=True, text=True, timeout=PATIENCE_S, cwd=cwd, stdin=subprocess.DEVNULL
    )
