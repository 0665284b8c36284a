"""The environments that lie in the user's cache, complete or not."""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bedside import clock
from bedside.engine.venv import COMPLETE, environments, try_lock

DAY_S = 86400


@dataclass(frozen=True)
class Kept:
    """One environment."""

    folder: Path
    engine: str
    """The engine for which it was made; others with the same requirements share it."""
    python: str
    size_bytes: int
    used_ns: int
    """Wall time of its last use; 0 when it was never complete."""

    @property
    def is_complete(self) -> bool:
        """Whether an engine can start with it."""
        return self.used_ns > 0

    @property
    def age_days(self) -> float:
        """Since its last use."""
        return (clock.wall_ns() - self.used_ns) / clock.NS_PER_S / DAY_S

    @property
    def used(self) -> str:
        """The day of its last use, for a person."""
        return (
            datetime.fromtimestamp(self.used_ns / clock.NS_PER_S, UTC).date().isoformat() if self.used_ns else "never"
        )

    def remove(self) -> bool:
        """Remove it; False when an engine runs in it, or somebody builds it at the moment."""
        lock = os.open(self.folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not try_lock(lock):
                return False
            (self.folder / COMPLETE).unlink(missing_ok=True)  # first: half an environment is none
            shutil.rmtree(self.folder)
            for left in (".log", ".failed"):
                self.folder.with_suffix(left).unlink(missing_ok=True)
            return True
        finally:
            os.close(lock)


def kept() -> list[Kept]:
    """All environments of this user, the one used last first."""
    root = environments()
    found = [_look(folder) for folder in root.iterdir() if folder.is_dir()] if root.exists() else []
    return sorted(found, key=lambda one: -one.used_ns)


def _look(folder: Path) -> Kept:
    size = sum(map(_size, folder.rglob("*")))
    try:
        about = json.loads((folder / COMPLETE).read_text(encoding="utf-8"))
        return Kept(folder, about["engine"], about["python"], size, (folder / COMPLETE).stat().st_mtime_ns)
    except FileNotFoundError:
        return Kept(folder, "", "", size, 0)


def _size(path: Path) -> int:
    """In bytes; nothing for what is gone again, since somebody may be building or removing it."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
