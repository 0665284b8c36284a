"""Which lines of a results file belong to which frames of the video, without holding the file in memory."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.review.answered import Answered, answered, is_time
from bedside.session.frame_table import FrameTable
from bedside.session.results import Results

NOT_SHOWN = -1


class ByFrame:
    """The results of a scan or of one replay, found by the row of their frame."""

    def __init__(self, results: Results, table: FrameTable) -> None:
        """Reads every line once; an hour's take about a second."""
        self.results = results
        keys: list[tuple[int, int]] = []
        self.answered: Mapping[str, Answered]
        """By engine, what each said when."""
        self.answered, self.unusable = answered(_noted(results.lines.heads(), keys))
        seq, captured_ns = np.array(keys, np.int64).reshape(-1, 2).T
        frame = _rows_of(table, seq, captured_ns)
        self._order = np.argsort(frame, kind="stable")
        self._frame = frame[self._order]

    def lines(self, first: int, count: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """The results of rows `first` to `first + count` of the FrameTable, each with its row, in order."""
        start, stop = np.searchsorted(self._frame, [max(0, first), first + count]).tolist()
        for place in range(start, stop):
            line = self.results.lines[int(self._order[place])]
            if line:
                yield int(self._frame[place]), line


def _noted(heads: Iterator[dict[str, Any]], keys: list[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """The same heads; what names their frames is put into `keys` on the way."""
    for head in heads:
        seq, captured_ns = head.get("seq"), head.get("captured_ns")
        is_named = is_time(seq) and is_time(captured_ns)
        keys.append((seq, captured_ns) if is_named else (-1, -1))  # type: ignore[arg-type]
        yield head


def _rows_of(table: FrameTable, seq: NDArray[np.int64], captured_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of each frame; NOT_SHOWN where the video has none, as while nothing was recorded."""
    if not len(table):
        return np.full(len(seq), NOT_SHOWN)
    row = (np.searchsorted(table.captured_ns, captured_ns, "right") - 1).clip(0)
    is_it = (table.captured_ns[row] == captured_ns) & (table.seq[row] == seq)
    return np.where(is_it, row, NOT_SHOWN)
