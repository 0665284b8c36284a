"""What can be known to be wrong before anything is started."""

from pathlib import Path

from bedside.cli.ports import refuse_taken_ports
from bedside.errors import SessionError, SettingsError
from bedside.settings import EngineSettings, Settings


def refuse_what_cannot_work(settings: Settings) -> None:
    """Raise SettingsError, or BedsideError where the machine and not a setting is the trouble."""
    refuse_unknown_source(settings)
    for engine in settings.engines:
        refuse_missing_engine(engine, settings)
    refuse_missing_files(settings)
    refuse_taken_ports(settings)


def refuse_unknown_source(settings: Settings) -> None:
    """Raise SettingsError when no source has this scheme."""
    from bedside.source.schemes import SCHEMES

    scheme, colon, _ = settings.source.url.partition(":")
    if not colon or scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in SCHEMES)
        raise SettingsError(f"[source] url is {settings.source.url!r}, which names no source; expected one of {known}")


def refuse_missing_engine(engine: EngineSettings, settings: Settings) -> None:
    """Raise SettingsError when an engine that is to run here is not here."""
    if engine.url:
        return
    path = settings.folder / engine.path
    if not path.exists() or (path.is_dir() and not (path / "engine.py").exists()):
        raise SettingsError(
            f"[[engine]] {engine.name}: path is {engine.path!r}, and there is no {path / 'engine.py'}; "
            f"expected a folder with engine.py in it, or a Python file"
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
