"""Ports, disk and shared memory."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from bedside.cli.doctor.finding import Finding, Level
from bedside.cli.doctor.listener import listener
from bedside.cli.health import ask_health
from bedside.cli.invitation import lan_address
from bedside.cli.ports import ports
from bedside.loopback import is_loopback
from bedside.settings import Settings
from bedside.supervisor.leftovers import SHARED_MEMORY

GB = 1e9
LARGEST_PICTURE = 1920 * 1080 * 3


def examine(settings: Settings) -> Iterator[Finding]:
    """Where Bedside listens and writes."""
    health = ask_health(settings, timeout_s=1.0)
    for port in ports(settings):
        where = f"{port.where} {port.number} on {port.host}"
        problem = port.problem
        if not problem:
            yield Finding("port", Level.OK, f"{where} is free")
        elif health is not None:
            yield Finding("port", Level.NOTE, f"{where}: a Bedside runs here", "stop it before you start another one")
        else:
            who = listener(port.number)
            yield Finding(
                "port", Level.WRONG, f"{where}: {problem}{who and ': '}{who}", "stop that, or set another port"
            )
    if not is_loopback(settings.server.host) and not lan_address():
        yield Finding(
            "port", Level.NOTE, "this machine has no address in a network", "connect it, or tablets cannot reach it"
        )
    yield _disk(settings)
    yield from _memory(settings)


def _disk(settings: Settings) -> Finding:
    folder = (settings.folder / Path(settings.session.folder).expanduser()).absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free
    recorder = settings.recorder
    needed = recorder.reserve_gb + recorder.session_gb
    what = f"{free / GB:.1f} GB free for sessions in {folder}, {needed:g} GB needed to start one"
    if free < needed * GB:
        do = "free some space, set another [session] folder, or lower [recorder] session_gb and reserve_gb"
        return Finding("disk", Level.WRONG, what, do)
    if free < (needed + recorder.session_gb) * GB:
        return Finding("disk", Level.NOTE, what, "that is one session; an hour of video at 1080p takes 2 to 7 GB")
    return Finding("disk", Level.OK, what)


def _memory(settings: Settings, folder: Path = SHARED_MEMORY) -> Iterator[Finding]:
    """The ring and every engine's two buffers must fit into shared memory; containers have 64 MB by default."""
    if not folder.exists():
        yield Finding("memory", Level.NOTE, f"there is no {folder}; pictures go through a folder for temporary files")
        return
    needed = (settings.source.slots + 2 * len(settings.engines)) * LARGEST_PICTURE
    ours = (path for path in folder.glob("bedside-*") if path.is_file())
    free = shutil.disk_usage(folder).free + sum(path.stat().st_size for path in ours)
    what = f"{free / 2**20:.0f} MiB free in {folder}, {needed / 2**20:.0f} MiB needed at 1920 x 1080"
    if free < needed:
        yield Finding("memory", Level.WRONG, what, "give it more (Docker: shm_size), or set fewer [source] slots")
    else:
        yield Finding("memory", Level.OK, what)
