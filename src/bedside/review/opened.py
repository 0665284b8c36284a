"""A session that is looked at: what is read once stays, as long as the files stay as they were."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bedside import clock
from bedside.errors import SessionError
from bedside.review.by_frame import ByFrame
from bedside.review.notes import ITEM_KINDS, Notes, check
from bedside.review.summary import end_of
from bedside.review.timeline import timeline
from bedside.session.journal import Journal
from bedside.session.paths import Paths
from bedside.session.recorded import Item, Recorded
from bedside.session.results import Results

PLAYED = ("yuv420p", "yuvj420p", "nv12", "")
"""Pixel formats of H.264 that every browser plays."""
RESULTS_MOST = 1000
NEAR_NS = 1000
"""Browsers keep numbers to 53 bits, and the nanoseconds of a machine that has run for 104 days have more."""
Stamp = tuple[int, int]


class Opened:
    """One session. Blocking, and for one thread at a time; every method may raise SessionError."""

    def __init__(self, folder: Path, name: str) -> None:
        """`name` is what pages call it. Raises SessionError when `folder` is no session."""
        self.folder, self.name = folder, name
        self._recorded = Recorded(folder)
        self._stamp = self._stamped()
        self._by_replay: dict[str, tuple[Stamp, ByFrame]] = {}
        self._timeline: tuple[object, bytes] = (None, b"")
        self._problems: dict[str, str] = {}

    @property
    def recorded(self) -> Recorded:
        """The session as it is on the disk now."""
        if (stamp := self._stamped()) != self._stamp:
            self._recorded, self._stamp = Recorded(self.folder), stamp
            self._by_replay.clear()
        return self._recorded

    def read(self) -> Recorded:
        """The same, with the frames of its video read."""
        recorded = self.recorded
        _ = recorded.frames
        return recorded

    @property
    def held(self) -> Recorded:
        """The session as it was read last; rows that a page knows are in it, and stay what they are."""
        return self._recorded

    def about(self) -> dict[str, Any]:
        """What a page needs first."""
        recorded = self.recorded
        by_replay = self._all_by_replay()
        scan = by_replay[""].answered if "" in by_replay else {}
        engines = recorded.about.get("engines")
        names = [*(engines if isinstance(engines, dict) else ()), *scan]
        return {
            "name": self.name,
            "about": recorded.about,
            "duration_s": recorded.time_s(end_of(recorded, scan)),
            "segments": [self._segment(number) for number in recorded.segments],
            "engines": list(dict.fromkeys(names)),
            "replays": recorded.replays,
            "problem": " ".join(self._problems.values()),
        }

    def frames(self) -> bytes:
        """The columns of the FrameTable as JSON: `seq`, `at_s`, `segment`, `pts`."""
        recorded = self.recorded
        table = recorded.frames
        at_s = np.round((table.captured_ns - recorded.start_ns) / clock.NS_PER_S, 6)
        columns = {"seq": table.seq, "at_s": at_s, "segment": table.segment, "pts": table.pts}
        return json.dumps({name: column.tolist() for name, column in columns.items()}, separators=(",", ":")).encode()

    def timeline(self) -> bytes:
        """The timeline as JSON; made anew only when a file has changed."""
        recorded = self.recorded
        by_replay = self._all_by_replay()
        key = (id(recorded), *map(id, by_replay.values()))
        if self._timeline[0] != key:
            made = timeline(recorded, by_replay)
            self._timeline = (key, json.dumps(made, separators=(",", ":")).encode())
        return self._timeline[1]

    def results(self, first: int, count: int, replay: str = "") -> tuple[Results, Iterator[tuple[int, dict[str, Any]]]]:
        """Lines of rows `first` to `first + count`, each with its row, and the file that has their masks."""
        if first < 0 or not 0 < count <= RESULTS_MOST:
            raise SessionError(f"first is {first} and count is {count}; expected a row, and 1 to {RESULTS_MOST}")
        found = self._results_of(replay, is_fresh=False)
        return found.results, found.lines(first, count)

    def items(self) -> list[tuple[str, Item]]:
        """Snapshots, then best frames, each with its kind."""
        recorded = self.held
        return [(kind, item) for kind in ITEM_KINDS for item in getattr(recorded, kind)]

    def place(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Where the frame of an item lies: `frame`, its row or None, and `at_s`, None where nobody knows."""
        recorded, seq, captured_ns = self._recorded, about.get("seq"), about.get("captured_ns")
        if not isinstance(seq, int) or not isinstance(captured_ns, int):
            return {"frame": None, "at_s": None}
        return {"frame": recorded.frames.index_of(seq, captured_ns), "at_s": recorded.time_s(captured_ns)}

    def notes(self) -> list[dict[str, Any]]:
        """All notes, oldest first."""
        return self._recorded.notes()

    def add_note(self, note: object) -> dict[str, Any]:
        """Keeps one note; the line as it was written."""
        checked = check(note)
        if "captured_ns" in checked:
            checked["captured_ns"] = self._exact(checked["seq"], checked["captured_ns"])
        checked["wall_ns"] = clock.wall_ns()
        Journal(self._recorded.paths.review).append(checked)
        return checked

    def said(self) -> Notes:
        """What the notes come to."""
        return Notes(self.notes())

    def _exact(self, seq: int, captured_ns: int) -> int:
        table = self.held.frames
        near = table.index_at(captured_ns + NEAR_NS)
        if near >= 0 and table.seq[near] == seq and abs(int(table.captured_ns[near]) - captured_ns) <= NEAR_NS:
            return int(table.captured_ns[near])
        return captured_ns

    def _segment(self, number: int) -> dict[str, Any]:
        recorded, segment = self._recorded, self._recorded.segments[number]
        table, about = recorded.frames, segment.about
        rows = np.flatnonzero(table.segment == number)
        first, last = (int(rows[0]), int(rows[-1])) if len(rows) else (0, -1)
        codec = str(about.get("codec", ""))
        is_known = about.get("pixel_format", "") in PLAYED
        return {
            "number": number,
            "url": f"/api/sessions/{self.name}/video/{number}",
            "codec": codec,
            "is_playable": codec == "h264" and is_known and segment.path.suffix == ".mp4",
            "start_s": recorded.time_s(int(table.captured_ns[first])) if len(rows) else 0.0,
            "end_s": recorded.time_s(int(table.captured_ns[last])) if len(rows) else 0.0,
            "first": first,
            "frames": last - first + 1,
            "width": _whole(about.get("width")),
            "height": _whole(about.get("height")),
        }

    def _all_by_replay(self) -> dict[str, ByFrame]:
        found = {}
        self._problems.clear()
        for replay in ["", *self._recorded.replays]:
            try:
                found[replay] = self._results_of(replay, is_fresh=True)
            except SessionError as error:
                self._problems[replay] = f"{error}."
        return found

    def _results_of(self, replay: str, *, is_fresh: bool) -> ByFrame:
        """The results of the scan or a replay; `is_fresh`: with what was written since they were read."""
        recorded = self._recorded
        known = self._by_replay.get(replay)
        stamp = _stamp(recorded.paths.results(replay))
        if known is None or (is_fresh and known[0] != stamp):
            results = recorded.replay(replay) if replay else Results(recorded.paths)
            known = self._by_replay[replay] = (stamp, ByFrame(results, recorded.frames))
        return known[1]

    def _stamped(self) -> tuple[Stamp, ...]:
        paths = Paths(self.folder)
        return tuple(map(_stamp, (paths.session, paths.frames, paths.segments, paths.marks)))


def _stamp(path: Path) -> Stamp:
    """What changes when the file does."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
