"""Each frame that the recording lacks, beside the fault that cost it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av

from bedside.session.recorded import Recorded
from bedside.session.rows import Row, RowKind
from bench import recording
from bench.endurance.faults import Fault

BEFORE_NS, AFTER_NS = int(2e9), int(4e9)
"""A loss may be of frames from before the fault, as when a recorder dies with a second that is not on the disk, and its
row may stand at the first frame that came after it."""


@dataclass(frozen=True)
class Explained:
    """Rows of frames.csv that say that frames were lost, of one place and one cause."""

    count: int
    where: str
    captured_ns: int
    """Of the first."""
    rows: int
    fault: str
    """Its kind; empty where none was near."""


def explained(rows: Iterable[Row], faults: Sequence[Fault]) -> list[Explained]:
    """All losses, each with the fault in whose time it falls; those of one place and one fault together."""
    found: list[Explained] = []
    last: tuple[str, Fault | None] | None = None
    for row in rows:
        if row.kind is not RowKind.LOSS:
            continue
        cause = _cause(row.captured_ns, faults)
        if last == (row.where, cause):
            found[-1] = replace(found[-1], count=found[-1].count + row.count, rows=found[-1].rows + 1)
        else:
            found.append(Explained(row.count, row.where, row.captured_ns, 1, cause.kind if cause else ""))
        last = (row.where, cause)
    return found


def _cause(captured_ns: int, faults: Sequence[Fault]) -> Fault | None:
    """The newest fault that was done before, and not long over."""
    for fault in reversed(faults):
        end_ns = fault.back_ns or fault.over_ns + int(60e9)
        if fault.at_ns - BEFORE_NS <= captured_ns <= end_ns + AFTER_NS:
            return fault
    return None


def rows_of(session: Path) -> list[Row]:
    """All rows of a session's frames.csv."""
    return list(recording.rows(session))


def unplayable(session: Path) -> list[str]:
    """Files of video with another number of pictures than rows say, a sentence each; none when all is well."""
    counts: dict[int, int] = {}
    for row in recording.rows(session):
        if row.kind is RowKind.FRAME:
            counts[row.segment] = counts.get(row.segment, 0) + 1
    found = []
    for number, segment in Recorded(session).segments.items():
        with av.open(str(segment.path)) as file:
            pictures = sum(1 for packet in file.demux(video=0) if packet.size)
        if pictures != counts.get(number, 0):
            found.append(f"{segment.path.name} has {pictures} pictures, and {counts.get(number, 0)} rows")
    return found
