"""Writes results of another engine into a made session, as a replay does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.messages import Result, Timing
from bedside.session.paths import Paths
from bedside.session.recorded import Recorded
from bedside.session.results import ResultsFile, line_of

Answer = Callable[[int], dict[str, Any]]


def write(folder: Path, name: str, answer: Answer, *, every: int = 1, engine: str = "", **about: Any) -> None:
    """A replay `name` that answers each so many frames; `answer(seq)` may hold a mask, or `error`."""
    file = ResultsFile(Paths(folder), name)
    table = Recorded(folder).frames
    for index in range(0, len(table), every):
        seq, at = int(table.seq[index]), int(table.captured_ns[index])
        fields = answer(seq)
        mask: NDArray[np.uint8] | None = fields.pop("mask", None)
        error = fields.pop("error", "")
        timing = Timing(at, at, at, at, at + 12_000_000, 10.0)
        result = Result(engine or name, seq, timing, {}, error)
        file.append(line_of(result, int(table.wall_ns[index]), table.signal[index], fields), mask)
    file.close()
    if about:
        Paths(folder).replay(name).write_text(json.dumps(about))
