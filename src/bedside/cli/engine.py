"""`bedside engine NAME`: becomes the engine's own process, in its own interpreter."""

import argparse
import os

from bedside.cli.beforehand import start_of
from bedside.cli.verb import add_verb, settings_of
from bedside.engine.limits import confine
from bedside.errors import BedsideError, SettingsError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.heartbeat import die_with_parent

DOC = """\
one engine: run a model in its own interpreter

Reads the [[engine]] of that name in bedside.toml and becomes its process: the model's own Python, with Bedside's runner
in front of it. `bedside up` starts every engine by itself; by hand it shows what a model prints.

example:
  bedside engine picture_quality
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    add_verb(verbs, shared, "engine", run, DOC).add_argument("name", metavar="NAME", help="name of an [[engine]]")


def run(arguments: argparse.Namespace) -> int:
    """Replace this process by the engine's; returns only by raising."""
    settings, _ = settings_of(arguments)
    engine = find(settings, arguments.name)
    if engine.url:
        raise SettingsError(f"[[engine]] {engine.name} has a url, {engine.url}; somebody else keeps it running")
    become = start_of(engine)
    die_with_parent()
    try:
        os.chdir(become.cwd)
        env = confine(become.env, memory_bytes=engine.memory_bytes, cpus=engine.cpus, turn=engine.port)
        os.execvpe(become.argv[0], list(become.argv), env)
    except OSError as error:
        raise BedsideError(f"{become.argv[0]}: {error.strerror}; set python of [[engine]] {engine.name}") from error


def find(settings: Settings, name: str) -> EngineSettings:
    """The engine of that name. Raises SettingsError when there is none."""
    for engine in settings.engines:
        if engine.name == name:
            return engine
    known = ", ".join(engine.name for engine in settings.engines) or "none"
    raise SettingsError(f"there is no [[engine]] named {name!r}; there is {known}")
