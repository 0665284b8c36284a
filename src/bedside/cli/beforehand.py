"""What can be known to be wrong before anything is started."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.ports import refuse_taken_ports
from bedside.errors import SessionError, SettingsError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.child import HEARTBEAT_FD
from bedside.supervisor.families import MARK

if TYPE_CHECKING:
    from bedside.engine.environment import Command


def refuse_what_cannot_work(settings: Settings) -> None:
    """Raise SettingsError, or BedsideError where the machine and not a setting is the trouble."""
    refuse_unknown_source(settings)
    for engine in settings.engines:
        if not engine.url:
            start_of(engine)
    refuse_missing_files(settings)
    refuse_taken_ports(settings)


def refuse_unknown_source(settings: Settings) -> None:
    """Raise SettingsError when no source has this scheme."""
    from bedside.source.schemes import SCHEMES

    scheme, colon, _ = settings.source.url.partition(":")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in SCHEMES)
        raise SettingsError(f"[source] url is {settings.source.url!r}, which names no source; expected one of {known}")


def start_of(engine: EngineSettings) -> "Command":
    """What starts an engine; relative paths start at the working folder. Raises SettingsError when it cannot start.

    Its process sees none of our own settings: the tokens of the pages are no business of a stranger's code.
    """
    from bedside.engine.environment import command

    return command(
        Path(engine.path),
        engine.python,
        engine.name,
        engine.port,
        deadline_s=engine.deadline_s,
        start_deadline_s=engine.start_deadline_s,
        environ={
            name: value
            for name, value in os.environ.items()
            if name in (HEARTBEAT_FD, MARK) or not name.startswith("BEDSIDE_")
        },
    )


def refuse_missing_files(settings: Settings) -> None:
    """Raise SettingsError for files and names in the settings that cannot be used."""
    from bedside.session.folder import Session

    for where, name in (
        ("[source] placeholder", settings.source.placeholder),
        ("[server] page_dir", settings.server.page_dir),
    ):
        if name and not (settings.folder / name).exists():
            raise SettingsError(f"{where} is {name!r}, and there is no {settings.folder / name}")
    try:
        Session(Path(settings.session.folder), settings.session.participant)
    except SessionError as error:
        raise SettingsError(f"[session] {error}") from error
