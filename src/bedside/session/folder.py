"""One session's folder, and the only code that knows what lies where in it.

sessions/2026-11-23T10-12-33_P1/      UTC; the participant's code
  session.json                        who, when, versions
  marks.jsonl                         what people did, one line each
  snapshots/4711_pcbm.png  .json      the exact frame, its result; .mask.png where there is a mask
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.errors import SessionError
from bedside.session.journal import Journal

VERSION = 1
SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
PARTICIPANT = re.compile(r"(?=.*[0-9])[A-Za-z0-9_-]{1,16}")


class Session:
    """A folder that is made with the first thing kept. Blocking: call it in one thread; see `hub/snapshot.py`."""

    def __init__(self, root: Path, participant: str = "", versions: Mapping[str, str] | None = None) -> None:
        """`root` is the folder of all sessions. Raises SessionError for a participant that is no code."""
        if participant and not PARTICIPANT.fullmatch(participant):
            raise SessionError(
                f"participant is {participant!r}; expected a code of at most 16 letters, digits, - and _ with a digit "
                "in it, such as P1, and never a name"
            )
        self.root = root
        self.participant = participant
        self.versions = dict(versions or {})
        self._path: Path | None = None

    @property
    def is_open(self) -> bool:
        """Whether something has been kept."""
        return self._path is not None

    def open(self) -> Path:
        """The folder, made now if it is not there. Raises SessionError."""
        if self._path is None:
            self._path = self._make()
        return self._path

    def keep_snapshot(self, name: str, files: Mapping[str, bytes], mark: Mapping[str, Any]) -> str:
        """Writes `snapshots/NAME` + suffix for each of `files`, `.png` among them, then a line into the marks.

        A name that another picture of this session has gets a number. Returns the path of the picture, relative to the
        folder of all sessions. Raises SessionError.
        """
        if not SNAPSHOT_NAME.fullmatch(name):
            raise SessionError(f"a snapshot's name is {name!r}; expected letters, digits, - and _")
        folder = self.open() / "snapshots"
        try:
            folder.mkdir(exist_ok=True)
            name = _own_name(folder, name, files[".png"])
            for suffix, data in files.items():
                _write(folder / f"{name}{suffix}", data)
        except OSError as error:
            raise _refused(folder, error) from error
        self.mark("snapshot", name=name, **mark)
        return f"{self.open().name}/snapshots/{name}.png"

    def mark(self, kind: str, **fields: Any) -> None:
        """One line in `marks.jsonl`: what happened, and when in wall time. Raises SessionError."""
        Journal(self.open() / "marks.jsonl").append({"mark": kind, "wall_ns": clock.wall_ns(), **fields})

    def snapshots(self) -> list[dict[str, Any]]:
        """The marks of this session's snapshots, oldest first."""
        if self._path is None:
            return []
        return [mark for mark in Journal(self._path / "marks.jsonl").read() if mark.get("mark") == "snapshot"]

    def snapshot_png(self, name: str) -> bytes:
        """The picture of a snapshot. Raises SessionError when there is none of this name."""
        if self._path is None or not SNAPSHOT_NAME.fullmatch(name):
            raise SessionError(f"this session has no snapshot {name[:100]!r}")
        try:
            return (self._path / "snapshots" / f"{name}.png").read_bytes()
        except OSError as error:
            raise SessionError(f"this session has no snapshot {name[:100]!r}") from error

    def _make(self) -> Path:
        start_ns = clock.wall_ns()
        start = datetime.fromtimestamp(start_ns / clock.NS_PER_S, UTC)
        stamp = "_".join(filter(None, [start.strftime("%Y-%m-%dT%H-%M-%S"), self.participant]))
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            path = _fresh(self.root, stamp)
            about = {
                "version": VERSION,
                "start": start.isoformat(timespec="milliseconds"),
                "start_wall_ns": start_ns,
                "start_monotonic_ns": clock.monotonic_ns(),
                "participant": self.participant,
                "versions": self.versions,
            }
            _write(path / "session.json", json.dumps(about, indent=2).encode() + b"\n")
        except OSError as error:
            raise _refused(self.root, error) from error
        return path


def _fresh(root: Path, stamp: str) -> Path:
    """A new folder, with a number where two sessions start within one second."""
    number = 1
    while True:
        path = root / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir(mode=0o700)
            return path
        except FileExistsError:
            number += 1


def _own_name(folder: Path, name: str, png: bytes) -> str:
    """`name`, with a number where a frame of an earlier broadcaster, which counted from 1 too, has it already."""
    number, own = 1, name
    while (path := folder / f"{own}.png").exists() and path.read_bytes() != png:
        number += 1
        own = f"{name}-{number}"
    return own


def _write(path: Path, data: bytes) -> None:
    """The whole file or nothing, on the disk when this returns."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refused(folder: Path, error: OSError) -> SessionError:
    return SessionError(
        f"{folder} cannot be written: {error.strerror}; nothing was kept. "
        "Free some space, or set another [session] folder"
    )
