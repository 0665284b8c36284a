"""Writes what happens in the running session, in order, in one thread; whoever hands something over never waits."""

import asyncio
import fcntl
import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bedside import clock
from bedside.errors import SessionError
from bedside.hub.answer import plain
from bedside.messages import Result
from bedside.session.journal import Journal
from bedside.session.paths import Live, Paths
from bedside.session.results import ResultsFile, line_of
from bedside.threads import background_pool

log = logging.getLogger(__name__)
T = TypeVar("T")

LINES_WAITING = 2048
"""So many lines may wait for the disk; more are lost, and counted."""
MASK_BYTES_WAITING = 64_000_000
"""So much may their masks take; the others are kept without theirs."""
CALM_MS = 1000.0
"""A problem is over when nothing has failed for so long; a nearly full disk takes one line and not the next."""
ARRAYS = ("mask", "images")
"""Of an answer; images are made for the page and are not kept."""


@dataclass(slots=True)
class Kept:
    """Counts since the server started."""

    results: int = 0
    results_lost: int = 0
    """Results that were not written: the disk was full, or too slow for the lines alone."""
    masks_left_out: int = 0
    """Lines without their mask, since the disk was slower than the engines."""
    marks: int = 0
    marks_lost: int = 0


class Scribe:
    """The journals of the session that runs. Call it on one event loop; all writing is done in its thread."""

    def __init__(self, live: Live, masks: str = "all") -> None:
        """`masks`, `all`, `snapshots` or `none`: only with `all` do results have theirs."""
        self.kept = Kept()
        self.problem = ""
        """One sentence while something cannot be kept."""
        self._live = live
        self._keeps_masks = masks == "all"
        self._pool = background_pool(1, "bedside-session")
        self._lines_room = threading.BoundedSemaphore(LINES_WAITING)
        self._mask_bytes = 0
        self._paths: Paths | None = None
        self._results: ResultsFile | None = None
        self._lock = -1
        self._failed_ns = 0
        self._counting = threading.Lock()
        self._lost_before = (0, 0)

    async def open(self, folder: Path) -> bool:
        """Writes into this session from now on; whether its marks have a beginning already.

        Raises SessionError when the folder cannot be written, or another server writes it.
        """
        return await self._run(lambda: self._open(Paths(folder)))

    async def close(self) -> None:
        """Writes nothing more; what was handed over is on the disk when this returns."""
        await self._run(self._close)

    def end(self) -> None:
        """Ends the thread after what it is at."""
        self._pool.shutdown(wait=True)

    def result(self, result: Result, wall_ns: int, signal: str) -> None:
        """One result into the results, its mask beside it while the disk keeps up. Never waits."""
        if not self._lines_room.acquire(blocking=False):
            self._count("results_lost")
            return
        mask = result.answer.get("mask")
        missing = ""
        if mask is not None and not self._keeps_masks:
            mask, missing = None, "setting"
        elif mask is not None and self._mask_bytes + _bytes(mask) > MASK_BYTES_WAITING:
            mask, missing = None, "behind"
            self._count("masks_left_out")
        self._add_mask_bytes(_bytes(mask))
        slim = replace(result, answer={name: value for name, value in result.answer.items() if name not in ARRAYS})
        written = self._pool.submit(self._write_result, slim, mask, wall_ns, signal, missing)
        written.add_done_callback(lambda _: self._made_room(_bytes(mask)))

    def mark(self, kind: str, *, folder: Path | None = None, **fields: Any) -> "Future[None] | None":
        """One line into the marks of the running session, or of the one in `folder`. Never waits.

        The future raises SessionError when the line could not be written. None when too many lines wait, or none runs.
        """
        line = {"mark": kind, "wall_ns": clock.wall_ns(), "monotonic_ns": clock.monotonic_ns(), **fields}
        return self.write_mark(line, folder)

    def write_mark(self, line: Mapping[str, Any], folder: Path | None = None) -> "Future[None] | None":
        """The same with its times given."""
        if not self._lines_room.acquire(blocking=False):
            self._count("marks_lost")
            return None
        written = self._pool.submit(self._write_mark, dict(line), folder)
        written.add_done_callback(lambda _: self._made_room(0))
        return written

    async def sync(self) -> None:
        """What was handed over is on the disk when this returns."""
        await self._run(self._sync)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _count(self, name: str) -> None:
        with self._counting:  # the event loop counts too
            setattr(self.kept, name, getattr(self.kept, name) + 1)

    def _add_mask_bytes(self, count: int) -> None:
        with self._counting:
            self._mask_bytes += count

    def _made_room(self, mask_bytes: int) -> None:
        self._add_mask_bytes(-mask_bytes)
        self._lines_room.release()

    # In the thread

    def _open(self, paths: Paths) -> bool:
        try:
            lock = os.open(self._live.server_lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._cannot(SessionError(f"{self._live.folder} cannot be written: {error.strerror}")) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            has_begun = any(line.get("mark") == "start" for line in Journal(paths.marks).read())
            self._results = ResultsFile(paths)
        except BlockingIOError as error:
            os.close(lock)
            raise self._cannot(
                SessionError("another server keeps this session; stop one of the two, or give them different folders")
            ) from error
        except SessionError as error:
            os.close(lock)
            raise self._cannot(error) from error
        self._lock, self._paths, self.problem = lock, paths, ""
        return has_begun

    def _close(self) -> None:
        self.problem = ""
        self._sync()
        if self._results is not None:
            self._results.close()
        if self._lock >= 0:
            os.close(self._lock)
        self._results, self._paths, self._lock = None, None, -1

    def _sync(self) -> None:
        try:
            if self._results is not None:
                self._results.sync()
            if self._paths is not None and self._paths.marks.exists():
                _sync_file(self._paths.marks)
        except OSError as error:
            self._cannot(SessionError(f"the session is not on the disk: {error.strerror}"))

    def _write_result(self, result: Result, mask: Any, wall_ns: int, signal: str, missing: str) -> None:
        if self._results is None:
            self._count("results_lost")
            return
        if mask is not None and not _is_label_map(mask):
            mask, missing = None, "unfit"
        line = line_of(result, wall_ns, signal, plain_answer(result.answer), missing)
        try:
            self._append(self._results, line, mask)
        except (SessionError, ValueError) as error:
            self._count("results_lost")
            self._cannot(SessionError(str(error)))
        else:
            self._count("results")
            self._can_again()

    def _append(self, results: ResultsFile, line: dict[str, Any], mask: NDArray[np.uint8] | None) -> None:
        """A disk that has no room for the mask may have some for the line."""
        try:
            results.append(line, mask)
        except SessionError as error:
            if mask is None:
                raise
            results.append(line | {"mask": None, "mask_missing": "disk"})
            self._count("masks_left_out")
            self._cannot(error)

    def _write_mark(self, line: dict[str, Any], folder: Path | None) -> None:
        paths = Paths(folder) if folder is not None else self._paths
        if paths is None:
            self._count("marks_lost")
            raise SessionError("no session runs that this could be written into")
        try:
            Journal(paths.marks).append(line)
            if folder is not None:
                _sync_file(paths.marks)
        except (SessionError, OSError) as error:
            self._count("marks_lost")
            raise self._cannot(SessionError(str(error))) from error
        self._count("marks")
        self._can_again()

    def _cannot(self, error: SessionError) -> SessionError:
        if not self.problem:
            log.error("%s", error)
        self.problem = str(error)
        self._failed_ns = clock.monotonic_ns()
        return error

    def _can_again(self) -> None:
        """Once all has been written again for a while, the marks say what could not."""
        if not self.problem or self._paths is None or clock.age_ms(self._failed_ns) < CALM_MS:
            return
        said, self.problem = self.problem, ""
        lost = (self.kept.results_lost, self.kept.marks_lost)
        results, marks = (now - before for now, before in zip(lost, self._lost_before, strict=True))
        line = {"mark": "problem", "wall_ns": clock.wall_ns(), "monotonic_ns": clock.monotonic_ns()}
        try:
            Journal(self._paths.marks).append(line | {"message": said, "results_lost": results, "marks_lost": marks})
        except SessionError:
            self.problem = said
            return
        self._lost_before = lost
        log.info("the session is written again; %d results and %d marks were lost", results, marks)


def plain_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as plain JSON, without its arrays; what cannot be written says why in its place."""
    return {str(name): _kept(value) for name, value in answer.items() if name not in ARRAYS}


def _kept(value: Any) -> Any:
    try:
        return plain(value)
    except (TypeError, ValueError, RecursionError) as error:
        return f"not kept: {error}"


def _bytes(mask: object) -> int:
    return mask.nbytes if isinstance(mask, np.ndarray) else 0


def _is_label_map(mask: object) -> bool:
    return isinstance(mask, np.ndarray) and mask.ndim == 2 and mask.dtype == np.uint8 and mask.size > 0


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
