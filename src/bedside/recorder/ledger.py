"""What a session's folder says of its video: the rows of `frames.csv` and the lines of `segments.jsonl`.

What the disk does not take now is owed, within bounds, and written as soon as it can be.
"""

import os
from collections import deque
from collections.abc import Mapping
from typing import Any

from bedside.recorder.losses import Losses
from bedside.recorder.rows_file import RowsFile
from bedside.session.journal import Journal
from bedside.session.paths import Paths
from bedside.session.rows import Row, RowKind
from bedside.session.whole import sync_folder

MOST_OWED = 512


class Ledger:
    """One session's rows and lines. One thread uses it."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._file: RowsFile | None = None
        self._pending: list[Row] = []
        self._losses = Losses()
        self._owed: deque[Row] = deque(maxlen=MOST_OWED)
        self._lines: deque[Mapping[str, Any]] = deque(maxlen=MOST_OWED)

    def expect(self, row: Row) -> None:
        """A row that waits for pictures which are not on the disk yet: its own, or those before it."""
        self._pending.append(row)

    def come_true(self) -> int:
        """The pictures of all rows that wait are on the disk; how many they are. The rows are owed now."""
        pending, self._pending = self._pending, []
        self._owed.extend(pending)
        return sum(row.kind is RowKind.FRAME for row in pending)

    def come_to_nothing(self, where: str) -> int:
        """The pictures of the rows that wait are lost; how many they are."""
        pending, self._pending = self._pending, []
        frames = [row for row in pending if row.kind is RowKind.FRAME]
        for row in pending:
            if row.kind is RowKind.SIGNAL:
                self._owed.append(row)
            else:
                self._losses.add(row, where)
        return len(frames)

    def lose(self, row: Row, where: str) -> None:
        """A frame that will not be in the video."""
        self._losses.add(row, where)

    def note(self, row: Row) -> None:
        """What happened while no picture was written: a loss, or a change of the signal."""
        if row.kind is RowKind.LOSS:
            self._losses.add(row)
        else:
            self._owed.append(row)

    def line(self, line: Mapping[str, Any]) -> None:
        """A line on a segment."""
        self._lines.append(line)

    def pay_rows(self) -> None:
        """Writes the rows that are owed. Raises OSError; then they stay owed."""
        self._owed.extend(self._losses.take())
        if self._owed:
            self._file = self._file or RowsFile(self._paths.frames)
            self._file.append(self._owed)
            self._owed.clear()

    def pay(self) -> None:
        """Writes all that is owed. Raises OSError, SessionError; what was not written stays owed."""
        self.pay_rows()
        while self._lines:
            Journal(self._paths.segments).append(dict(self._lines[0]))
            self._lines.popleft()

    def sync(self) -> None:
        """On the disk when this returns. Raises OSError."""
        if self._file is not None:
            self._file.sync()
        file = os.open(self._paths.segments, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
        sync_folder(self._paths.folder)

    def close(self) -> None:
        """Lets go of the files."""
        if self._file is not None:
            self._file.close()
            self._file = None
