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
    came_up_ns: int
    """When it was last switched to and came up; 0 is never."""


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
            found.append(Version(file.parent.name, int(about["installed_ns"]), int(about["came_up_ns"])))
        return sorted(found, key=lambda one: -one.installed_ns)

    def before(self) -> str:
        """The one that was installed before the current one and has run. Raises BundleError when there is none."""
        found = self.installed()
        names = [one.name for one in found]
        later = names.index(self.current_name) if self.current_name in names else len(names)
        for one in found[later + 1 :]:
            if one.came_up_ns:
                return one.name
        raise BundleError(f"there is no version before {self.current_name or 'the first'} in {self.versions}")

    def way_back(self, name: str) -> str:
        """The version to bring back if `name` does not come up; empty when there is none.

        It is the one that came up last. A version that runs already and is only started anew has none: going back
        would mend nothing.
        """
        found = {one.name: one.came_up_ns for one in self.installed()}
        if name == self.current_name and found.get(name):
            return ""
        others = {other: came_up_ns for other, came_up_ns in found.items() if came_up_ns and other != name}
        return max(others, key=lambda other: others[other], default="")

    def complete(self, name: str) -> None:
        """Say that this version is there whole, once all of it is on the disk."""
        os.sync()
        self._note(name, clock.wall_ns(), 0)

    def came_up(self, name: str) -> None:
        """Say that this version has come up: from now on it is one to go back to."""
        (one,) = [one for one in self.installed() if one.name == name]
        self._note(name, one.installed_ns, clock.wall_ns())

    def _note(self, name: str, installed_ns: int, came_up_ns: int) -> None:
        fresh = self.versions / name / f"{COMPLETE}.new"
        fresh.write_text(json.dumps({"installed_ns": installed_ns, "came_up_ns": came_up_ns}), encoding="utf-8")
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
        """Remove all but the current version and the last three that came up; the names of what is gone."""
        keep = {one.name for one in [one for one in self.installed() if one.came_up_ns][:KEPT]} | {self.current_name}
        old = [path.name for path in self.versions.iterdir() if path.name not in keep] if self.versions.is_dir() else []
        for name in old:
            self.remove(name)
        return old

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else installs here meanwhile.

        Raises BundleError when somebody does, when this folder cannot be written, or for what the disk says meanwhile.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BundleError(
                f"{self.folder} cannot be written: {error.strerror}; run it with sudo, or choose another --prefix"
            ) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BundleError(f"another installation into {self.folder} runs now; wait for its end") from None
            yield
        except OSError as error:
            raise BundleError(f"the installation was broken off: {error}; repeat the command") from error
        finally:
            os.close(lock)
