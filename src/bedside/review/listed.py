"""All sessions of a folder, each in a line, also those that are broken."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bedside.errors import SessionError
from bedside.review.summary import end_of, state_of
from bedside.session.in_use import looked_at
from bedside.session.names import SESSION
from bedside.session.paths import Paths
from bedside.session.recorded import Recorded
from bedside.session.rows import TIME_BASE

KEPT = 1000
EMPTY: Mapping[str, Any] = {
    "start": "",
    "participant": "",
    "arm": "",
    "duration_s": 0.0,
    "video_s": 0.0,
    "frames": 0,
    "losses": 0,
    "snapshots": 0,
    "best": 0,
    "replays": [],
    "is_running": False,
    "is_ended": False,
    "problem": "",
}


class Shelf:
    """The sessions under one folder, or one session that lies anywhere. Blocking, and for one thread at a time."""

    def __init__(self, root: Path, only: Path | None = None) -> None:
        """With `only`, that folder alone is there. Raises SessionError when it is none, or has no session's name."""
        self._root = root
        self._only = {self.name_of(only): only} if only is not None else None
        self._known: OrderedDict[Path, tuple[object, dict[str, Any]]] = OrderedDict()

    def find(self, name: str) -> Path:
        """The folder of a session, which is looked at now. Raises SessionError when there is none of this name."""
        folders = self._only if self._only is not None else {name: self._root / name}
        folder = folders.get(name)
        is_link = self._only is None and folder is not None and folder.is_symlink()  # it may lead anywhere
        if folder is None or not SESSION.fullmatch(name) or is_link or not folder.is_dir():
            raise SessionError(f"there is no session {name[:60]!r}; the list of sessions has those that are there")
        looked_at(folder)
        return folder

    @staticmethod
    def name_of(folder: Path) -> str:
        """What a session is called; one that was copied under another name, as it says itself. Raises SessionError."""
        recorded = Recorded(folder)
        for name in (recorded.name, str(recorded.about.get("name", ""))):
            if SESSION.fullmatch(name):
                return name
        raise SessionError(f"{folder} has no session's name, such as 2026-11-23T10-12-33_P1; name the folder so")

    def listed(self) -> list[dict[str, Any]]:
        """All of them, newest first. Raises SessionError when the folder of all sessions cannot be read."""
        return [self._line(name, folder) for name, folder in sorted(self._folders().items(), reverse=True)]

    def _folders(self) -> dict[str, Path]:
        if self._only is not None:
            return self._only
        try:
            found = [path for path in self._root.iterdir() if SESSION.fullmatch(path.name)]
            return {path.name: path for path in found if path.is_dir() and not path.is_symlink()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SessionError(f"{self._root} cannot be read: {error.strerror}") from error

    def _line(self, name: str, folder: Path) -> dict[str, Any]:
        """What is told of one; counted anew only when its files have changed."""
        stamp = _stamp(folder)
        known = self._known.pop(folder, None)
        if known is None or known[0] != stamp or known[1]["is_running"]:
            known = stamp, {"name": name, **EMPTY, **_told(folder)}
        self._known[folder] = known
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known[1]


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = {}
    try:
        recorded = Recorded(folder)
        about = recorded.about
        told |= {key: text for key in ("start", "participant", "arm") if isinstance(text := about.get(key), str)}
        state = state_of(recorded)
        told |= {"is_running": state == "running", "is_ended": state == "ended"}
        told |= {"snapshots": len(recorded.snapshots), "best": len(recorded.best), "replays": recorded.replays}
        told |= _counted(recorded)
    except SessionError as error:
        told["problem"] = str(error)
    except (ValueError, TypeError, LookupError, OSError) as error:
        told["problem"] = f"{folder.name} is damaged ({type(error).__name__}: {error})"
    return told


def _counted(recorded: Recorded) -> dict[str, Any]:
    table = recorded.frames
    ends = np.flatnonzero(np.append(table.segment[1:] != table.segment[:-1], True)[: len(table)])
    starts = np.append(0, ends[:-1] + 1)[: len(ends)]
    ticks = int((table.pts[ends] - table.pts[starts]).sum())
    return {
        "duration_s": recorded.time_s(end_of(recorded, {})),
        "video_s": ticks / TIME_BASE,
        "frames": len(table),
        "losses": sum(max(0, row.count) for row in table.losses),
    }


def _stamp(folder: Path) -> object:
    paths = Paths(folder)
    found = []
    for path in (paths.session, paths.frames, paths.marks, paths.snapshots, paths.best, folder):
        try:
            found.append(path.stat().st_mtime_ns)
        except OSError:
            found.append(0)
    return found
