"""What every verb begins with: its place on the command line, its settings and its log."""

import argparse
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.errors import SettingsError
from bedside.logs import keep_log, start_logging
from bedside.settings import Settings, load
from bedside.supervisor.plan import LOGS

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


KEEP_LOGS = ("broadcast", "record", "serve", "up", "demo")
"""Those that run for long; what an engine prints, the supervisor keeps."""


def add_verb(
    verbs: "Verbs", shared: argparse.ArgumentParser, name: str, run: Callable[[argparse.Namespace], int], doc: str
) -> argparse.ArgumentParser:
    """One verb; the first line of `doc` is its summary, the rest its help text."""
    text = inspect.cleandoc(doc)
    parser = verbs.add_parser(
        name,
        parents=[shared],
        help=text.splitlines()[0],
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def settings_of(arguments: argparse.Namespace, *, needs_file: bool = False) -> tuple[Settings, Path]:
    """The settings and their file, and a log on stderr; the working folder becomes the one where the file lies.

    So every relative path in the settings starts there. Raises SettingsError for what cannot be used, and for a
    missing file when the verb needs one.
    """
    start_logging(arguments.verb, -1 if arguments.quiet else arguments.verbose)
    config: Path | None = arguments.config
    if needs_file and config is None and not Path("bedside.toml").exists():
        raise SettingsError(
            "there is no bedside.toml in this folder; `bedside init` writes one, --config names another"
        )
    settings = load(config)
    file = (config or Path("bedside.toml")).absolute()
    os.chdir(settings.folder)
    if arguments.verb in KEEP_LOGS:
        keep_log(arguments.verb, settings.folder / LOGS / f"{arguments.verb}.log")
    return settings, file
