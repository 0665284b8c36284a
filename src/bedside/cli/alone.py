"""Some engines by themselves: settings of their own for a verb that starts them beside whatever else runs here."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bedside.cli.beforehand import needed_by, refuse_engine
from bedside.cli.ports import free_port, free_ports
from bedside.errors import SettingsError
from bedside.settings import Settings, load
from bedside.settings_tables import EngineSettings, PipelineSettings, SourceSettings
from bedside.settings_text import engine_at

LOOPBACK = "127.0.0.1"
OF_ENGINE = ("path", "python", "adapter", "ca_file")
NO_PIPELINE = PipelineSettings()


def chosen(settings: Settings, given: str, place: Path) -> EngineSettings:
    """The engine that is meant: by name, by the place of one that is set, or a place that no setting knows."""
    for engine in settings.engines:
        if engine.name == given or (engine.path and Path(engine.path).expanduser().resolve() == place.resolve()):
            return engine
    if not place.exists():
        known = ", ".join(engine.name for engine in settings.engines) or "none"
        raise SettingsError(f"there is no [[engine]] named {given!r}, there is {known}; and no folder or file {place}")
    folder = place if place.is_dir() else place.parent
    requirements = "requirements.txt" if (folder / "requirements.txt").exists() else ""
    return EngineSettings(**engine_at(place), requirements=requirements)


@contextmanager
def alone(
    prefix: str,
    source: SourceSettings,
    engines: Sequence[EngineSettings],
    pipeline: PipelineSettings = NO_PIPELINE,
) -> Iterator[tuple[Settings, Path]]:
    """Settings with this source, these engines and this pipeline only, on free ports, and their file while it lasts.

    What BEDSIDE_* says has been read; it is taken out of the environment, since what is started reads the file.
    """
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        file = Path(folder) / "bedside.toml"
        file.write_text(_written(source, engines, pipeline), encoding="utf-8")
        for name in [name for name in os.environ if name.startswith("BEDSIDE_")]:
            del os.environ[name]
        yield load(file), file


def build_needed(engine: EngineSettings, *, quiet: bool) -> None:
    """Build what the engine needs. Raises SettingsError when it cannot start, BuildFailed."""
    from bedside.cli.build import build
    from bedside.cli.shown import Shown

    if engine.url:
        return
    refuse_engine(engine)
    if needed := needed_by(engine):
        with Shown(quiet=quiet) as shown:
            build(engine.name, needed, shown)


def _written(source: SourceSettings, engines: Sequence[EngineSettings], pipeline: PipelineSettings) -> str:
    """The bedside.toml; all paths are absolute."""
    placeholder = str(Path(source.placeholder).absolute()) if source.placeholder else ""
    source = replace(source, host=LOOPBACK, token="", port=free_port(LOOPBACK), placeholder=placeholder)
    path = str(Path(pipeline.path).expanduser().absolute()) if pipeline.path else ""
    tables: list[tuple[str, Any]] = [("[source]", source), ("[server]", {"port": free_port(LOOPBACK)})]
    tables += [("[pipeline]", replace(pipeline, path=path))] if path else []
    ports = iter(free_ports(LOOPBACK, [engine.concurrency for engine in engines]))
    tables += [("[[engine]]", replace(_whole(engine), port=next(ports))) for engine in engines]
    return "".join(f"{name}\n{_lines(table)}\n" for name, table in tables)


def _whole(engine: EngineSettings) -> EngineSettings:
    whole = {name: str(Path(getattr(engine, name)).expanduser().absolute()) for name in OF_ENGINE if
             "/" in getattr(engine, name) or (name != "python" and getattr(engine, name))}  # fmt: skip
    if engine.adapter and engine.path:
        del whole["adapter"]  # it starts at the engine's own folder
    return replace(engine, **whole)  # type: ignore[arg-type]


def _lines(table: Any) -> str:
    values = table if isinstance(table, dict) else {one.name: getattr(table, one.name) for one in fields(table)}
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
