"""`results.jsonl` with its masks: one line a result, written as it comes and read by number."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.messages import Result
from bedside.session.lines import Lines
from bedside.session.paths import Paths

VERSION = 1
PNG_FILTER, NO_FILTER = 19, 8
"""`cv2.IMWRITE_PNG_FILTER`, which versions before 4.12 have no name for and pass over."""
LABEL_MAP = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
LABEL_MAP += [PNG_FILTER, NO_FILTER]
"""For areas of one value: 3.5 ms and 4 kB for 1920 x 1080, where the usual way takes 12.5 ms and 17 kB."""
TIMES = ("published_ns", "taken_ns", "asked_ns", "answered_ns", "model_ms", "added_ms")


def line_of(
    result: Result, wall_ns: int, signal: str, answer: Mapping[str, Any], mask_missing: str = ""
) -> dict[str, Any]:
    """A result as its line; `answer` is its answer as plain JSON, without mask and images.

    What tables are made of stands flat and first; `label`, `level` and `score` are the verdict's. `mask_missing` says
    why the mask that the answer had is not kept: `setting`, `behind` (writing was slower than the engine), `disk` (it
    was full) or `unfit`.
    """
    verdict = answer.get("verdict")
    verdict = verdict if isinstance(verdict, Mapping) else {}
    return {
        "version": VERSION,
        "seq": result.seq,
        "engine": result.engine,
        "captured_ns": result.timing.captured_ns,
        "wall_ns": wall_ns,
        "signal": signal,
        "label": verdict.get("label"),
        "level": verdict.get("level"),
        "score": verdict.get("score"),
        "error": result.error,
        "missing": dict(result.missing),
        **{name: getattr(result.timing, name) for name in TIMES},
        "answer": dict(answer),
        "mask": None,
        "mask_missing": mask_missing,
    }


class ResultsFile:
    """The writer's side. Blocking; one writer, one thread."""

    def __init__(self, paths: Paths, replay: str = "") -> None:
        """Raises SessionError when the files cannot be written."""
        self._paths = paths.results(replay), paths.masks(replay)
        try:
            self._lines = _appending(self._paths[0])
            self._masks = _appending(self._paths[1])
            if _is_torn(self._paths[0]):
                os.write(self._lines, b"\n")
        except OSError as error:
            raise SessionError(f"{self._paths[0]} cannot be written: {error.strerror}") from error

    def append(self, line: dict[str, Any], mask: NDArray[np.uint8] | None = None) -> None:
        """One line, in one write; its mask, uint8 [height, width], is on its way to the disk before it.

        Raises SessionError when the disk is full.
        """
        try:
            if mask is not None:
                line["mask"] = self._append_mask(mask)
            data = json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n"
            if (written := os.write(self._lines, data)) != len(data):
                os.ftruncate(self._lines, os.fstat(self._lines).st_size - written)
                raise OSError(28, os.strerror(28))
        except OSError as error:
            raise SessionError(
                f"{self._paths[0].name} cannot be continued: {error.strerror}; free some space"
            ) from error

    def sync(self) -> None:
        """All of it is on the disk when this returns. Raises OSError."""
        os.fsync(self._masks)
        os.fsync(self._lines)

    def close(self) -> None:
        """Ends the writing."""
        os.close(self._lines)
        os.close(self._masks)

    def _append_mask(self, mask: NDArray[np.uint8]) -> dict[str, int]:
        ok, png = cv2.imencode(".png", mask, LABEL_MAP)
        if not ok:
            raise SessionError("a mask could not be written as PNG")
        data = png.tobytes()
        offset = os.fstat(self._masks).st_size
        if os.write(self._masks, data) != len(data):
            os.ftruncate(self._masks, offset)
            raise OSError(28, os.strerror(28))
        return {"offset": offset, "bytes": len(data), "width": mask.shape[1], "height": mask.shape[0]}


@dataclass(frozen=True, slots=True)
class ResultKey:
    """Which result a line is, without the rest of it."""

    seq: int
    engine: str
    captured_ns: int


class Results:
    """The reader's side, also while it is written: what was there when it was opened."""

    def __init__(self, paths: Paths, replay: str = "") -> None:
        """Raises SessionError for a file that cannot be read, or of a newer version."""
        self.replay = replay
        self._masks = paths.masks(replay)
        self.lines = Lines(paths.results(replay))
        version = self.lines[0].get("version", VERSION) if len(self.lines) else VERSION
        if not isinstance(version, int) or version > VERSION:
            raise SessionError(
                f"{self.lines.path} is of version {version} and this Bedside reads up to {VERSION}; "
                "read it with a newer Bedside"
            )

    def __len__(self) -> int:
        return len(self.lines)

    def mask(self, line: Mapping[str, Any]) -> NDArray[np.uint8] | None:
        """The mask of a line, uint8 [height, width]; None where it has none, or it is damaged."""
        where = line.get("mask")
        if not isinstance(where, Mapping):
            return None
        try:
            with self._masks.open("rb") as file:
                file.seek(int(where["offset"]))
                data = file.read(int(where["bytes"]))
        except (OSError, ValueError, LookupError, TypeError):
            return None
        mask = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
        return None if mask is None else np.asarray(mask, np.uint8)


def _appending(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _is_torn(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return False
        file.seek(-1, 2)
        return file.read(1) != b"\n"
