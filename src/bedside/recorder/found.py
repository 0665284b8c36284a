"""What a recorder that starts finds in a session's folder: how far the one before came."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import av
import av.error

from bedside.session.journal import Journal
from bedside.session.paths import Paths
from bedside.session.rows import Row, RowKind, parsed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A session's video so far."""

    last_segment: int = -1
    frames: int = 0
    losses: int = 0
    video_bytes: int = 0
    last: Row | None = None
    """The newest frame of the video, when it was broken off and no row says so yet."""
    recovered: tuple[Mapping[str, Any], ...] = ()
    """Lines that say what is left of segments that nobody has closed."""


def find(paths: Paths) -> Found:
    """Reads it, once, at a start. Raises OSError, SessionError."""
    rows = list(_rows(paths.frames))
    frames = [row for row in rows if row.kind is RowKind.FRAME]
    after = takewhile(lambda row: row.kind is not RowKind.FRAME, reversed(rows))
    is_told = any(row.where == "killed" for row in after)
    videos = sorted(paths.folder.glob("video-*.m[pk][4v]"))
    numbers = [int(path.stem.removeprefix("video-")) for path in videos if path.stem[6:].isdigit()]
    lines = Journal(paths.segments).read()
    ended = {line.get("segment") for line in lines if line.get("event") in ("closed", "recovered")}
    opened = {line.get("segment"): str(line.get("file", "")) for line in lines if line.get("event") == "opened"}
    is_broken_off = bool(lines) and lines[-1].get("event") in ("opened", "recovered")
    torn = {number: paths.folder / Path(file).name for number, file in opened.items() if number not in ended}
    return Found(
        max([-1, *numbers, *(row.segment for row in frames)]),
        len(frames),
        sum(row.count for row in rows if row.kind is RowKind.LOSS),
        sum(path.stat().st_size for path in videos),
        frames[-1] if frames and is_broken_off and not is_told else None,
        tuple(_recovered(number, path) for number, path in torn.items()),
    )


def count(path: Path) -> int:
    """Pictures in a file that may be broken off; 0 for one that cannot be opened."""
    found = 0
    try:
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                found += packet.size > 0 and not packet.is_corrupt
    except (av.error.FFmpegError, OSError, IndexError):
        pass
    return found


def _recovered(number: object, path: Path) -> Mapping[str, Any]:
    size = path.stat().st_size if path.exists() else 0
    line = {"segment": number, "event": "recovered", "frames": count(path), "bytes": size}
    log.warning("%s was broken off: %d pictures are in it", path, line["frames"])
    return line


def _rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            yield from filter(None, map(parsed, file))
    except FileNotFoundError:
        return
