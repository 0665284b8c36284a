"""Frames that are not in the video and were wanted there, until a row can say so."""

from dataclasses import replace

from bedside.session.rows import Row, RowKind

MOST_ROWS = 64
"""More different losses than this at once are told as one."""


class Losses:
    """Gathers losses and gives them out as rows; those that adjoin become one row."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    @property
    def count(self) -> int:
        """Frames that wait for their row."""
        return sum(row.count for row in self._rows)

    def add(self, row: Row, where: str = "") -> None:
        """A loss, or, with `where`, the row of a frame that became one."""
        if row.kind is RowKind.FRAME:
            row = replace(row, kind=RowKind.LOSS, segment=-1, pts=-1, where=where)
        last = self._rows[-1] if self._rows else None
        adjoins = last is not None and last.where == row.where and last.seq + last.count == row.seq
        if last is not None and (adjoins or len(self._rows) >= MOST_ROWS):
            self._rows[-1] = replace(row, seq=last.seq, count=last.count + row.count, where=last.where)
        else:
            self._rows.append(row)

    def take(self) -> list[Row]:
        """All rows; they are the taker's now."""
        rows, self._rows = self._rows, []
        return rows
