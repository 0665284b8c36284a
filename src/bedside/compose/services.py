"""The services of a Compose file: one a process of `supervisor.plan`, with what each may see of the machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bedside.compose.baked import Baked, container_of, verb_tag
from bedside.compose.options import service_of
from bedside.engine.container import PLACE, SOCKET, SOCKETS
from bedside.engine.environment import engine_file
from bedside.errors import SettingsError
from bedside.loopback import is_loopback
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.plan import Process, plan

HERE = "/srv/bedside/settings"
"""Where the folder of the settings lies in a container; paths that leave it lie beside it."""
SOCKETS_HERE = "/run/bedside"
USER = "${BEDSIDE_UID:-1000}:${BEDSIDE_GID:-1000}"
DEVICES = ("v4l2", "opencv")
MB = 1_000_000
FRAMES = "frames:/dev/shm:nocopy"
"""Without nocopy Docker gives a volume the owner that its place has in the image, whenever a container is made."""
EVERYWHERE = ("0.0.0.0", "::", "localhost")
"""Hosts that are no address by which others could find this machine."""
LARGEST = (1920, 1080)
"""The picture for which there is room, where [source] size says nothing."""


@dataclass(frozen=True)
class Place:
    """Where the Compose file lies, and at which address of this machine the pages are."""

    folder: Path
    host: str = "127.0.0.1"
    cores: int = os.cpu_count() or 1

    def outside(self, path: Path) -> str:
        """A path of this machine as the file names it."""
        return f"./{path.relative_to(self.folder)}" if path.is_relative_to(self.folder) else str(path)


def document(settings: Settings, place: Place, config_name: str = "bedside.toml") -> dict[str, Any]:
    """The whole Compose file of these settings. Raises SettingsError for what cannot run in a container."""
    _refuse_home(settings)
    processes = plan(settings, Path(HERE) / config_name)
    services: dict[str, Any] = {}
    volumes: dict[str, Any] = {"frames": _tmpfs(f"size={frames_mb(settings)}m,mode=0700")}
    for process in processes:
        kind, name, number = (*process.name.split(" "), "", "")[:3]
        if kind == "engine":
            engine = next(one for one in settings.engines if one.name == name)
            port = engine.ports[int(number or 1) - 1]
            services[service_name(process)] = _engine(engine, port, settings, place)
            volumes[f"socket-{port}"] = _tmpfs("size=1m,mode=0700")
        else:
            services[kind] = _verb(kind, process, settings, place)
    networks: dict[str, Any] = {
        "inside": {"internal": True},
        "outside": {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}},
    }
    return {"services": services, "networks": networks, "volumes": volumes}


def service_name(process: Process) -> str:
    """What a process of the plan is called as a service."""
    return process.name.replace(" ", "-").lower()


def frames_mb(settings: Settings) -> int:
    """Room for the ring twice, as a larger one is made before the smaller one goes, and for what engines look at."""
    width, height = map(int, settings.source.size.split("x")) if settings.source.size else LARGEST
    picture = width * height * 3
    stages = 0
    for engine in settings.engines:
        wanted = engine.size[0] * engine.size[1] * 3 if engine.size else picture
        stages += 2 * engine.concurrency * max(1, engine.window) * wanted
    return -(-(2 * settings.source.slots * picture + stages) // MB) + 32


def inside(path: str | Path) -> str:
    """Where a path of the settings lies in a container."""
    return os.path.normpath(Path(HERE) / Path(path).expanduser())


def _engine(engine: EngineSettings, port: int, settings: Settings, place: Place) -> dict[str, Any]:
    baked = Baked(engine, engine_file(settings.folder / Path(engine.path).expanduser(), engine.name))
    container = container_of(baked, port, place.cores)
    service = service_of(container.confinement(), engine.name)
    socket = f"{PLACE}/{SOCKET}"
    check = [baked.interpreter, "-I", "/bedside_engine/alive.py", f"unix:{socket}"]
    mounts = [FRAMES, f"socket-{port}:{PLACE}:nocopy", *service.pop("volumes", [])]
    return {
        "image": baked.tag,
        "entrypoint": [baked.interpreter],
        "command": container.served_at(socket),
        **_life(check, start_s=engine.start_deadline_s),
        "user": USER,
        **service,
        "volumes": mounts,
    }


def _verb(verb: str, process: Process, settings: Settings, place: Place) -> dict[str, Any]:
    service: dict[str, Any] = {
        "image": verb_tag(verb),
        "command": list(process.argv[3:]),
        **_life(_check(verb, settings, place)),
        "user": USER,
        "networks": ["inside"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": ["/tmp:rw,nosuid,nodev,mode=1777"],
        "working_dir": HERE,  # so that `exec ... bedside VERB` finds the settings
        "environment": _environment(settings) | dict(process.environ),
        "volumes": [FRAMES, f"{place.outside(settings.folder)}:{HERE}:ro", *_files(verb, settings, place)],
    }
    if settings.server.source and verb != "broadcast":
        service["networks"] = ["inside", "outside"]
    if verb == "broadcast":
        service["volumes"] += _writable(settings, place, "presets")
        if settings.source.url.partition(":")[0] in DEVICES:
            service["volumes"].append("/dev:/dev")  # what is plugged in later is there, too
            service |= {"device_cgroup_rules": ["c 81:* rmw"], "group_add": ["${BEDSIDE_VIDEO_GID:-44}"]}
    else:
        service["volumes"] += _writable(settings, place, settings.session.folder)
    return service | (_served(service, settings, place) if verb == "serve" else {})


def _served(service: Mapping[str, Any], settings: Settings, place: Place) -> dict[str, Any]:
    """What the server has beside the others: a port, the engines' sockets, and where it keeps who may look."""
    server = settings.server
    volumes = [*service["volumes"], *_writable(settings, place, server.access)]
    for engine in settings.engines:
        if not engine.url:
            volumes += [f"socket-{port}:{SOCKETS_HERE}/{port}:nocopy" for port in engine.ports]
    environment = {"BEDSIDE_SERVER_HOST": "0.0.0.0", SOCKETS: SOCKETS_HERE}
    if place.host not in EVERYWHERE:
        environment["BEDSIDE_SERVER_ADDRESS"] = place.host
    if server.interface:
        environment["BEDSIDE_SERVER_INTERFACE"] = ""  # a container has others
    if not server.token:
        environment["BEDSIDE_SERVER_TOKEN"] = _secret("BEDSIDE_SERVER_TOKEN")
    ports = [f"{_address(place.host)}:{server.port}:{server.port}"]
    if is_loopback(place.host) and server.tls == "auto":
        environment["BEDSIDE_SERVER_TLS"] = "off"  # it cannot see that only this machine reaches it
    elif server.tls != "off":
        ports.append(f"{_address(place.host)}:{server.trust_port}:{server.trust_port}")
    return {
        "networks": ["inside", "outside"],
        "ports": ports,
        "environment": {**service["environment"], **environment},
        "volumes": volumes,
    }


