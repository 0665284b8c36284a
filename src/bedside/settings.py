"""The settings, checked. Their tables stand in `settings_tables.py`.

`load()` reads `bedside.toml`, then lets the environment win: `BEDSIDE_SERVER_PORT=9000` overrides `[server] port`.
Whatever cannot be used is refused in one sentence: key, value, what was expected, what to do.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bedside.errors import SettingsError
from bedside.loopback import is_loopback
from bedside.settings_check import (
    refuse_mask_without_size,
    refuse_names_like_the_pipelines,
    refuse_shared_ports,
    refuse_unfit_engine,
)
from bedside.settings_tables import (
    VIEWS,
    EngineSettings,
    PacsSettings,
    PipelineSettings,
    RecorderSettings,
    ServerSettings,
    SessionSettings,
    SourceSettings,
    ViewSettings,
)
from bedside.settings_value import checked_value, refuse_unknown, type_name

FIRST_ENGINE_PORT = 8720
ENGINE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Settings:
    """All of `bedside.toml`. `folder` is where it lies: relative paths start there."""

    source: SourceSettings = field(default_factory=SourceSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    session: SessionSettings = field(default_factory=SessionSettings)
    pacs: PacsSettings = field(default_factory=PacsSettings)
    pipeline: PipelineSettings = field(default_factory=PipelineSettings)
    engines: tuple[EngineSettings, ...] = ()
    views: Mapping[str, ViewSettings] = field(default_factory=lambda: dict(VIEWS))
    folder: Path = Path()

    @property
    def frames_url(self) -> str:
        """Address of the broadcaster's websocket, for a subscriber."""
        if self.server.source:
            return self.server.source
        return f"ws://{near(self.source.host)}:{self.source.port}/frames"

    @property
    def encoding(self) -> str:
        """How the server takes frames: `shm` from a broadcaster on this machine, else `jpeg`, unless it is set."""
        if self.server.encoding != "auto":
            return self.server.encoding
        return "shm" if is_loopback(urlsplit(self.frames_url).hostname or "") else "jpeg"

    @property
    def ring_name(self) -> str:
        """Name of the shared memory that the broadcaster on this machine writes."""
        return f"bedside-{self.source.port}"


TABLES: dict[str, type] = {
    "source": SourceSettings,
    "server": ServerSettings,
    "recorder": RecorderSettings,
    "session": SessionSettings,
    "pacs": PacsSettings,
    "pipeline": PipelineSettings,
}
Table = TypeVar("Table")


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in `path` (default: `bedside.toml` here, or none), with the environment's on top.

    Raises SettingsError for a file that cannot be read, an unknown key, or a value of the wrong kind.
    """
    document, folder = _document(path)
    refuse_unknown(document, [*TABLES, "engine", "view"], "table", "")
    environ = os.environ if environ is None else environ
    tables: dict[str, Any] = {
        name: _table(kind, {**_mapping(document, name), **_environment(name, kind, environ)}, f"[{name}]")
        for name, kind in TABLES.items()
    }
    settings = Settings(
        **tables, engines=_engines(document.get("engine", [])), views=_views(_mapping(document, "view")), folder=folder
    )
    _refuse_strangers(settings.source)
    refuse_shared_ports(_ports(settings))
    refuse_names_like_the_pipelines(settings.engines, settings.pipeline)
    source = settings.source
    refuse_mask_without_size(source.url, source.size, source.crop, source.mask)
    if settings.server.view not in settings.views:
        raise SettingsError(
            f"[server] view is {settings.server.view!r}; expected one of {', '.join(settings.views)}, "
            f"or add a table [view.{settings.server.view}]"
        )
    if settings.session.arm and settings.session.arm not in settings.views:
        raise SettingsError(
            f"[session] arm is {settings.session.arm!r}; expected one of {', '.join(settings.views)}, "
            f"or add a table [view.{settings.session.arm}]"
        )
    return settings


def _refuse_strangers(source: SourceSettings) -> None:
    """Closed by default: a broadcaster that others can reach needs a token. Pages let in paired devices alone."""
    if not source.token and not is_loopback(source.host):
        raise SettingsError(
            f"[source] host is {source.host!r} and token is empty, so anybody on the network could watch; "
            f'expected a token of 8 characters or more beside it, or host = "127.0.0.1"'
        )


def _ports(settings: Settings) -> list[tuple[str, int]]:
    source = [] if settings.server.source else [("[source]", settings.source.port)]
    engines = [
        (f"[[engine]] {engine.name}", port) for engine in settings.engines if not engine.url for port in engine.ports
    ]
    return [*source, ("[server]", settings.server.port), *engines]


def near(host: str) -> str:
    """Whoever listens on `host`, as a part of an address that this machine reaches."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def _document(path: Path | None) -> tuple[dict[str, Any], Path]:
    if path is None:
        path = Path("bedside.toml")
        if not path.exists():
            return {}, Path.cwd()
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path.resolve().parent
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; `bedside init` writes one to start from") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error


def _mapping(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise SettingsError(f"[{name}] is {value!r}; expected a table, written as [{name}] on a line of its own")
    return value


def _environment(table: str, kind: type, environ: Mapping[str, str]) -> dict[str, Any]:
    """Values of `BEDSIDE_<TABLE>_<NAME>`: text as it is, everything else as JSON."""
    found: dict[str, Any] = {}
    prefix = f"BEDSIDE_{table}_".upper()
    named = [key.removeprefix(prefix).lower() for key in environ if key.startswith(prefix)]
    refuse_unknown(named, [f.name for f in fields(kind)], "key", f"{prefix}* in the environment:")
    for f in fields(kind):
        key = f"BEDSIDE_{table}_{f.name}".upper()
        if key in environ:
            text = environ[key]
            try:
                found[f.name] = text if f.type is str else json.loads(text.lower() if f.type is bool else text)
            except ValueError:
                raise SettingsError(f"{key} is {text!r}; expected {type_name(f.type)}") from None
    return found


def _engines(entries: Any) -> tuple[EngineSettings, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError("[engine] is one table; expected [[engine]], with two brackets, for each engine")
    engines: list[EngineSettings] = []
    port = FIRST_ENGINE_PORT
    for number, entry in enumerate(entries):
        engine = _table(EngineSettings, entry, f"[[engine]] number {number + 1}")
        if not ENGINE_NAME.fullmatch(engine.name):
            raise SettingsError(
                f"[[engine]] number {number + 1}: name is {engine.name!r}; "
                "expected 1 to 64 letters a to z, digits, - and _, since files and addresses carry it"
            )
        if engine.name in [other.name for other in engines]:
            raise SettingsError(
                f"[[engine]] number {number + 1}: the name {engine.name!r} is taken; give it another one"
            )
        engines.append(replace(engine, port=engine.port or port))
        refuse_unfit_engine(engines[-1])
        port += engine.concurrency
    return tuple(engines)


def _views(entries: Mapping[str, Any]) -> dict[str, ViewSettings]:
    views = dict(VIEWS)
    for name in entries:
        start = views.get(name, ViewSettings(title=name))
        views[name] = _table(ViewSettings, _mapping(entries, name), f"[view.{name}]", start)
    return views


def _table(kind: type[Table], values: Mapping[str, Any], where: str, start: Table | None = None) -> Table:
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    refuse_unknown(values, list(known), "key", where)
    checked = {name: checked_value(known[name], value, where) for name, value in values.items()}
    return kind(**checked) if start is None else replace(start, **checked)  # type: ignore[type-var]
