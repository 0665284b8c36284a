"""An engine's own environment: made once from its requirements, kept for as long as these stay the same.

In: a requirements file and an interpreter. Out: a folder in the user's cache, named by the hash of all that decides
what is in it. Promises: it is there whole or not at all; two who want it at once make it once; what a killed build left
behind is made anew; an environment that is there needs no network.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bedside import clock
from bedside.engine.build import TICK_S, Progress, Say, cache
from bedside.engine.interpreter import Interpreter, ask_interpreter, find_interpreter
from bedside.engine.pip import Pip
from bedside.engine.requirements import fingerprint
from bedside.errors import BuildFailed

COMPLETE = "complete.json"
RETRY_S = 300.0
"""So long a failed build is not tried again by an engine that keeps starting; by hand it is tried at once."""


def environments() -> Path:
    """The folder of all environments of this user."""
    return cache("environments")


@dataclass(frozen=True)
class Venv:
    """The environment of the engine `name`, built or not."""

    name: str
    requirements: Path
    base: Interpreter
    folder: Path

    @property
    def what(self) -> str:
        """What it is, for a person."""
        return f"an environment with {self.requirements.name} for Python {self.base.release}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def wheels(self) -> Path:
        """Where packages are looked for first."""
        return self.requirements.parent / "wheels"

    @property
    def log(self) -> Path:
        """All that was printed while it was built."""
        return self.folder.with_suffix(".log")

    @property
    def is_built(self) -> bool:
        """Whether an engine can start with it."""
        return (self.folder / COMPLETE).exists()

    @property
    def failure(self) -> str:
        """Why its last build failed, as long as that is fresh; else empty."""
        failed = self._failed
        try:
            age_s = (clock.wall_ns() - failed.stat().st_mtime_ns) / clock.NS_PER_S
            return f"{self._who}{failed.read_text(encoding='utf-8')}" if abs(age_s) < RETRY_S else ""
        except OSError:
            return ""

    def build(self, say: Say) -> None:
        """Make it, unless it is there. Raises BuildFailed with what could not be installed and why."""
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with self._locked(say) as lock:
                if not self.is_built:
                    self._make(say, lock)
        except OSError as error:
            raise BuildFailed(
                f"[[engine]] {self.name}: its environment cannot be written: {error}; XDG_CACHE_HOME sets another place"
            ) from error

    def use(self) -> None:
        """Keep it from being removed while this process lives, also beyond an exec. Raises BuildFailed."""
        try:
            lock = os.open(self._lock, os.O_RDONLY)  # the cache may be read-only; whoever built it has made this file
            fcntl.flock(lock, fcntl.LOCK_SH)
        except OSError as error:
            raise BuildFailed(
                f"{self._who}its environment cannot be used: {error}; XDG_CACHE_HOME sets another place"
            ) from error
        os.set_inheritable(lock, True)
        if not self.is_built:
            raise BuildFailed(f"{self._who}its environment was removed just now; start again")
        with suppress(OSError):
            os.utime(self.folder / COMPLETE)  # when it was used last

    @property
    def _who(self) -> str:
        return f"[[engine]] {self.name}: "

    @property
    def _lock(self) -> Path:
        return self.folder.with_suffix(".lock")

    @property
    def _failed(self) -> Path:
        return self.folder.with_suffix(".failed")

    @contextmanager
    def _locked(self, say: Say) -> Iterator[int]:
        """The lock, which pip inherits: one that outlives a killed build still keeps others out of the folder."""
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not try_lock(lock):
                say(Progress("waits for another process that builds it"))
                clock.wait_s(TICK_S)
            yield lock
        finally:
            os.close(lock)

    def _make(self, say: Say, lock: int) -> None:
        self._failed.unlink(missing_ok=True)
        if self.folder.exists():
            say(Progress("removes what an interrupted build has left"))
            shutil.rmtree(self.folder)
        try:
            with self.log.open("w", encoding="utf-8") as log:
                Pip(self.base, self.folder, self.requirements, self.wheels, say, log, lock).install()
        except BuildFailed as error:
            sentence = f"{error}; all that was printed is in {self.log}"
            self._failed.write_text(sentence, encoding="utf-8")
            raise BuildFailed(f"{self._who}{sentence}") from error
        os.sync()  # after a cut of power no empty file may count as a package
        about = {"engine": self.name, "requirements": str(self.requirements), "python": self.base.release}
        fresh = self.folder / "complete.new"
        fresh.write_text(json.dumps(about), encoding="utf-8")
        fresh.replace(self.folder / COMPLETE)


def venv_for(requirements: Path, python: str, name: str) -> Venv:
    """The environment for a requirements file and the interpreter `python` (empty: this one).

    Raises SettingsError when one of them does not exist.
    """
    base = ask_interpreter(find_interpreter(python, name), name)
    full = requirements.expanduser().resolve()
    decides = [fingerprint(full, name), base.release, base.implementation, base.prefix]
    wheels = full.parent / "wheels"
    decides += sorted(path.name for path in wheels.glob("*")) if wheels.is_dir() else []
    digest = hashlib.sha256("\0".join(decides).encode()).hexdigest()
    return Venv(name, full, base, environments() / digest[:16])


def try_lock(lock: int) -> bool:
    """Take the lock behind a file descriptor; False when another process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
