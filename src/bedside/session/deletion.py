"""Sessions are deleted here, whole: renamed first, so that one that was interrupted is no session any more.

A deletion that was broken off is finished by the next one, and by the server when it starts. Links are removed, and
what they lead to is left alone.
"""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bedside import clock
from bedside.errors import NotNow, SessionError
from bedside.session import in_use, wanted
from bedside.session.names import SESSION
from bedside.session.paths import Live, Paths
from bedside.session.whole import sync_folder

QUIET_S = 3600.0
"""A session in which something was written, or at which a page looked, so lately is in use."""
DAY_S = 86400.0
GOING = "*.deleting"


def due(live: Live, keep_days: float) -> list[str]:
    """Names of the sessions that ended more than `keep_days` ago and are not in use, oldest first.

    In use is one that runs, that a verb reads, or in which something was written or looked at within QUIET_S. One that
    was broken off counts from its newest file. Raises SessionError.
    """
    running, now_ns = wanted.read(live).session, clock.wall_ns()
    found = []
    for path in sorted(live.root.iterdir()) if live.root.is_dir() else []:
        if not SESSION.fullmatch(path.name) or path.is_symlink() or not path.is_dir() or path.name == running:
            continue
        newest_ns = _newest_ns(path)
        is_over = _old_s(now_ns, _end_ns(path) or newest_ns) > keep_days * DAY_S
        if is_over and _old_s(now_ns, newest_ns) > QUIET_S and not in_use.is_read(path):
            found.append(path.name)
    return found


def delete(live: Live, name: str, told: Callable[[], None]) -> None:
    """Delete one session. `told` is called before anything is gone; when it raises, nothing is deleted.

    Raises NotNow for the running one and one that a verb reads, SessionError when there is none of that name, or it
    cannot be deleted.
    """
    path = live.root / name
    with wanted.changing(live):
        if not SESSION.fullmatch(name) or path.is_symlink() or not path.is_dir():
            raise SessionError(f"there is no session {name!r} in {live.root}; `bedside session list` tells which")
        if wanted.read(live).session == name:
            raise NotNow(f"session {name} runs; end it first, on the page or with `bedside session stop`")
        if in_use.is_read(path):
            raise NotNow(f"session {name} is replayed, exported or read just now; delete it when that is done")
        if not os.access(live.root, os.W_OK | os.X_OK):
            raise SessionError(f"{path} cannot be deleted: {live.root} cannot be written by this user")
        told()
        try:
            going = path.rename(live.root / f".{name}.deleting")
            sync_folder(live.root)
        except OSError as error:
            raise SessionError(f"{path} cannot be deleted: {error.strerror}") from error
    if fault := _finish(live).get(going):
        raise SessionError(fault)


def finish(live: Live) -> list[str]:
    """Remove what is left of every session whose deletion has begun; their names.

    Raises SessionError after the last one when some cannot be removed whole.
    """
    faults = _finish(live)
    if any(faults.values()):
        raise SessionError("; ".join(filter(None, faults.values())))
    return [path.name.removeprefix(".").removesuffix(".deleting") for path in faults]


def _finish(live: Live) -> dict[Path, str]:
    """What stands in the way of each; empty when it is gone."""
    found = [path for path in live.root.glob(f".{GOING}") if path.is_dir() and not path.is_symlink()]
    return {path: _remove(path) for path in found}


def _remove(path: Path) -> str:
    """What stands in the way; empty when it is gone."""
    for _ in range(3):  # another process may be at it, too, and each file that it was faster with ends the walk
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"{path} cannot be deleted whole: {error}; the next deletion goes on with it"
        break
    return f"{path} is being deleted by another process, too" if path.exists() else ""


def _end_ns(path: Path) -> int:
    """When it ended, by its session.json; 0 where that does not say."""
    try:
        about = json.loads(Paths(path).session.read_bytes())
    except (OSError, ValueError):
        return 0
    end = about.get("end_wall_ns") if isinstance(about, dict) else None
    return end if isinstance(end, int) else 0


def _newest_ns(path: Path) -> int:
    newest_ns = path.lstat().st_mtime_ns
    for one in path.rglob("*"):
        with suppress(FileNotFoundError):  # it has just been renamed: its folder's time says so
            newest_ns = max(newest_ns, one.lstat().st_mtime_ns)
    return newest_ns


def _old_s(now_ns: int, then_ns: int) -> float:
    return (now_ns - then_ns) / clock.NS_PER_S
