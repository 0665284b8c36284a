"""The settings and engines as the bundle has them: paths that begin in another place, and the files that go along."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from bedside.bundle.archive import Bytes, OnDisk, Source
from bedside.bundle.own import files_of
from bedside.errors import SettingsError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings

CODE = "../current"
"""From data/ to the version that runs."""


@dataclass(frozen=True)
class Carried:
    """Parts by path, and where each engine's folder is among them."""

    parts: dict[str, Source]
    folders: dict[str, str]


def carried(settings: Settings, file: Path) -> Carried:
    """Settings, engines, pipeline and presets. Raises SettingsError for what no bundle can hold."""
    parts: dict[str, Source] = {}
    folders: dict[str, str] = {}
    places: dict[str, str] = {}
    for engine in settings.engines:
        if engine.url:
            continue
        _refuse_foreign_environment(engine)
        folders[engine.name], places[engine.name] = _engine(engine, settings.folder, parts)
    text = file.read_text(encoding="utf-8")
    wanted = tomllib.loads(text)
    for table in wanted.get("engine", ()):
        if table["name"] in places:
            text = _moved(text, table["path"], places[table["name"]])
            table["path"] = places[table["name"]]
    if settings.pipeline.path:
        path = settings.folder / settings.pipeline.path
        parts[f"pipeline/{path.name}"] = OnDisk(path)
        text = _moved(text, settings.pipeline.path, f"{CODE}/pipeline/{path.name}")
        wanted["pipeline"]["path"] = f"{CODE}/pipeline/{path.name}"
    if tomllib.loads(text) != wanted:
        raise SettingsError(
            f'{file}: each path must stand on a line of its own, as `bedside init` writes it: path = "..."'
        )
    fresh = file.parent / "presets"
    for name, path in files_of(fresh) if fresh.is_dir() else ():
        parts[f"settings/presets/{name}"] = OnDisk(path)
    for name in _beside(settings):
        parts[f"settings/{name}"] = OnDisk(settings.folder / name)
    parts["settings/bedside.toml"] = Bytes(text.encode())
    return Carried(parts, folders)


def _refuse_foreign_environment(engine: EngineSettings) -> None:
    if engine.python and not engine.requirements and not engine.is_contained:
        raise SettingsError(
            f"[[engine]] {engine.name}: it runs in the environment of {engine.python}, which no bundle can hold; "
            "write what that holds into its folder (pip freeze > requirements.txt) and set requirements"
        )


def _engine(engine: EngineSettings, base: Path, parts: dict[str, Source]) -> tuple[str, str]:
    """Take an engine's folder, or file, along; returns its folder in the bundle, and its path in the settings."""
    path = (base / Path(engine.path).expanduser()).resolve()
    if path.is_file():
        parts[f"engines/{engine.name}/{path.name}"] = OnDisk(path)
        if engine.requirements:
            parts[f"engines/{engine.name}/{engine.requirements}"] = OnDisk(path.parent / engine.requirements)
        return f"engines/{engine.name}", f"{CODE}/engines/{engine.name}/{path.name}"
    for folder in (path, *_neighbours(path)):
        for name, file in files_of(folder):
            parts[f"engines/{folder.name}/{name}"] = OnDisk(file)
    return f"engines/{path.name}", f"{CODE}/engines/{path.name}"


def _neighbours(folder: Path) -> list[Path]:
    """Engines beside this one that its code names: what imports from its neighbour needs it there, too."""
    code = "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.py")))
    beside = [path for path in sorted(folder.parent.iterdir()) if (path / "engine.py").is_file() and path != folder]
    return [path for path in beside if f'"{path.name}"' in code]


def _beside(settings: Settings) -> list[str]:
    """Files beside the settings that these name; they are the clinic's own once installed."""
    named = [settings.source.placeholder, *(q for q in settings.session.questionnaires if q.endswith(".toml"))]
    named += [engine.ca_file for engine in settings.engines] + [engine.adapter for engine in settings.engines]
    found = [os.path.normpath(name) for name in named if name]
    for name in found:
        if name.startswith(("/", "..")):
            raise SettingsError(
                f"the settings name {name}, which is not beside them; put it there, so that it can go along"
            )
    return found


def _moved(text: str, path: str, place: str) -> str:
    """The settings with this path, where it stands on a line of its own, changed."""
    return re.sub(
        rf"^(\s*path\s*=\s*)([\"']){re.escape(path)}\2", lambda found: f'{found[1]}"{place}"', text, flags=re.MULTILINE
    )
