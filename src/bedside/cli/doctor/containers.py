"""Engines in containers: Docker, the image, the interpreter in it, and whether the engine's file imports there."""

import json
import subprocess
from typing import TYPE_CHECKING, Any

from bedside.cli.doctor.finding import Finding, Level
from bedside.errors import BuildFailed
from bedside.settings_tables import EngineSettings

if TYPE_CHECKING:
    from bedside.engine.container import Container

PATIENCE_S = 60.0


def trouble_with_docker(engine: EngineSettings) -> Finding | None:
    """What keeps this machine from running any container; None when nothing does."""
    from bedside.engine import docker

    try:
        docker.ask("version")
    except BuildFailed as error:
        what, _, do = str(error).partition("; ")
        return Finding("engine", Level.WRONG, f"{engine.name}: {what}", do)
    return None


def examine(engine: EngineSettings, ask: str, load: str) -> Finding:
    """One finding on an engine whose image is there.

    `ask` and `load` are lines of Python: what is the interpreter, and does the file in its first argument import.
    Raises SettingsError.
    """
    from bedside.cli.container import container_of

    container = container_of(engine, engine.port)
    try:
        python, asked = _first(container, ask)
        if asked.returncode:
            return _wrong(engine, container.why_it_never_began(asked.returncode, asked.stdout + asked.stderr))
        found = json.loads(asked.stdout.strip().splitlines()[-1])
        return _too_little(engine, container.image, python, found) or _import(engine, container, python, load, found)
    except subprocess.TimeoutExpired:
        return Finding("engine", Level.NOTE, f"{engine.name}: {container.image} was still busy after {PATIENCE_S:g} s")
    except (LookupError, ValueError, BuildFailed) as error:
        return _wrong(engine, f"what {container.image} runs is no working Python: {error}")


def _too_little(engine: EngineSettings, image: str, python: str, found: dict[str, Any]) -> Finding | None:
    if found["python"] < [3, 7, 0]:
        return _wrong(engine, f"{python} in {image} is Python {_version(found)}", "3.7 or later is needed")
    if "numpy" not in found:
        do = "put into its image: pip install numpy"
        return _wrong(engine, f"{python} in {image} has no numpy: {found['error']}", do)
    return None


def _import(engine: EngineSettings, container: "Container", python: str, load: str, found: dict[str, Any]) -> Finding:
    from bedside.engine.container import CODE

    what = f"{engine.name}: {container.image}, Python {_version(found)}, numpy {found['numpy']}"
    done = _run(container, python, "-c", load, f"{CODE}/{container.file.name}", CODE)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Finding("engine", Level.WRONG, f"{what}; {container.file} does not import: {said}")
    return Finding("engine", Level.OK, f"{what}; {container.file.name} imports")


def _version(found: dict[str, Any]) -> str:
    return ".".join(str(part) for part in found["python"])


def _wrong(engine: EngineSettings, what: str, do: str = "") -> Finding:
    return Finding("engine", Level.WRONG, f"{engine.name}: {what}", do)


def _first(container: "Container", ask: str) -> "tuple[str, subprocess.CompletedProcess[str]]":
    """The first interpreter that the image has, and what it answers."""
    for python in container.pythons:
        asked = _run(container, python, "-c", ask)
        if not container.lacks_python(asked.returncode, asked.stderr):
            break
    return python, asked


def _run(container: "Container", *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the interpreter in the container; nothing is left of it, however this ends."""
    from bedside.engine import docker

    name = f"{container.name}-doctor"
    try:
        return subprocess.run(
            container.lines(name, *arguments),
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
    except BaseException:
        docker.remove(name)
        raise
