"""The rows of `frames.csv`: each frame of the video, each loss, each change of the signal. docs/reference/session.md.

`seq` is -1, `pts` and `segment` are -1 where a row has none, so that every column keeps its type.
"""

from dataclasses import astuple, dataclass, fields
from enum import StrEnum

TIME_BASE = 90_000
"""`pts` counts so many a second, from 0 at the first frame of its segment."""


class RowKind(StrEnum):
    """What a row speaks of."""

    FRAME = "frame"
    """A picture in the video."""
    LOSS = "loss"
    """Frames that are not in the video and were wanted there; `where` says who lost them."""
    SIGNAL = "signal"
    """The signal changed and there was no picture to say so, such as unplugged."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `frames.csv`."""

    kind: RowKind
    seq: int
    """Of the frame; of a loss the first that is missing; -1 where there is none."""
    count: int
    """Frames that this row stands for: 1, of a loss how many, of a change of the signal 0."""
    captured_ns: int
    """Monotonic; of a loss that of the next frame that came, or when it was noticed."""
    wall_ns: int
    signal: str
    segment: int = -1
    pts: int = -1
    where: str = ""
    """Of a loss: source, bus, mailbox, recorder, disk, or killed."""

    @property
    def text(self) -> str:
        """The line, with its end. No field can hold a comma."""
        return ",".join(map(str, astuple(self))) + "\n"


COLUMNS = tuple(field.name for field in fields(Row))
HEADER = ",".join(COLUMNS) + "\n"


def parsed(line: str) -> Row | None:
    """The row in a line with its end; None for a torn one, the header, and a kind that this version does not know."""
    values = line.rstrip("\n").split(",")
    if not line.endswith("\n") or len(values) != len(COLUMNS):
        return None
    try:
        kind, (seq, count, captured_ns, wall_ns) = RowKind(values[0]), map(int, values[1:5])
        return Row(kind, seq, count, captured_ns, wall_ns, values[5], int(values[6]), int(values[7]), values[8])
    except ValueError:
        return None
