"""The pictures that leave a session, each with the answers to it: kept ones, and frames of the video."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.messages import Pixels
from bedside.review.pictures import Pictures
from bedside.session.recorded import Item, Recorded

Mask = NDArray[np.uint8]
MOST_S = 1e9
"""No session is longer; so much fits beside monotonic times in 64 bits."""


@dataclass(frozen=True)
class Answered:
    """One engine's answer to a picture."""

    engine: str
    answer: Mapping[str, Any]
    """Plain JSON, docs/reference/result.md; without mask and images."""
    error: str = ""
    mask: Mask | None = field(default=None, compare=False)
    """uint8 [height, width], the label of each pixel, of any size."""
    mask_missing: str = ""
    """Why a mask that the answer had was not kept."""


@dataclass(frozen=True)
class Shot:
    """One picture."""

    item: str
    """`snapshots/NAME`, `best/NAME` or `frames/000123`: what it is called in an export, and in people's notes."""
    seq: int
    captured_ns: int
    wall_ns: int
    """0 where it is not known."""
    signal: str
    pixels: Pixels = field(compare=False)
    answers: tuple[Answered, ...]
    codec: str = ""
    """Of the video that the picture is from; empty for an exact picture."""


class Answers:
    """Which answers there are to a frame."""

    def __init__(self, recorded: Recorded, replay: str = "", engine: str = "") -> None:
        """Those of the scan, or of a replay; of all engines, or of one. Raises SessionError."""
        self.replay, self.engine = replay, engine
        self._results = recorded.replay(replay) if replay else recorded.results
        self._lines: dict[tuple[int, int], list[int]] = {}
        self.engines: list[str] = []
        """All that have answered, as they came."""
        for index, line in enumerate(self._results.lines):
            name = _text(line.get("engine"))
            if name not in self.engines:
                self.engines.append(name)
            key = (whole(line.get("seq")), whole(line.get("captured_ns")))
            if name and min(key) >= 0 and engine in ("", name):
                self._lines.setdefault(key, []).append(index)
        if engine and engine not in (known := engines_of(recorded, self)):
            raise SessionError(
                f"session {recorded.name} has no result of {engine!r}; it has those of "
                f"{', '.join(known) or 'no engine'}"
            )

    def __contains__(self, key: tuple[int, int]) -> bool:
        return key in self._lines

    def of(self, seq: int, captured_ns: int, item: Item | None = None) -> tuple[Answered, ...]:
        """The answers to a frame; what is kept with `item` stands for its engine's line, which may lack the mask."""
        found = {}
        for index in self._lines.get((seq, captured_ns), ()):
            line = self._results.lines[index]
            mask, missing = self._results.mask(line), str(line.get("mask_missing") or "")
            if mask is None and line.get("mask"):
                missing = "damaged"
            answered = Answered(_text(line.get("engine")), _table(line.get("answer")), _text(line.get("error")), mask)
            found[answered.engine] = replace(answered, mask_missing=missing)
        kept = _kept(item) if item is not None and not self.replay else None
        if kept is not None and self.engine in ("", kept.engine):
            told = found.get(kept.engine)
            if kept.mask is None and told is not None:
                kept = replace(kept, mask=told.mask, mask_missing="" if told.mask is not None else told.mask_missing)
            found[kept.engine] = kept
        return tuple(found.values())


