"""Installs a bundle, or updates by it: all or nothing, and back by itself when the new version does not come up."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bedside.bundle import containers, machine, service, trial, venv
from bedside.bundle.archive import Archive
from bedside.bundle.base import base_for, refuse_missing_interpreters
from bedside.bundle.manifest import TEXT, Manifest
from bedside.bundle.prefix import Prefix
from bedside.bundle.trial import Runs
from bedside.errors import BundleError

SPARE_BYTES = 200 * 2**20


class Shows(Protocol):
    """Where progress is shown."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """`done` of `total`; 0 is unknown."""

    def line(self, text: str) -> None:
        """A line that stays."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for."""

    has_service: bool = True
    """Started at boot, where the machine has systemd."""
    lan: str | None = None
    """Tablets may come in by this interface, `""` the first; None leaves it as it is."""


def install(file: Path, prefix: Prefix, wanted: Wanted, shown: Shows) -> None:
    """Install the bundle `file` and run it. Raises BundleError; the version before runs then, as before."""
    archive = Archive(file, shown)
    manifest = archive.manifest
    runs = _runs(bool(manifest.containers), wanted.has_service and service.has_systemd())
    if os.geteuid() == 0:
        os.umask(0o022)  # another user runs what root puts there
    with prefix.alone():
        _refuse(prefix, runs)
        if manifest.name in [one.name for one in prefix.installed()]:
            shown.line(f"Bedside {manifest.name} is installed already")
        else:
            prefix.remove(manifest.name)
            with _whole_or_not_at_all(prefix, manifest):
                _put(archive, prefix, shown)
        _keep_data(prefix, manifest.name, shown)
        service.write_command(prefix)
        if wanted.lan is not None:
            service.write_options(prefix, prefix.versions / manifest.name, wanted.lan)
        if runs is Runs.AS_SERVICE:
            machine.give_to_user(prefix)
        trial.refuse_while_a_session_runs(prefix)  # one may have begun meanwhile
        _go(prefix, manifest.name, runs, shown)
        for old in prefix.prune():
            shown.line(f"removed the old version {old}")
            if runs is Runs.IN_CONTAINERS:
                containers.remove_images(old)
    _say_how_to_go_on(prefix, runs, shown)


def roll_back(prefix: Prefix, shown: Shows) -> None:
    """Run the version before the current one. Raises BundleError when there is none, or it does not come up."""
    with prefix.alone():
        name = prefix.before()
        runs = _runs(containers.is_for(prefix.versions / name), service.is_written(prefix))
        _refuse(prefix, runs)
        _go(prefix, name, runs, shown)


def _runs(has_containers: bool, has_service: bool) -> Runs:
    return Runs.IN_CONTAINERS if has_containers else Runs.AS_SERVICE if has_service else Runs.BY_HAND


def _refuse(prefix: Prefix, runs: Runs) -> None:
    """Raise BundleError for what must not be interrupted, or cannot be changed into the other."""
    if runs is Runs.IN_CONTAINERS:
        containers.program()
    if prefix.current_name and containers.is_for(prefix.current) != (runs is Runs.IN_CONTAINERS):
        has = "in containers" if runs is not Runs.IN_CONTAINERS else "without containers"
        raise BundleError(f"what is in {prefix.folder} runs {has}, and this version does not; choose another --prefix")
    trial.refuse_while_a_session_runs(prefix)
    if runs is Runs.BY_HAND:
        trial.refuse_while_it_runs(prefix)


@contextmanager
def _whole_or_not_at_all(prefix: Prefix, manifest: Manifest) -> Iterator[None]:
    """Whatever ends it early, of the new version nothing is left."""
    try:
        yield
    except BaseException as error:
        prefix.remove(manifest.name)
        if isinstance(error, OSError):
            raise BundleError(f"it cannot be installed: {error}; nothing has changed") from error
        raise


def _put(archive: Archive, prefix: Prefix, shown: Shows) -> None:
    manifest, folder = archive.manifest, prefix.versions / archive.manifest.name
    release, python = base_for(manifest)
    refuse_missing_interpreters(manifest)
    _refuse_small_disk(prefix, manifest)
    folder.mkdir(parents=True)
    foreign = {path for name in manifest.wheels if name != release for path in manifest.wheels[name]}
    foreign -= set(manifest.wheels[release])
    archive.unpack(folder, [path for path in sorted(manifest.parts) if path not in {*foreign, *manifest.images}], shown)
    shown("installs Bedside", 0, 0)
    venv.make(python, folder / "venv", [folder / path for path in manifest.wheels[release]], folder / "install.log")
    shutil.rmtree(folder / "wheels")  # what engines need of it has a second name in their own folders
    if (folder / TEXT).is_dir():
        for finder in (folder / "venv" / "lib").glob(f"python*/site-packages/bedside/engines/{TEXT}"):
            (finder / "wheels").symlink_to(folder / TEXT / "wheels")  # beside its requirements: looked for there
    for path in manifest.images:
        shown(f"loads the image {Path(path).stem}", 0, 0)
        machine.load_image(archive.chunks(path))
    if manifest.containers:
        containers.keep_images(folder, manifest.containers)
    _build_engines(prefix, folder, shown, has_environments=not manifest.containers)
    prefix.complete(manifest.name)


