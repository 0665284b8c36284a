"""`frames.csv`, written: a row is whole or not there."""

import os
from collections.abc import Collection
from pathlib import Path

from bedside.session.rows import HEADER, Row


class RowsFile:
    """Appends rows. One thread uses it."""

    def __init__(self, path: Path) -> None:
        """Opens it, with its header; a torn last line gets its end. Raises OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        if not self._size:
            self._append(HEADER.encode())
        elif os.pread(self._file, 1, self._size - 1) != b"\n":
            self._append(b"\n")

    def append(self, rows: Collection[Row]) -> None:
        """All of them or none. Raises OSError."""
        if rows:
            self._append("".join(row.text for row in rows).encode("ascii"))

    def sync(self) -> None:
        """On the disk when this returns. Raises OSError."""
        os.fsync(self._file)

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._file)

    def _append(self, data: bytes) -> None:
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)
