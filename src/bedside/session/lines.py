"""A file of JSON lines, read where it is needed: a long one opens at once, and takes no memory."""

import json
import os
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.session.heads import head

CHUNK_BYTES = 4 << 20


class Lines:
    """The whole lines of a `.jsonl` file as they were when it was opened; a torn last one is left out.

    Nothing is mapped into memory: a file that somebody makes shorter meanwhile gives empty lines and does not end the
    process.
    """

    def __init__(self, path: Path) -> None:
        """A missing file has no lines. Raises SessionError for one that cannot be read."""
        self.path = path
        self._file = -1
        self._starts: NDArray[np.int64] = np.zeros(1, np.int64)
        try:
            self._file = os.open(path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._file)
            self.read_on()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise SessionError(f"{path} cannot be read: {error.strerror}") from error

    def __len__(self) -> int:
        return len(self._starts) - 1

    def read_on(self) -> int:
        """Finds the lines that were written since; how many. Raises OSError."""
        before, found = len(self), [self._starts]
        at = int(self._starts[-1])
        while self._file >= 0 and (data := os.pread(self._file, CHUNK_BYTES, at)):
            found.append(np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + (at + 1))
            at += len(data)
        self._starts = np.concatenate(found)
        return len(self) - before

    def raw(self, index: int) -> bytes:
        """One line's bytes, with its end."""
        start, end = self._starts[index : index + 2].tolist()
        return os.pread(self._file, end - start, start)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One line's object; an empty one where the line is broken."""
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path.name} has no line {index}; it has {len(self)}")
        return _parsed(self.raw(index))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (_parsed(line) for line in self._all())

    def heads(self) -> Iterator[dict[str, Any]]:
        """Of every result what tables are made of, without its answer, which is most of it."""
        return map(head, self._all())

    def _all(self) -> Iterator[bytes]:
        """Every line's bytes, read in large pieces."""
        first, starts = 0, self._starts
        while first < len(starts) - 1:
            start = int(starts[first])
            stop = max(first + 1, int(np.searchsorted(starts, start + CHUNK_BYTES, "right")) - 1)
            data = os.pread(self._file, int(starts[stop]) - start, start)
            bounds = (starts[first : stop + 1] - start).tolist()
            yield from (data[begin:end] for begin, end in pairwise(bounds))
            first = stop


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}
