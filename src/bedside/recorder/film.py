"""What the recorder writes into one session's folder: segments of video, and what is said of them. Blocking."""

import errno
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from av.video.stream import VideoStream

from bedside import clock
from bedside.errors import SessionError
from bedside.recorder.coding import Coding
from bedside.recorder.encoder import Chunk
from bedside.recorder.found import find
from bedside.recorder.ledger import Ledger
from bedside.recorder.video_file import VideoFile
from bedside.session.journal import Journal
from bedside.session.paths import Paths
from bedside.session.rows import Row, RowKind

log = logging.getLogger(__name__)
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Trouble:
    """Why nothing can be written."""

    sentence: str
    at_ns: int


@dataclass(frozen=True)
class Start:
    """How a segment begins."""

    coding: Coding
    template: VideoStream
    about: Mapping[str, Any]
    """More for its first line: `signal`, `captured_ns` ..."""


class Film:
    """The video of one session after the other. One thread calls its methods, any thread may read its numbers.

    It raises nothing: what cannot be written is `trouble`, what is lost by it becomes a row as soon as there is room
    for one, and the next `open` tries again.
    """

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self.frames = 0
        """In the video of this session, on the disk."""
        self.losses = 0
        """Of this session."""
        self.video_bytes = 0
        self._paths: Paths | None = None
        self._ledger: Ledger | None = None
        self._video: VideoFile | None = None
        self._number = -1
        self._last: Row | None = None
        """The newest frame of a recording that was broken off, until the next one."""
        self._before = (0, 0)
        """Frames and bytes of the session when the segment began."""

    def end(self) -> None:
        """Ends the segment and lets go of the files; the numbers stay."""
        self.close("stopped")
        if self._ledger is not None:
            self._pay()
            self._ledger.close()

    def adopt(self, folder: Path | None, *, is_recorded: bool = True) -> None:
        """From now on the session in `folder`, which may have been recorded before; None is none.

        Where a recording was broken off and is not wanted any more, nobody knows how many frames it lacks.
        """
        self.end()
        self.trouble = self._last = self._paths = self._ledger = None
        self.frames = self.losses = self.video_bytes = 0
        if folder is None:
            return
        self._paths = Paths(folder)
        self._ledger = Ledger(self._paths)
        try:
            self._take_up(self._paths, self._ledger)
        except (OSError, SessionError) as error:
            self._fail(error)
        if self._last is not None and not is_recorded:
            now = (clock.monotonic_ns(), clock.wall_ns(), self._last.signal)
            self.note(Row(RowKind.LOSS, -1, 0, *now, where="killed"))
            self._last = None

    def open(self, start: Start) -> None:
        """Begins the next segment."""
        self.close("error")
        if self._paths is None or self._ledger is None:
            return
        try:
            self._begin(self._paths, self._ledger, start)
        except (OSError, SessionError) as error:
            self._fail(error)

    def add(self, chunk: Chunk, row: Row) -> None:
        """One coded picture and its row; the row is written when the picture is on the disk."""
        if self._ledger is None:
            return
        if self._video is None:
            self.losses += row.count
            self._ledger.lose(row, "disk")
            return
        row = replace(row, segment=self._number)
        if self._last is not None:
            self.note(_lost_by_kill(self._last, row))
            self._last = None
        try:
            if self._video.write(chunk):
                self.frames += self._ledger.come_true()
                self._ledger.pay_rows()
            self._ledger.expect(row)
            self.video_bytes = self._before[1] + self._video.bytes
        except (OSError, SessionError) as error:
            self._ledger.expect(row)
            self._fail(error)

    def note(self, row: Row) -> None:
        """A loss, or a change of the signal."""
        if self._ledger is None:
            return
        self.losses += row.count
        if self._video is not None:
            self._ledger.expect(row)
        else:
            self._ledger.note(row)
            self._pay()

    def close(self, why: str) -> None:
        """Ends the segment, if there is one; it is on the disk when this returns."""
        if self._video is None or self._ledger is None:
            return
        try:
            self._video.close()
            self.video_bytes = self._before[1] + self._video.bytes
            self.frames += self._ledger.come_true()
            self._video = None
            self._end_line(why)
            self._ledger.pay()
            self._ledger.sync()
        except (OSError, SessionError) as error:
            self._fail(error)

    # Beginning

    def _take_up(self, paths: Paths, ledger: Ledger) -> None:
        found = find(paths)
        self.frames, self.losses, self.video_bytes = found.frames, found.losses, found.video_bytes
        self._number, self._last = found.last_segment, found.last
        for line in found.recovered:
            ledger.line(line)
        ledger.pay()

    def _begin(self, paths: Paths, ledger: Ledger, start: Start) -> None:
        ledger.pay()
        number = self._number + 1
        while (path := paths.video(number, start.coding.suffix)).exists():
            number += 1
        line = {
            "segment": number,
            "event": "opened",
            "file": path.name,
            "codec": start.coding.codec,
            "encoder": start.coding.encoder,
            "pixel_format": start.coding.pixel_format,
            **start.about,
        }
        video = VideoFile(path, start.template, start.coding.container)
        try:
            Journal(paths.segments).append(line)
        except SessionError:
            video.give_up()
            path.unlink(missing_ok=True)
            raise
        if self.trouble is not None:
            log.info("recording goes on in %s", path)
        self.trouble = None
        self._video, self._number, self._before = video, number, (self.frames, self.video_bytes)

    # Ending

    def _end_line(self, why: str) -> None:
        assert self._ledger is not None
        frames, size = self.frames - self._before[0], self.video_bytes - self._before[1]
        line = {"segment": self._number, "event": "closed", "why": why, "frames": frames, "bytes": size}
        self._ledger.line(line | {"wall_ns": clock.wall_ns()})

    def _fail(self, error: OSError | SessionError) -> None:
        """The segment ends here: what is whole stays, the rest are losses."""
        assert self._ledger is not None and self._paths is not None
        is_full = isinstance(error, OSError) and error.errno in FULL
        sentence = _sentence(self._paths.folder, error)
        if self.trouble is None or self.trouble.sentence != sentence:
            log.error("%s", sentence)
        self.trouble = Trouble(sentence, clock.monotonic_ns())
        video, self._video = self._video, None
        if video is not None:
            self.video_bytes = self._before[1] + video.bytes
            try:
                video.give_up()
            except OSError as again:
                log.error("the end of %s may not be on the disk: %s", self._paths.folder, again.strerror)
            self.losses += self._ledger.come_to_nothing("disk")
            self._end_line("disk" if is_full else "error")
        self._pay()

    def _pay(self) -> None:
        assert self._ledger is not None
        try:
            self._ledger.pay()
        except (OSError, SessionError) as error:
            log.debug("still owed: %s", error)


def _lost_by_kill(last: Row, row: Row) -> Row:
    """What is missing between the last frame before a recorder was killed and the first after it; 0 is unknown."""
    is_same_count = row.seq > last.seq and row.captured_ns > last.captured_ns
    first, count = (last.seq + 1, row.seq - last.seq - 1) if is_same_count else (-1, 0)
    return Row(RowKind.LOSS, first, count, row.captured_ns, row.wall_ns, row.signal, where="killed")


def _sentence(folder: Path, error: OSError | SessionError) -> str:
    if isinstance(error, SessionError):
        return f"{folder}: {error}; recording goes on by itself once it can"
    if error.errno in FULL:
        return f"the disk of {folder} is full; free some space, recording goes on by itself"
    return f"{folder} cannot be written: {error.strerror}; recording goes on by itself once it can be"
