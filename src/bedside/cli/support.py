"""`bedside support`: one file for whoever shall find a fault from elsewhere."""

import argparse
import json
from pathlib import Path

from bedside.cli.health import ask_server
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import BedsideError

DOC = """\
write one file that helps somebody elsewhere to find a fault

Versions, settings without secrets, health, metrics, processes, the doctor's findings and the last lines of the logs.
No pictures, video or answers, no tokens, no participants' codes, no devices' names. It works without a server, too.

example:
  bedside support bedside-support.zip
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    add_verb(verbs, shared, "support", run, DOC).add_argument("file", type=Path, metavar="FILE.zip")


def run(arguments: argparse.Namespace) -> int:
    """Write it."""
    target: Path = arguments.file.absolute()
    try:
        is_there = target.exists()
    except OSError as error:  # a folder that we may not look into, such as another person's home
        raise BedsideError(f"{target} cannot be written: {error.strerror}; try /tmp/{target.name}") from error
    if is_there:
        raise BedsideError(f"{target} is there already; name another file, or remove it")
    settings, config = settings_of(arguments)
    from bedside.cli.on_machine import support_file

    asked = {name: ask_server(settings, path) for name, path in ASKED.items()}
    said = {name: text for name, text in asked.items() if text is not None}
    packed = support_file(settings, config, {name: _pretty(name, text) for name, text in said.items()})
    try:
        with target.open("xb") as file:
            try:
                file.write(packed)
                file.flush()
            except OSError:
                target.unlink()  # or the same command finds half a file there once there is room
                raise
    except OSError as error:
        raise BedsideError(f"{target} cannot be written: {error.strerror}") from error
    lacks = ", ".join(name for name in ASKED if name not in said)
    missing = f"; the server did not answer, so it lacks {lacks}" if lacks else ""
    print(f"{target}: {len(packed) / 1e3:.0f} kB{missing}. README.txt in it says what it holds; look through it.")
    return 0


ASKED = {"health.json": "health", "metrics.txt": "metrics", "machine.json": "api/admin"}
"""What the server tells, where one runs."""


def _pretty(name: str, text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n" if name.endswith(".json") else text
