"""One table of settings: every name, type, default and help text stands here and nowhere else.

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
from bedside.settings_check import refuse_mask_without_size, refuse_shared_ports
from bedside.settings_value import checked_value, refuse_unknown, setting, type_name

FIRST_ENGINE_PORT = 8720
SECRET = r"[!-~]{8,}"
"""What a header and an address can carry."""
ENGINE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class SourceSettings:
    """[source]: where the picture comes from. The broadcaster reads this."""

    url: str = setting("synthetic:", "v4l2:, v4l2:/dev/v4l/by-id/..., opencv:0, file:clip.mp4?loop=1, synthetic:")
    host: str = setting("127.0.0.1", "interface on which the broadcaster listens")
    port: int = setting(8710, "port on which the broadcaster listens", least=1, most=65535)
    token: str = setting(
        "",
        "secret that subscribers show, 8 ASCII characters or more; needed when others can reach host",
        pattern=SECRET,
    )
    crop: tuple[int, ...] = setting(
        (), "the part that leaves the broadcaster, [x, y, width, height] in pixels; [] is all", length=4
    )
    mask: tuple[tuple[int, ...], ...] = setting(
        (), "parts painted black, [[x, y, width, height], ...] in pixels of the whole picture", length=4
    )
    fan: tuple[int, ...] = setting((), "where the scan moves, [x, y, width, height]; [] finds it by itself", length=4)
    size: str = setting(
        "",
        "size such as 1920x1080; empty takes the best of the device; beside crop or mask no other size is shown",
        pattern=r"[1-9]\d{1,4}x[1-9]\d{1,4}",
    )
    fps: float = setting(0.0, "at most so many frames per second; 0 is as fast as they come", least=0)
    color_range: str = setting("auto", "what the device delivers", choices=("auto", "full", "limited"))
    placeholder: str = setting("", "image file of what this box shows when it has no signal")
    frozen_after_s: float = setting(0.7, "so long the fan must stand still to count as frozen", least=0.1)
    slots: int = setting(8, "pictures in the ring; more let slow readers look back further", least=2, most=64)


@dataclass(frozen=True)
class ServerSettings:
    """[server]: pages, health and the router. `bedside serve` reads this."""

    host: str = setting("127.0.0.1", "interface on which the pages are served")
    port: int = setting(8080, "port on which the pages are served", least=1, most=65535)
    source: str = setting("", "the broadcaster's address, such as ws://10.0.0.5:8710/frames; empty starts one here")
    encoding: str = setting(
        "auto",
        "how frames come: shm through shared memory, exactly; jpeg over the network; auto by the broadcaster's address",
        choices=("auto", "shm", "jpeg"),
    )
    token: str = setting(
        "", "secret that pages show, 8 ASCII characters or more; needed when others can reach host", pattern=SECRET
    )
    view: str = setting("explain", "the view that / shows")
    jpeg_quality: int = setting(85, "quality of the pages' pictures, 1 to 100", least=1, most=100)
    frame_max_age_s: float = setting(2.0, "an older newest frame turns /health red", least=0.1)
    answer_max_age_s: float = setting(
        0.0, "an older newest answer turns /health red; 0 takes each engine's deadline", least=0
    )
    page_dir: str = setting("", "serve the page's files from this folder, for work on the page")


@dataclass(frozen=True)
class SessionSettings:
    """[session]: where what is kept is kept."""

    folder: str = setting("sessions", "folder for sessions and their snapshots")
    participant: str = setting("", "participant code such as P1; never a name")


@dataclass(frozen=True)
class EngineSettings:
    """[[engine]]: one model, in its own process."""

    name: str = setting("", "short name, letters a to z, digits, - and _")
    path: str = setting("", "folder with engine.py, or a file; predict(frame) or class Engine in it")
    python: str = setting("", "interpreter that runs it; empty is the one that runs Bedside")
    url: str = setting("", "address of an engine that somebody else keeps running; empty starts one here")
    port: int = setting(
        0, "port of its process; 0 is 8720 for the first engine, 8721 for the second ...", least=0, most=65535
    )
    size: tuple[int, ...] = setting((), "[width, height] that it wants; [] is the picture's own", length=2)
    color: str = setting("rgb", "what it wants", choices=("rgb", "bgr", "grey"))
    max_fps: float = setting(0.0, "at most so many answers per second; 0 is as fast as it goes", least=0)
    deadline_s: float = setting(10.0, "an answer that takes longer means that it hangs; it is restarted", least=0.1)
    start_deadline_s: float = setting(300.0, "loading that takes longer means that it hangs; it is restarted", least=1)


@dataclass(frozen=True)
class ViewSettings:
    """[view.NAME]: what a page shows. explain, verdict, video and monitor are there by themselves."""

    title: str = setting("", "name on the page; empty is the view's own name")
    picture: str = setting(
        "answer", "the large picture: the newest answered one, or the live one", choices=("answer", "live")
    )
    inset: bool = setting(True, "the other picture, small, in a corner")
    overlay: bool = setting(True, "mask, boxes, points, lines and ellipses on the answered picture")
    verdict: bool = setting(True, "the verdict")
    explanation: bool = setting(True, "concepts, classes, measurements, guidance and text")
    controls: bool = setting(True, "buttons for freeze and snapshot")
    wide: bool = setting(False, "the picture fills the screen and the verdict lies in its corner")

    @property
    def has_answers(self) -> bool:
        """Whether anything of an engine reaches this view; the control arm of a study has none."""
        return self.overlay or self.verdict or self.explanation or self.picture == "answer"


VIEWS: dict[str, ViewSettings] = {
    "explain": ViewSettings(title="Explain"),
    "verdict": ViewSettings(title="Verdict", picture="live", inset=False, overlay=False, explanation=False),
    "video": ViewSettings(title="Video", picture="live", inset=False, overlay=False, verdict=False, explanation=False),
    "monitor": ViewSettings(title="Monitor", inset=False, explanation=False, controls=False, wide=True),
}
"""The views that need no setting."""


@dataclass(frozen=True)
class Settings:
    """All of `bedside.toml`. `folder` is where it lies: relative paths start there."""

    source: SourceSettings = SourceSettings()
    server: ServerSettings = ServerSettings()
    session: SessionSettings = SessionSettings()
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


TABLES: dict[str, type] = {"source": SourceSettings, "server": ServerSettings, "session": SessionSettings}
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
    _refuse_strangers(settings)
    refuse_shared_ports(_ports(settings))
    source = settings.source
    refuse_mask_without_size(source.url, source.size, source.crop, source.mask)
    if settings.server.view not in settings.views:
        raise SettingsError(
            f"[server] view is {settings.server.view!r}; expected one of {', '.join(settings.views)}, "
            f"or add a table [view.{settings.server.view}]"
        )
    return settings


def _refuse_strangers(settings: Settings) -> None:
    """Closed by default: whoever listens beyond this machine needs a token."""
    for name, table in (("source", settings.source), ("server", settings.server)):
        if not table.token and not is_loopback(table.host):
            raise SettingsError(
                f"[{name}] host is {table.host!r} and token is empty, so anybody on the network could watch; "
                f'expected a token of 8 characters or more beside it, or host = "127.0.0.1"'
            )


def _ports(settings: Settings) -> list[tuple[str, int]]:
    source = [] if settings.server.source else [("[source]", settings.source.port)]
    engines = [(f"[[engine]] {engine.name}", engine.port) for engine in settings.engines if not engine.url]
    return [*source, ("[server]", settings.server.port), *engines]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    return host in ("localhost", "::1") or host.startswith("127.")


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
        if not engine.path and not engine.url:
            raise SettingsError(
                f"[[engine]] {engine.name}: neither path nor url is set; set the folder with its engine.py as path"
            )
        engines.append(replace(engine, port=engine.port or FIRST_ENGINE_PORT + number))
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