def _refuse_small_disk(prefix: Prefix, manifest: Manifest) -> None:
    free, needed = shutil.disk_usage(prefix.folder).free, manifest.installed_bytes + SPARE_BYTES
    if free < needed:
        raise BundleError(
            f"{prefix.folder} has {free / 1e9:.1f} GB free, and this version needs {needed / 1e9:.1f} GB; "
            "free some, or choose another --prefix"
        )


def _build_engines(prefix: Prefix, folder: Path, shown: Shows, *, has_environments: bool) -> None:
    """Make the engines' environments, as the new version with the clinic's settings will look for them.

    In containers they have none, and only the settings are tried.

    In a rehearsal: the settings name engines by way of `../current`, which must still be the version before.
    """
    rehearsal = folder / "rehearsal"
    (rehearsal / "data").mkdir(parents=True)
    (rehearsal / "current").symlink_to("..")
    settings = prefix.settings if prefix.settings.exists() else folder / "settings" / "bedside.toml"
    shutil.copy2(settings, rehearsal / "data" / "bedside.toml")
    shown("makes the engines' environments" if has_environments else "tries the settings", 0, 0)
    command = [str(folder / "venv" / "bin" / "bedside"), "--config", str(rehearsal / "data" / "bedside.toml"), "build"]
    tried = command if has_environments else [*command[:-1], "compose"]
    _run(prefix, tried, f"the new version cannot be used with {settings.name}")
    if (folder / TEXT).is_dir():
        shown("makes the text finder's environment", 0, 0)
        _run(prefix, [*command, TEXT], "the text finder cannot be installed")
    shutil.rmtree(rehearsal)
    for lock in prefix.cache.rglob("*.lock"):
        lock.chmod(0o644)  # who runs an environment locks it, and is not who made it


def _run(prefix: Prefix, command: list[str], trouble: str) -> None:
    """Run what prints into the version's log. Raises BundleError with `trouble` and its last line."""
    with (Path(command[0]).parents[2] / "install.log").open("a", encoding="utf-8") as log:
        done = subprocess.run(
            command,
            env=environ(prefix),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BundleError(f"{trouble}: {lines[-1] if lines else 'no reason'}")


def environ(prefix: Prefix) -> dict[str, str]:
    """The environment of all that runs from here; no index is asked."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("BEDSIDE_", "PIP_", "PYTHON"))}
    return kept | {"XDG_CACHE_HOME": str(prefix.cache), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


def _keep_data(prefix: Prefix, name: str, shown: Shows) -> None:
    """Settings come with the first version only; what is there stays as it is."""
    shipped = prefix.versions / name / "settings"
    prefix.data.mkdir(exist_ok=True)
    if prefix.settings.exists():
        shown.line(f"kept {prefix.settings}; what came with this version is {prefix.current}/settings/bedside.toml")
        return
    for path in sorted(shipped.rglob("*")):
        target = prefix.data / path.relative_to(shipped)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        elif not target.exists() and path.name != "bedside.toml":
            shutil.copy2(path, target)
    fresh = prefix.settings.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    shutil.copy2(shipped / "bedside.toml", fresh)
    fresh.replace(prefix.settings)


def _go(prefix: Prefix, name: str, runs: Runs, shown: Shows) -> None:
    """Switch to this version and see whether it comes up; else, or if that is broken off, back to what ran before."""
    before = prefix.way_back(name)
    shown(f"starts Bedside {name}", 0, 0)
    try:
        found = _try(prefix, name, runs)
    except BaseException:
        if before:
            shown.line(f"broken off; back to {before}")
            _switch(prefix, before, runs)
            trial.start(prefix, runs)
        raise
    if not found:
        prefix.came_up(name)
        shown.line(f"Bedside {name} is installed in {prefix.folder} and comes up")
        return
    if not before:
        raise BundleError(f"Bedside {name} is installed and does not come up: {found}")
    again = _try(prefix, before, runs)
    well = "which runs as before" if runs is not Runs.BY_HAND else "which comes up"
    state = f"which does not come up either: {again}" if again else well
    raise BundleError(f"Bedside {name} does not come up: {found}; back to {before}, {state}")


def _try(prefix: Prefix, name: str, runs: Runs) -> str:
    """Switch to this version; why it does not come up, or nothing."""
    _switch(prefix, name, runs)
    return trial.trouble(prefix, runs)


def _switch(prefix: Prefix, name: str, runs: Runs) -> None:
    if runs is Runs.AS_SERVICE:
        service.write_unit(prefix, name)
    elif runs is Runs.IN_CONTAINERS:
        containers.use_images(prefix.versions / name)
    prefix.switch(name)


def _say_how_to_go_on(prefix: Prefix, runs: Runs, shown: Shows) -> None:
    command = "bedside" if service.is_linked(prefix) else str(prefix.folder / "bin" / "bedside")
    if runs is Runs.IN_CONTAINERS:
        shown.line(
            f"It runs in containers, now and after every start. What runs, in {prefix.data}: sudo docker compose ps"
        )
    elif runs is Runs.AS_SERVICE:
        shown.line(f"It runs now and after every start of the machine. {command} status says how it is.")
    else:
        shown.line(f"{command} up starts it; this machine does not start it by itself.")
    shown.line(f"Settings: {prefix.settings}")
