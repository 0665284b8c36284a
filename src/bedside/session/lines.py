"""A file of JSON lines, read where it is needed: a long one opens at once."""

import json
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bedside.errors import SessionError


class Lines:
    """The whole lines of a `.jsonl` file as they were when it was opened; a torn last one is left out."""

    def __init__(self, path: Path) -> None:
        """A missing file has no lines. Raises SessionError for one that cannot be read."""
        self.path = path
        self._data: mmap.mmap | bytes = b""
        try:
            with path.open("rb") as file:
                if file.seek(0, 2):
                    self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise SessionError(f"{path} cannot be read: {error.strerror}") from error
        ends = np.flatnonzero(np.frombuffer(self._data, np.uint8) == ord("\n")) + 1
        self._starts = np.concatenate([[0], ends]).astype(np.int64)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def raw(self, index: int) -> bytes:
        """One line's bytes, with its end."""
        return bytes(self._data[int(self._starts[index]) : int(self._starts[index + 1])])

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One line's object; an empty one where the line is broken."""
        try:
            entry = json.loads(self.raw(index))
        except ValueError:
            return {}
        return entry if isinstance(entry, dict) else {}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))
