"""What can be known to be wrong before anything is started."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.ports import refuse_taken_ports
from bedside.errors import SessionError, SettingsError
from bedside.loopback import is_loopback
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.child import HEARTBEAT_FD
from bedside.supervisor.families import MARK

if TYPE_CHECKING:
    from bedside.engine.build import Buildable
    from bedside.engine.environment import Command

OURS = (HEARTBEAT_FD, MARK)
"""What an engine's process gets to know of the supervisor."""


def refuse_what_cannot_work(settings: Settings) -> None:
    """Raise SettingsError, or BedsideError where the machine and not a setting is the trouble."""
    refuse_unknown_source(settings)
    refuse_host_beside_interface(settings)
    for engine in settings.engines:
        if not engine.url:
            refuse_engine(engine)
    refuse_missing_files(settings)
    refuse_taken_ports(settings)


def refuse_host_beside_interface(settings: Settings) -> None:
    """Raise SettingsError where pages would be served elsewhere than on the interface and to this machine itself."""
    host, interface = settings.server.host, settings.server.interface
    if interface and not is_loopback(host):
        raise SettingsError(
            f"[server] host is {host!r} and interface is {interface!r}; interface serves that network and this "
            "machine alone, so take one of the two out of bedside.toml"
        )


def refuse_engine(engine: EngineSettings) -> None:
    """Raise SettingsError for an engine that cannot start, whatever may be built for it first."""
    from bedside.engine.environment import engine_file

    engine_file(Path(engine.path), engine.name)
    if needed_by(engine) is None:
        start_of(engine)


def refuse_unknown_source(settings: Settings) -> None:
    """Raise SettingsError when no source has this scheme."""
    from bedside.source.schemes import SCHEMES

    scheme, colon, _ = settings.source.url.partition(":")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in SCHEMES)
        raise SettingsError(f"[source] url is {settings.source.url!r}, which names no source; expected one of {known}")


def needed_by(engine: EngineSettings) -> "Buildable | None":
    """What must have been built before the engine can start; None when nothing must.

    Relative paths start at the working folder. Raises SettingsError when it could not even be begun.
    """
    from bedside.engine.environment import engine_file

    if engine.requirements:
        from bedside.engine.venv import venv_for

        folder = engine_file(Path(engine.path), engine.name).parent
        return venv_for(folder / engine.requirements, engine.python, engine.name)
    if engine.is_contained:
        from bedside.engine.image import image_of

        folder = engine_file(Path(engine.path), engine.name).parent
        return image_of(engine.name, folder, engine.image, engine.dockerfile)
    return None


def start_of(engine: EngineSettings, replica: int = 1, unusable: str = "") -> "Command":
    """What starts the `replica`-th process of an engine, from 1, once what it needs is built.

    With `unusable`, a sentence, that process loads no model and says it. Raises SettingsError when it cannot start.
    """
    from bedside.engine.container import address
    from bedside.engine.environment import command
    from bedside.engine.venv import Venv
    from bedside_engine.loader import INSTALL

    needed = None if unusable else needed_by(engine)
    python = "" if unusable else engine.python
    advice = {INSTALL: f"add to {engine.requirements}:"} if engine.requirements else {}
    port = engine.ports[replica - 1]
    return command(
        Path(engine.path),
        str(needed.python) if isinstance(needed, Venv) else python,
        engine.name,
        port,
        host=address(port) if engine.is_contained else "127.0.0.1",
        deadline_s=engine.deadline_s,
        start_deadline_s=engine.start_deadline_s,
        unusable=unusable,
        environ={**os.environ, **advice},
        ours=(*OURS, *advice),
    )


def refuse_missing_files(settings: Settings) -> None:
    """Raise SettingsError for files and names in the settings that cannot be used."""
    from bedside.session.names import check_participant
    from bedside.session.questionnaire import load_all

    for where, name in (
        ("[source] placeholder", settings.source.placeholder),
        ("[server] page_dir", settings.server.page_dir),
        ("[pipeline] path", settings.pipeline.path),
    ):
        if name and not (settings.folder / name).exists():
            raise SettingsError(f"{where} is {name!r}, and there is no {settings.folder / name}")
    try:
        check_participant(settings.session.participant)
        load_all(settings.session.questionnaires, settings.folder)
    except SessionError as error:
        raise SettingsError(f"[session] {error}") from error
