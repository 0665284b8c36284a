"""`bedside engine NAME`: becomes the engine's own process, in its own interpreter."""

import argparse
import contextlib
import os

from bedside.cli.beforehand import needed_by, start_of
from bedside.cli.container import container_of, keep
from bedside.cli.shown import Shown
from bedside.cli.verb import add_verb, settings_of
from bedside.engine.build import Progress
from bedside.engine.container import made_place
from bedside.engine.limits import confine
from bedside.errors import BedsideError, BuildFailed, SettingsError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.child import STARTING
from bedside.supervisor.heartbeat import die_with_parent, heartbeat_fd

DOC = """\
one engine: run a model in its own interpreter

Reads the [[engine]] of that name in bedside.toml and becomes its process: the model's own Python, with Bedside's runner
in front of it. What it needs is built first, where it is missing. `bedside up` starts every engine by itself; by hand
it shows what a model prints.

example:
  bedside engine picture_quality
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "engine", run, DOC)
    parser.add_argument("name", metavar="NAME", help="name of an [[engine]]")
    parser.add_argument("--replica", type=int, metavar="K", default=1, help="which of its processes, 1 to concurrency")
    parser.add_argument("--bare", action="store_true", help="no server, pictures on stdin; `bedside check` uses it")


def run(arguments: argparse.Namespace) -> int:
    """Replace this process by the engine's, or stay as the keeper of its container until that ends."""
    settings, _ = settings_of(arguments)
    engine = find(settings, arguments.name)
    if engine.url:
        raise SettingsError(f"[[engine]] {engine.name} has a url, {engine.url}; somebody else keeps it running")
    if not 1 <= arguments.replica <= engine.concurrency:
        raise SettingsError(
            f"--replica is {arguments.replica}; expected 1 to {engine.concurrency}, the concurrency of {engine.name}"
        )
    die_with_parent()
    port = engine.ports[arguments.replica - 1]
    unusable = trouble_with(engine)
    if engine.is_contained and not unusable:
        try:
            container = container_of(engine, port)
            if arguments.bare:
                command = container.bare(container.pythons[0])
                os.execv(command[0], command)
            return keep(container)
        except BuildFailed as error:
            unusable = str(error)
    if engine.is_contained:
        made_place(port)
    become = start_of(engine, arguments.replica, unusable)
    try:
        os.chdir(become.cwd)
        env = confine(become.env, memory_bytes=engine.memory_bytes, cpus=engine.cpus, turn=port)
        os.execvpe(become.argv[0], [*become.argv, *(["--bare"] if arguments.bare else [])], env)
    except OSError as error:
        raise BedsideError(f"{become.argv[0]}: {error.strerror}; set python of [[engine]] {engine.name}") from error


def trouble_with(engine: EngineSettings) -> str:
    """Build what the engine needs, where it is missing; the sentence that says why it cannot be had, or nothing.

    The sentence is for the page: the process lives on just to show it. A build that failed a moment ago is not tried
    again with every start.
    """
    needed = needed_by(engine)
    if needed is None:
        return ""
    fd = heartbeat_fd()
    try:
        if not needed.is_built:
            if fd is not None and needed.failure:
                return needed.failure
            with Shown() as shown:
                say = shown.of(engine.name)

                def say_and_beat(progress: Progress) -> None:
                    say(progress)
                    if fd is not None:
                        with contextlib.suppress(OSError):
                            os.write(fd, STARTING)

                needed.build(say_and_beat)
        needed.use()
    except BuildFailed as error:
        return str(error)
    return ""


def find(settings: Settings, name: str) -> EngineSettings:
    """The engine of that name. Raises SettingsError when there is none."""
    for engine in settings.engines:
        if engine.name == name:
            return engine
    known = ", ".join(engine.name for engine in settings.engines) or "none"
    raise SettingsError(f"there is no [[engine]] named {name!r}; there is {known}")