class Selection:
    """Pictures of a session, chosen before they are read."""

    def __init__(
        self, recorded: Recorded, answers: Answers, items: Sequence[tuple[str, Item]] = (), rows: Sequence[int] = ()
    ) -> None:
        """`items` with their names, such as `best/head`; `rows` of the session's FrameTable."""
        self._recorded, self._answers = recorded, answers
        self._items, self._rows = items, rows
        self.problems: list[str] = []
        """What could not be read, one sentence each; it was passed over."""

    def __len__(self) -> int:
        return len(self._items) + len(self._rows)

    def __iter__(self) -> Iterator[Shot | None]:
        """All of them, in order; None in the place of what could not be read."""
        for name, item in self._items:
            yield self._tried(partial(self._item, name, item))
        pictures = Pictures(self._recorded)
        try:
            for row in self._rows:
                yield self._tried(partial(self._frame, pictures, row))
        finally:
            pictures.close()

    def _tried(self, read: Callable[[], Shot]) -> Shot | None:
        try:
            return read()
        except SessionError as error:
            self.problems.append(str(error))
            return None

    def _item(self, name: str, item: Item) -> Shot:
        stored = cv2.imread(str(item.picture), cv2.IMREAD_COLOR)
        if stored is None:
            raise SessionError(f"{item.picture} is no picture that can be read")
        pixels = np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB), np.uint8)
        seq, captured_ns = key_of(item)
        wall_ns, signal = max(0, whole(item.about.get("captured_wall_ns"))), _text(item.about.get("signal"))
        return Shot(name, seq, captured_ns, wall_ns, signal, pixels, self._answers.of(seq, captured_ns, item))

    def _frame(self, pictures: Pictures, row: int) -> Shot:
        table = self._recorded.frames
        seq, captured_ns = int(table.seq[row]), int(table.captured_ns[row])
        segment = self._recorded.segments.get(int(table.segment[row]))
        codec = str(segment.about.get("codec", "")) if segment else ""
        return Shot(
            f"frames/{row:06d}",
            seq,
            captured_ns,
            int(table.wall_ns[row]),
            table.signal[row],
            pictures.frame(row),
            self._answers.of(seq, captured_ns),
            "" if codec == "ffv1" else codec,
        )


def kept_items(recorded: Recorded, ticked: set[str] | None = None) -> list[tuple[str, Item]]:
    """Snapshots and best frames with their names; of these the ticked ones, unless `ticked` is None."""
    named = [(f"snapshots/{item.name}", item) for item in recorded.snapshots]
    named += [(f"best/{item.name}", item) for item in recorded.best]
    return [(name, item) for name, item in named if ticked is None or name in ticked]


def once(items: Sequence[tuple[str, Item]]) -> list[tuple[str, Item]]:
    """Each frame once, though it may be a snapshot and the best of its plane: two of it would count double."""
    first: dict[object, tuple[str, Item]] = {}
    for name, item in items:
        key = key_of(item)
        first.setdefault(key if min(key) >= 0 else name, (name, item))
    return list(first.values())


def rows_between(recorded: Recorded, from_s: float, to_s: float) -> range:
    """Rows of the FrameTable whose frames were captured in these seconds since the session's start."""
    start_ns, times = recorded.start_ns, recorded.frames.captured_ns
    edges = (start_ns + round(min(at_s, MOST_S) * 1e9) for at_s in (from_s, to_s))
    first, stop = (int(np.searchsorted(times, edge)) for edge in edges)
    return range(first, max(first, stop))


def key_of(item: Item) -> tuple[int, int]:
    """`seq` and `captured_ns` of a kept picture; -1 where its JSON is lost."""
    about, timing = item.about, _table(_table(item.about.get("result")).get("timing"))
    return whole(about.get("seq")), whole(about.get("captured_ns") or timing.get("captured_ns"))


def whole(value: object) -> int:
    """A whole number of a file; -1 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def tables(value: object) -> list[Mapping[str, Any]]:
    """A list of tables of a file, such as an answer's boxes; what is no table is passed over."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def engines_of(recorded: Recorded, answers: Answers) -> list[str]:
    """All engines that have answered, of the scan also those whose answers stand beside kept pictures alone."""
    items = [] if answers.replay else [item for _, item in kept_items(recorded)]
    kept = (_text(_table(item.about.get("result")).get("engine")) for item in items)
    return list(dict.fromkeys(name for name in (*answers.engines, *kept) if name))


def _kept(item: Item) -> Answered | None:
    result = _table(item.about.get("result"))
    if not result:
        return None
    mask = cv2.imread(str(item.mask), cv2.IMREAD_UNCHANGED) if item.mask else None
    answered = Answered(_text(result.get("engine")), _table(result.get("answer")), _text(result.get("error")))
    if mask is None:
        return replace(answered, mask_missing="damaged" if item.mask else "")
    return replace(answered, mask=np.asarray(mask, np.uint8))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
