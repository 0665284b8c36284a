"""`frames.csv` as columns: which frame lies where in the video, what was lost, and how the signal went."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.session.rows import COLUMNS, Row, RowKind, parsed

Column = NDArray[np.int64]
FRAME = f"{RowKind.FRAME},"


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
    lines = text.splitlines(keepends=True)
    others = [row for line in lines if not line.startswith(FRAME) and (row := parsed(line)) is not None]
    try:
        frames = _columns([line for line in lines if line.startswith(FRAME) and _is_whole(line)])
    except (ValueError, OverflowError):  # some line is damaged: each for itself, slowly
        frames = _columns([line for line in lines if line.startswith(FRAME) and _is_sound(line)])
    return FrameTable(
        *frames,
        tuple(row for row in others if row.kind is RowKind.LOSS),
        tuple(row for row in others if row.kind is RowKind.SIGNAL),
    )


def _is_whole(line: str) -> bool:
    return line.count(",") == len(COLUMNS) - 1 and line[-1] == "\n"


def _is_sound(line: str) -> bool:
    row = parsed(line)
    return row is not None and all(abs(number) < 2**62 for number in (row.seq, row.captured_ns, row.wall_ns, row.pts))


def _columns(lines: list[str]) -> tuple[Column, Column, Column, Column, Column, tuple[str, ...]]:
    """The columns of rows of frames, by their capture; all at once, since an hour has a hundred thousand."""
    fields = "".join(lines).replace("\n", ",").split(",")

    def column(name: str) -> Column:
        return np.array(list(map(int, fields[COLUMNS.index(name) : -1 : len(COLUMNS)])), np.int64)

    captured_ns = column("captured_ns")
    order = np.argsort(captured_ns, kind="stable")
    names = list(map(sys.intern, fields[COLUMNS.index("signal") : -1 : len(COLUMNS)]))
    signal = tuple(names[place] for place in order.tolist())
    sorted_ = (column(name)[order] for name in ("seq", "captured_ns", "wall_ns", "segment", "pts"))
    seq, captured_ns, wall_ns, segment, pts = sorted_
    return seq, captured_ns, wall_ns, segment, pts, signal