def _environment(settings: Settings) -> dict[str, str]:
    """The only settings that differ in containers: who listens where, and secrets, which lie in `.env`."""
    found = {"HOME": "/tmp"}
    if not settings.server.source:
        found |= {"BEDSIDE_SOURCE_HOST": "broadcast", "BEDSIDE_SERVER_ENCODING": "shm"}
        if not settings.source.token:
            found["BEDSIDE_SOURCE_TOKEN"] = _secret("BEDSIDE_SOURCE_TOKEN")
    named = {
        "SOURCE_PLACEHOLDER": settings.source.placeholder,
        "SERVER_ACCESS": settings.server.access,
        "SERVER_PAGE_DIR": settings.server.page_dir,
        "SESSION_FOLDER": settings.session.folder,
        "PIPELINE_PATH": settings.pipeline.path,
    }
    return found | {f"BEDSIDE_{key}": inside(path) for key, path in named.items() if path.startswith("~")}


def _refuse_home(settings: Settings) -> None:
    """Raise SettingsError for a path that begins in the home folder, and cannot be told to a container otherwise."""
    paths = {f"[[engine]] {engine.name}: path": engine.path for engine in settings.engines if not engine.url}
    scheme, _, rest = settings.source.url.partition(":")
    for where, path in (paths | ({"[source] url": rest} if scheme == "file" else {})).items():
        if path.startswith("~"):
            raise SettingsError(f"{where} is {path!r}, and ~ is another folder in a container; write the whole path")


def _life(check: list[str], start_s: float = 30.0) -> dict[str, Any]:
    return {
        "init": True,
        "restart": "unless-stopped",
        "stop_grace_period": "5s",
        "healthcheck": {
            "test": ["CMD", *check],
            "interval": "5s",
            "timeout": "5s",
            "retries": 2,
            "start_period": f"{start_s:g}s",
        },
        "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
    }


def _check(verb: str, settings: Settings, place: Place) -> list[str]:
    port = settings.server.port
    is_plain = settings.server.tls == "off" or (settings.server.tls == "auto" and is_loopback(place.host))
    address = {
        "broadcast": f"http://broadcast:{settings.source.port}",
        "record": f"file:{inside(settings.session.folder)}/.live/recorder.json",
        "serve": f"{'http' if is_plain else 'https'}://127.0.0.1:{port}",
    }[verb]
    return ["python3", "-m", "bedside_engine.alive", address]


def _files(verb: str, settings: Settings, place: Place) -> list[str]:
    """What the verb reads beyond the folder of the settings, mounted where the settings say that it lies."""
    named = [settings.source.placeholder] if verb == "broadcast" else []
    scheme, _, rest = settings.source.url.partition(":")
    if verb == "broadcast" and scheme == "file":
        named.append(rest.partition("?")[0])
    if verb == "serve":
        named += [settings.server.page_dir, settings.pipeline.path]
        named += [engine.path for engine in settings.engines]  # a session keeps their fingerprints
    mounts = []
    for name in filter(None, named):
        path, target = settings.folder / Path(name).expanduser(), inside(name)
        if not target.startswith(f"{HERE}/"):
            mounts.append(f"{place.outside(Path(os.path.normpath(path)))}:{target}:ro")
    return list(dict.fromkeys(mounts))


def _writable(settings: Settings, place: Place, folder: str) -> list[str]:
    path = Path(os.path.normpath(settings.folder / Path(folder).expanduser()))
    return [f"{place.outside(path)}:{inside(folder)}"]


def writable_folders(settings: Settings) -> list[Path]:
    """The folders that containers write, which must be there, and be the user's, before they start."""
    return [
        settings.folder / Path(folder).expanduser()
        for folder in (settings.session.folder, settings.server.access, "presets")
    ]


def _tmpfs(options: str) -> dict[str, Any]:
    owner = "uid=${BEDSIDE_UID:-1000},gid=${BEDSIDE_GID:-1000}"
    return {"driver": "local", "driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": f"{options},{owner}"}}


def _secret(name: str) -> str:
    return "${" + name + ":?bedside compose writes it into .env}"


def _address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
