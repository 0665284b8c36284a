"""The engines of the settings, as the router asks them."""

from collections.abc import Callable
from pathlib import Path

from bedside.engine import container
from bedside.engine.address import Address
from bedside.engine.link import EngineLink
from bedside.engine.picture import Wanted
from bedside.engine.replicas import Replicas
from bedside.messages import EngineStatus
from bedside.router.when import When
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings


def engines_of(settings: Settings, report: Callable[[EngineStatus], None]) -> list[Replicas]:
    """Each engine with as many links as it has replicas; `report` gets every change of one of them."""
    return [_replicas(settings, engine, report) for engine in settings.engines]


def when_of(settings: Settings) -> dict[str, When]:
    """By engine: when it is asked."""
    return {engine.name: When(engine.every_s, engine.is_on_freeze) for engine in settings.engines}


def addresses_of(engine: EngineSettings, folder: Path) -> list[Address]:
    """Where an engine's replicas are: at one url, in containers, or on ports of this machine.

    A relative adapter starts at the engine's path, or at `folder` when there is none.
    """
    if not engine.url:
        boxed = engine.is_contained or container.kept_elsewhere()
        near = [container.address(port) if boxed else f"http://127.0.0.1:{port}" for port in engine.ports]
        return [Address(url) for url in near]
    start = folder / Path(engine.path).expanduser() if engine.path else folder
    address = Address(
        engine.url,
        engine.model,
        engine.token,
        str(folder / Path(engine.ca_file).expanduser()) if engine.ca_file else "",
        (start if start.is_dir() else start.parent) / Path(engine.adapter).expanduser() if engine.adapter else None,
        engine.encoding,
    )
    return [address] * engine.concurrency


def _replicas(settings: Settings, engine: EngineSettings, report: Callable[[EngineStatus], None]) -> Replicas:
    replicas = Replicas(engine.name, report)
    window = None
    for address in addresses_of(engine, settings.folder):
        link = EngineLink(
            engine.name,
            address,
            wanted=Wanted(engine.region, engine.size, engine.color, engine.window),
            deadline_s=engine.deadline_s,
            start_deadline_s=engine.start_deadline_s,
            window=window,
            pixel_spacing_mm=settings.source.pixel_spacing_mm,
            report=replicas.heard,
        )
        window = link.window
        replicas.join(link)
    return replicas
