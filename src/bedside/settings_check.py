"""Settings that are right one by one, and wrong together: each is refused in one sentence."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bedside.errors import SettingsError
from bedside.settings_tables import EngineSettings, PipelineSettings

SERVERS = ("http", "https", "grpc", "grpcs")
"""Schemes of an engine's url."""

DEVICES = ("v4l2", "opencv")
"""Schemes whose picture may change its size from one day to the next, without anybody having touched the settings."""

LAST_PORT = 65535


def refuse_shared_ports(ports: Iterable[tuple[str, int]]) -> None:
    """Raise SettingsError when two of (who listens, port) have the same port."""
    taken: dict[int, str] = {}
    for where, port in ports:
        if port in taken:
            raise SettingsError(f"{where} port is {port}; {taken[port]} has it already, give one of them another one")
        taken[port] = where


def refuse_mask_without_size(url: str, size: str, crop: Sequence[int], mask: Sequence[Sequence[int]]) -> None:
    """Raise SettingsError for a mask or crop of a device that may deliver another size than it was made for."""
    if size or not (crop or mask) or url.partition(":")[0] not in DEVICES:
        return
    raise SettingsError(
        f"[source] {'mask' if mask else 'crop'} is set and size is empty; in a picture of another size it would hide "
        "the wrong place, so set size to the picture's size for which it was made, such as 1920x1080"
    )


def refuse_unfit_engine(engine: EngineSettings) -> None:
    """Raise SettingsError for an engine that runs nowhere, or in two places, or can never be given a picture."""
    where = f"[[engine]] {engine.name}:"
    _refuse_no_address(where, engine.url)
    for key, value in (("region", engine.region), ("size", engine.size)):
        if value and 0 in value[-2:]:
            raise SettingsError(f"{where} {key} is {list(value)}; its width and height must be 1 or more")
    if not engine.path and not engine.url:
        raise SettingsError(f"{where} neither path nor url is set; set the folder with its engine.py as path")
    for key in ("path", "python"):
        try:
            Path(getattr(engine, key)).expanduser()
        except RuntimeError:
            raise SettingsError(
                f"{where} {key} is '{getattr(engine, key)}', and there is no such home folder; write it without ~"
            ) from None
    _refuse_two_places(where, engine)
    if not engine.url and engine.ports[-1] > LAST_PORT:
        raise SettingsError(
            f"{where} port is {engine.port} and concurrency is {engine.concurrency}; each process takes a port, "
            f"expected {LAST_PORT} at most"
        )
    if engine.docker_options and not (engine.image or engine.dockerfile):
        raise SettingsError(f"{where} docker_options is set, and neither image nor dockerfile; set one of them")


def _refuse_two_places(where: str, engine: EngineSettings) -> None:
    places = [key for key in ("url", "image", "dockerfile", "requirements") if getattr(engine, key)]
    if len(places) > 1:
        raise SettingsError(
            f"{where} {' and '.join(places)} are set, and it can run in one place only; keep one of them"
        )
    for key in ("python", "memory_gb", "cpus", "processes"):
        if getattr(engine, key) and engine.url:
            raise SettingsError(f"{where} url and {key} are set; somebody else runs what is at url, so take {key} away")
    for key in ("model", "token", "ca_file", "adapter"):
        if getattr(engine, key) and not engine.url:
            raise SettingsError(f"{where} {key} is set and url is empty; {key} is for a server at a url")
    if engine.encoding == "jpeg" and not engine.url:
        raise SettingsError(f"{where} encoding is 'jpeg' and url is empty; what runs here gets its pixels exactly")


def _refuse_no_address(where: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        if parts.username is not None:  # it would stand in every message about the server, and not be sent
            raise SettingsError(
                f"{where} url has a name or password before {parts.hostname}; set what the server asks for as token"
            )
        if not url or (parts.scheme in SERVERS and parts.hostname and parts.port != 0):
            return
    except ValueError:
        pass  # a port that is no number, or brackets around no IPv6 address: said below as any other
    raise SettingsError(
        f"{where} url is '{url}'; expected {', '.join(SERVERS)} with :// and a host, such as http://10.0.0.7:8720"
    )


def refuse_names_like_the_pipelines(engines: Iterable[EngineSettings], pipeline: PipelineSettings) -> None:
    """Raise SettingsError for an engine of the name under which the pipeline's results are shown."""
    if pipeline.path and any(engine.name == "pipeline" for engine in engines):
        raise SettingsError("[[engine]] pipeline: [pipeline] path is set and its results have this name; take another")
