"""`frames.csv` as columns: which frame lies where in the video, what was lost, and how the signal went."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.session.rows import Row, RowKind, parsed

Column = NDArray[np.int64]


@dataclass(frozen=True)
class FrameTable:
    """The frames of a session's video in the order of their capture; columns of one length."""

    seq: Column
    captured_ns: Column
    wall_ns: Column
    segment: Column
    pts: Column
    """In 1/90000 s, from 0 at the first frame of the segment."""
    signal: tuple[str, ...]
    losses: tuple[Row, ...]
    signals: tuple[Row, ...]
    """Changes of the signal that had no picture."""

    def __len__(self) -> int:
        return len(self.seq)

    def index_at(self, captured_ns: int) -> int:
        """The last frame that was captured not later; 0 before the first, -1 when there is none."""
        return max(0, int(np.searchsorted(self.captured_ns, captured_ns, "right")) - 1) if len(self) else -1

    def index_of(self, seq: int, captured_ns: int) -> int | None:
        """Frame `seq`, captured then; None when it is not in the video."""
        index = self.index_at(captured_ns)
        is_it = index >= 0 and self.seq[index] == seq and self.captured_ns[index] == captured_ns
        return index if is_it else None


def read(path: Path) -> FrameTable:
    """The table; without rows when the file is missing; torn lines are left out. Raises SessionError."""
    try:
        text = path.read_text("ascii", errors="replace")
    except FileNotFoundError:
        text = ""
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror}") from error
    rows = [row for line in text.splitlines(keepends=True) if (row := parsed(line)) is not None]
    frames = sorted((row for row in rows if row.kind is RowKind.FRAME), key=lambda row: row.captured_ns)

    def column(name: str) -> Column:
        return np.array([getattr(row, name) for row in frames], np.int64)

    return FrameTable(
        column("seq"),
        column("captured_ns"),
        column("wall_ns"),
        column("segment"),
        column("pts"),
        tuple(row.signal for row in frames),
        tuple(row for row in rows if row.kind is RowKind.LOSS),
        tuple(row for row in rows if row.kind is RowKind.SIGNAL),
    )
