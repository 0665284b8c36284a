"""One session's folder, read: whole, broken off, copied away, or while it is written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bedside.errors import SessionError
from bedside.session import frame_table
from bedside.session.desk import VERSION
from bedside.session.frame_table import FrameTable
from bedside.session.journal import Journal
from bedside.session.names import ITEM, SESSION, VIDEO
from bedside.session.paths import Paths
from bedside.session.results import Results


@dataclass(frozen=True)
class Segment:
    """One file of video."""

    number: int
    path: Path
    about: Mapping[str, Any]
    """Its lines of `segments.jsonl`, together."""


@dataclass(frozen=True)
class Item:
    """A snapshot, or the best frame of a plane."""

    name: str
    picture: Path
    """PNG, the exact frame."""
    about: Mapping[str, Any]
    """Its JSON: `seq`, `captured_ns`, `result` ..."""
    mask: Path | None
    clip: Path | None
    """The seconds before it."""


class Recorded:
    """A session to be reviewed, replayed, reported or exported. What is read is read once, when it is first asked for.

    Every field raises SessionError for a file that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """Raises SessionError when `folder` is no session, or of a newer version."""
        self.folder = folder
        self.name = folder.resolve().name
        self.paths = Paths(folder)
        self.about = _about(self.paths.session)

    @cached_property
    def frames(self) -> FrameTable:
        """The frames of its video."""
        return frame_table.read(self.paths.frames)

    @cached_property
    def segments(self) -> Mapping[int, Segment]:
        """The files of its video, by number; those that are there."""
        abouts: dict[int, dict[str, Any]] = {}
        for line in Journal(self.paths.segments).read():
            if isinstance(number := line.get("segment"), int):
                abouts.setdefault(number, {}).update(line)
        found = {}
        for number, about in sorted(abouts.items()):
            name = str(about.get("file", ""))
            path = self.folder / name
            if VIDEO.fullmatch(name) and path.is_file() and not path.is_symlink():
                found[number] = Segment(number, path, about)
        return found

    @cached_property
    def results(self) -> Results:
        """What the engines answered during the scan."""
        return Results(self.paths)

    def replay(self, name: str) -> Results:
        """What another engine answered later. Raises SessionError when there is no such replay."""
        if not ITEM.fullmatch(name) or not self.paths.results(name).is_file():
            raise SessionError(
                f"session {self.name} has no replay {name!r}; it has {', '.join(self.replays) or 'none'}"
            )
        return Results(self.paths, name)

    @property
    def replays(self) -> list[str]:
        """Names of all replays that came to their end."""
        names = [path.stem.removeprefix("results-") for path in self.folder.glob("results-*.jsonl")]
        return sorted(name for name in names if ITEM.fullmatch(name))

    @cached_property
    def marks(self) -> list[dict[str, Any]]:
        """What people did and saw, oldest first."""
        return Journal(self.paths.marks).read()

    def notes(self) -> list[dict[str, Any]]:
        """What was said of it afterwards, oldest first; read anew each time."""
        return Journal(self.paths.review).read()

    @property
    def snapshots(self) -> list[Item]:
        """What people kept, by name."""
        return items(self.paths.snapshots)

    @property
    def best(self) -> list[Item]:
        """The best frame of each plane, by name."""
        return items(self.paths.best)

    @property
    def start_ns(self) -> int:
        """Monotonic time of its start: where its timeline begins."""
        start_ns = self.about.get("start_monotonic_ns")
        return start_ns if isinstance(start_ns, int) else 0

    def time_s(self, captured_ns: int) -> float:
        """Seconds since its start."""
        return (captured_ns - self.start_ns) / 1e9


def sessions(root: Path) -> list[Path]:
    """The folders of all sessions under `root`, newest first."""
    try:
        found = [path for path in root.iterdir() if SESSION.fullmatch(path.name) and Paths(path).session.is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SessionError(f"{root} cannot be read: {error.strerror}") from error
    return sorted(found, key=lambda path: path.name, reverse=True)


def items(folder: Path) -> list[Item]:
    """The pictures kept in `folder` with what lies beside them, by name; none when it is missing."""
    found = []
    for picture in sorted(folder.glob("*.png")):
        if picture.name.endswith(".mask.png"):
            continue
        try:
            about = json.loads(picture.with_suffix(".json").read_bytes())
        except (OSError, ValueError):
            about = {}
        mask, clip = picture.with_suffix(".mask.png"), picture.with_suffix(".mp4")
        found.append(
            Item(
                picture.stem,
                picture,
                about if isinstance(about, dict) else {},
                mask if mask.is_file() else None,
                clip if clip.is_file() else None,
            )
        )
    return found


def _about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise SessionError(f"{path.parent} is no session: it has no session.json") from error
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SessionError(f"{path} is damaged: {error}") from error
    version = about.get("version") if isinstance(about, dict) else None
    if not isinstance(version, int):
        raise SessionError(f"{path} is damaged: it has no version")
    if version > VERSION:
        raise SessionError(
            f"{path} is of version {version} and this Bedside reads up to {VERSION}; read it with a newer Bedside"
        )
    return dict(about)
