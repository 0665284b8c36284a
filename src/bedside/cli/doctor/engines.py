"""The engines' environments: interpreter, numpy, and whether the engine's file imports there."""

import json
import subprocess
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.doctor import containers
from bedside.cli.doctor.finding import Finding, Level
from bedside.cli.health import direct
from bedside.errors import SettingsError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings

if TYPE_CHECKING:
    from bedside.engine.build import Buildable
    from bedside.engine.environment import Command

PATIENCE_S = 60.0
ASK = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import json
found = {"python": list(sys.version_info[:3])}
try:
    import numpy
    found["numpy"] = numpy.__version__
except ImportError as error:
    found["error"] = str(error)
print(json.dumps(found))
"""
IMPORT = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import importlib.util
file, folder = sys.argv[1:]
sys.argv[:] = [file]
sys.path.insert(0, folder)
spec = importlib.util.spec_from_file_location("engine", file)
module = importlib.util.module_from_spec(spec)
sys.modules["engine"] = module
spec.loader.exec_module(module)
"""


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding for each engine."""
    if not settings.engines:
        yield Finding("engine", Level.NOTE, "no [[engine]] is set; the picture is shown without answers")
    for engine in settings.engines:
        yield _elsewhere(engine) if engine.url else _here(engine)


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


def _here(engine: EngineSettings) -> Finding:
    from bedside.cli.beforehand import needed_by, start_of

    try:
        needed = needed_by(engine)
        if engine.is_contained and (trouble := containers.trouble_with_docker(engine)):
            return trouble
        if needed is not None and not needed.is_built:
            return _unbuilt(engine, needed)
        if engine.is_contained:
            return containers.examine(engine, ASK, IMPORT)
        return _interpreter(engine, start_of(engine))
    except SettingsError as error:
        return Finding("engine", Level.WRONG, str(error))


def _unbuilt(engine: EngineSettings, needed: "Buildable") -> Finding:
    if needed.failure:
        do = f"put that right; `bedside build {engine.name}` tries again"
        return Finding("engine", Level.WRONG, needed.failure, do)
    if engine.image:
        what = f"{engine.name}: there is no image {engine.image} on this machine"
        return Finding("engine", Level.WRONG, what, f"docker pull {engine.image}, or docker load it from a file")
    do = f"`bedside build {engine.name}` makes it, as long as there is a network; `bedside up` does so too"
    return Finding("engine", Level.NOTE, f"{engine.name}: {needed.what} is not built yet", do)


def _interpreter(engine: EngineSettings, start: "Command") -> Finding:
    python = start.argv[0]
    try:
        asked = _run([python, "-c", ASK], start)
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
    own = f", an environment with {engine.requirements}" if engine.requirements else ""
    return _import(engine, start, f"{engine.name}: Python {version}{own}, numpy {found['numpy']}")


def _import(engine: EngineSettings, start: "Command", what: str) -> Finding:
    python, path = start.argv[0], Path(engine.path).expanduser().resolve()
    file = path / "engine.py" if path.is_dir() else path
    try:
        done = _run([python, "-c", IMPORT, str(file), str(file.parent)], start)
    except subprocess.TimeoutExpired:
        return Finding("engine", Level.NOTE, f"{what}; {file.name} was still importing after {PATIENCE_S:g} s")
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Finding("engine", Level.WRONG, f"{what}; {file} does not import: {said}", f"try it: {python} {file}")
    return Finding("engine", Level.OK, f"{what}; {file.name} imports")


def _run(argv: list[str], start: "Command") -> "subprocess.CompletedProcess[str]":
    """Run something in the place and the environment of the engine itself."""
    return subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=start.cwd,
        env=dict(start.env),
        stdin=subprocess.DEVNULL,
    )
