"""Sessions are deleted here, whole: renamed first, so that one that was interrupted is no session any more.

A deletion that was broken off is finished by the next one. Links are removed, and what they lead to is left alone.
"""

import json
import shutil
from collections.abc import Callable
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
        told()
        try:
            going = path.rename(live.root / f".{name}.deleting")
            sync_folder(live.root)
        except OSError as error:
            raise SessionError(f"{path} cannot be deleted: {error.strerror}") from error
    _remove(going)


def finish(live: Live) -> list[str]:
    """Finish the deletions that were broken off; their names. Raises SessionError."""
    found = [path for path in live.root.glob(f".{GOING}") if path.is_dir() and not path.is_symlink()]
    for path in found:
        _remove(path)
    return [path.name.removeprefix(".").removesuffix(".deleting") for path in found]


def _remove(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return  # another process has finished it
    except OSError as error:
        raise SessionError(f"{path} cannot be deleted whole: {error}; the next deletion goes on with it") from error


def _end_ns(path: Path) -> int:
    """When it ended, by its session.json; 0 where that does not say."""
    try:
        about = json.loads(Paths(path).session.read_bytes())
    except (OSError, ValueError):
        return 0
    end = about.get("end_wall_ns") if isinstance(about, dict) else None
    return end if isinstance(end, int) else 0


def _newest_ns(path: Path) -> int:
    return max(one.lstat().st_mtime_ns for one in [path, *path.rglob("*")])


def _old_s(now_ns: int, then_ns: int) -> float:
    return (now_ns - then_ns) / clock.NS_PER_S
