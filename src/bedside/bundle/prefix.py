"""The folder that Bedside is installed in: its versions, which of them is the current one, and the data.

PREFIX/versions/VERSION-HASH/   one version: venv, engines, docs, and complete.json once all of it is there
PREFIX/current                  a link to one of them
PREFIX/data/                    settings, sessions, access, presets: never touched by an update
PREFIX/cache/                   the engines' environments, shared by the versions that need the same
PREFIX/bin/bedside              runs the current one with the settings in data
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bedside import clock
from bedside.errors import BundleError

DEFAULT = Path("/opt/bedside")
COMPLETE = "complete.json"
KEPT = 3


@dataclass(frozen=True)
class Version:
    """One that is there whole."""

    name: str
    installed_ns: int


@dataclass(frozen=True)
class Prefix:
    """One installation."""

    folder: Path

    @property
    def versions(self) -> Path:
        """Folder of all versions."""
        return self.folder / "versions"

    @property
    def current(self) -> Path:
        """The link to the one that runs."""
        return self.folder / "current"

    @property
    def data(self) -> Path:
        """What belongs to the clinic."""
        return self.folder / "data"

    @property
    def settings(self) -> Path:
        """The settings that it runs with."""
        return self.data / "bedside.toml"

    @property
    def cache(self) -> Path:
        """XDG_CACHE_HOME of all that runs from here."""
        return self.folder / "cache"

    @property
    def current_name(self) -> str:
        """Of the version that runs; empty before the first."""
        return self.current.readlink().name if self.current.is_symlink() else ""

    def installed(self) -> list[Version]:
        """Whole versions, the one installed last first."""
        found = []
        for file in self.versions.glob(f"*/{COMPLETE}"):
            about = json.loads(file.read_text(encoding="utf-8"))
            found.append(Version(file.parent.name, int(about["installed_ns"])))
        return sorted(found, key=lambda one: -one.installed_ns)

    def before(self) -> str:
        """The version that was installed before the current one. Raises BundleError when there is none."""
        names = [one.name for one in self.installed()]
        later = names.index(self.current_name) if self.current_name in names else len(names)
        if later + 1 >= len(names):
            raise BundleError(f"there is no version before {self.current_name or 'the first'} in {self.versions}")
        return names[later + 1]

    def complete(self, name: str) -> None:
        """Say that this version is there whole, once all of it is on the disk."""
        os.sync()
        fresh = self.versions / name / f"{COMPLETE}.new"
        fresh.write_text(json.dumps({"installed_ns": clock.wall_ns()}), encoding="utf-8")
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(self.versions / name / COMPLETE)

    def switch(self, name: str) -> None:
        """Make this version the current one, in one step that is done or not done."""
        fresh = self.folder / "current.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("versions") / name)
        fresh.replace(self.current)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def remove(self, name: str) -> None:
        """Remove a version, or what is there of it: half a version is none."""
        (self.versions / name / COMPLETE).unlink(missing_ok=True)
        shutil.rmtree(self.versions / name, ignore_errors=True)

    def prune(self) -> list[str]:
        """Remove what was interrupted, and whole versions but the last three and the current one; their names."""
        keep = {one.name for one in self.installed()[:KEPT]} | {self.current_name}
        old = [path.name for path in self.versions.iterdir() if path.name not in keep] if self.versions.is_dir() else []
        for name in old:
            self.remove(name)
        return old

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else installs here meanwhile. Raises BundleError when somebody does, or may not write here."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BundleError(
                f"{self.folder} cannot be written: {error.strerror}; run it with sudo, or choose another --prefix"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise BundleError(f"another installation into {self.folder} runs now; wait for its end") from None
        finally:
            os.close(lock)
