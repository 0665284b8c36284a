"""Decides what becomes of each frame: nothing, a packet in memory, or a picture of the session's video.

Everything here happens in one thread, the encoder's; what goes to the disk is left to the writer's lane.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bedside import clock
from bedside.errors import Overwritten, SessionError
from bedside.messages import Frame, Loss, Pixels, Signal, Status
from bedside.recorder.coding import LOSSLESS, Coding
from bedside.recorder.encoder import Chunk
from bedside.recorder.film import Film, Start
from bedside.recorder.lane import Lane
from bedside.recorder.losses import Losses
from bedside.recorder.memory import Kept, Memory
from bedside.recorder.reel import Reel
from bedside.session.rows import TIME_BASE, Row, RowKind
from bedside.session.wanted import Wanted

log = logging.getLogger(__name__)
RETRY_NS = 2 * clock.NS_PER_S
"""After the disk or the encoder failed, the next try."""
LATE_NS = 150 * clock.NS_PER_MS
"""A status may overtake frames that were captured before it; so long they are waited for."""
LANE_BYTES = 24_000_000
"""Packets that wait for the disk: of a busy picture at 1080p the last ten seconds."""
BUSY = 1000
"""So much waits for a disk that hangs."""


@dataclass(frozen=True)
class Options:
    """How is recorded."""

    coding: Coding
    lossless: bool = False
    segment_s: float = 600.0
    clip_s: float = 8.0
    reserve_bytes: int = 2_000_000_000


class Intake:
    """Takes what the subscriber brings, and what is wanted. `film` is only touched by the lane's thread."""

    def __init__(
        self, root: Path, borrow: Callable[[Frame], AbstractContextManager[Pixels]], options: Options, film: Film
    ) -> None:
        self.wanted = Wanted()
        self.trouble = ""
        """Why a recording that is wanted cannot be made, beside what `film` says of the disk."""
        self.dark: Status | None = None
        """Why there is no picture, in the source's own words; None when there is one."""
        self.memory = Memory(options.clip_s)
        self.is_recording = False
        """Whether the newest picture went to the disk."""
        self._root = root
        self._borrow = borrow
        self._options = options
        self._film = film
        self._lane = Lane("disk", LANE_BYTES)
        self._reel: Reel | None = None
        self._losses = Losses()
        self._is_full = False
        self._dark_ns = 0
        self._failed_ns = -RETRY_NS
        self._status = Status(Signal.OFFLINE)

    # What comes in

    def take(self, event: Frame | Loss | Status) -> None:
        """One event of the subscriber."""
        if isinstance(event, Frame):
            self._take_frame(event)
        elif isinstance(event, Status):
            self._take_status(event)
        elif self._is_wanted:
            self._losses.add(self._row(RowKind.LOSS, event.first_seq, event.count, event.where))

    def tick(self, wanted: Wanted, is_full: bool) -> None:
        """What is wanted now, and whether the disk's reserve is reached; five times a second."""
        if wanted.session != self.wanted.session:
            self._end_reel("stopped")
            self.memory.clear()
            folder = self._root / wanted.session if wanted.session else None
            self._lane.put(partial(self._film.adopt, folder, is_recorded=wanted.recording))
        self.wanted, self._is_full = wanted, is_full
        if self._reel is not None and self._reel.is_recorded and not self._is_wanted:
            self._end_reel("stopped")
        if self._reel is not None and self._reel.is_recorded and is_full:
            self._end_reel("disk")
        if self._dark_ns and clock.monotonic_ns() - self._dark_ns > LATE_NS:
            self._end_reel("signal")
        self._tell_losses()

    def close(self) -> None:
        """Ends the segment and returns when everything is on the disk."""
        self._end_reel("stopped")
        self._lane.put(self._film.end)
        self._lane.close()

    @property
    def _is_wanted(self) -> bool:
        return bool(self.wanted.session) and self.wanted.recording

    @property
    def _can_record(self) -> bool:
        """Whether there is a place for the video of this moment, as far as one knows."""
        trouble = self._film.trouble
        has_rested = trouble is None or clock.monotonic_ns() - trouble.at_ns >= RETRY_NS
        return not self._is_full and has_rested

    # Statuses

    def _take_status(self, status: Status) -> None:
        before, self._status = self._status, status
        if status.signal.has_picture:
            return
        if status.signal is not before.signal or not self._dark_ns:
            self._dark_ns = clock.monotonic_ns()
            if self._is_wanted:
                self._lane.put(partial(self._film.note, self._row(RowKind.SIGNAL, -1, 0, "")))
        self.dark, self.is_recording = status, False

    def _row(self, kind: RowKind, seq: int, count: int, where: str) -> Row:
        signal = str(self._status.signal)
        return Row(kind, seq, count, clock.monotonic_ns(), clock.wall_ns(), signal, where=where)

    # Frames

    def _take_frame(self, frame: Frame) -> None:
        if not frame.signal.has_picture:
            if not self._dark_ns:
                self._take_status(Status(frame.signal, self._status.message))
            return
        if self._dark_ns:
            if frame.captured_ns >= self._dark_ns:
                self._end_reel("signal")
                self._dark_ns, self.dark = 0, None
            elif self._reel is None:
                self._lose(frame, "recorder")
                return
        if not self._is_wanted and not (self.wanted.session and self._options.clip_s):
            return
        if clock.monotonic_ns() - self._failed_ns < RETRY_NS:
            self._lose(frame, "recorder")
            return
        try:
            self._encode(frame)
        except SessionError as error:
            self._give_up(frame, str(error))

    def _encode(self, frame: Frame) -> None:
        records = self._is_wanted and self._can_record
        coding = LOSSLESS if records and self._options.lossless else self._options.coding
        segment_ns = round(self._options.segment_s * clock.NS_PER_S)
        if self._reel is not None:
            why = self._reel.fits(frame, coding, is_recorded=records, segment_ns=segment_ns)
            if why:
                self._end_reel(why)
        if self._reel is None and not records and not self._options.clip_s:
            self._lose(frame, "disk")
            return
        reel = self._reel or Reel(coding, frame, is_recorded=records)
        try:
            with self._borrow(frame) as pixels:
                picture = reel.encoder.convert(pixels)
        except Overwritten:
            self._lose(frame, "recorder")
            return
        if self._reel is None:
            self._begin(reel)
        if not records:
            self._lose(frame, "disk")
        self._hand_on(reel, reel.encode(frame, picture))
        self.trouble, self.is_recording = "", records and self._film.trouble is None

    def _begin(self, reel: Reel) -> None:
        self._reel = reel
        if not reel.is_recorded:
            return
        coding, first = reel.encoder.coding, reel.first
        about = {
            "color_range": "full",
            "matrix": "rgb" if coding.is_lossless else "bt709",
            "width": first.width,
            "height": first.height,
            "time_base": [1, TIME_BASE],
            "captured_ns": first.captured_ns,
            "wall_ns": first.wall_ns,
            "signal": str(first.signal),
            "source": self._status.source,
            "device": self._status.device,
            "device_color_range": self._status.color_range,
        }
        self._tell_losses()
        self._lane.put(partial(self._film.open, Start(coding, reel.encoder.template, about)))

    def _hand_on(self, reel: Reel, coded: list[tuple[Chunk, Row]]) -> None:
        for chunk, row in coded:
            self.memory.add(Kept(chunk, row.captured_ns, reel.encoder.template, reel.encoder.coding))
            if not reel.is_recorded:
                continue
            reel.waits_for_key = reel.waits_for_key and not chunk.is_key
            if not reel.waits_for_key and self._lane.put(partial(self._film.add, chunk, row), len(chunk.data)):
                continue
            reel.waits_for_key = True
            self._losses.add(row, "disk")

    def _end_reel(self, why: str) -> None:
        reel, self._reel, self.is_recording = self._reel, None, False
        if reel is None:
            return
        try:
            self._hand_on(reel, reel.finish())
        except SessionError as error:
            log.error("%s", error)
        self._tell_losses()
        if reel.is_recorded:
            self._lane.put(partial(self._film.close, why))

    def _give_up(self, frame: Frame, sentence: str) -> None:
        if sentence != self.trouble:
            log.error("%s", sentence)
        self.trouble, self._failed_ns = sentence, clock.monotonic_ns()
        self._end_reel("error")
        self._lose(frame, "recorder")

    def _lose(self, frame: Frame, where: str) -> None:
        if self._is_wanted:
            row = Row(RowKind.FRAME, frame.seq, 1, frame.captured_ns, frame.wall_ns, str(frame.signal))
            self._losses.add(row, where)

    def _tell_losses(self) -> None:
        """Has losses written, unless the disk hangs: then they are gathered on."""
        if len(self._lane) < BUSY:
            for row in self._losses.take():
                self._lane.put(partial(self._film.note, row))
