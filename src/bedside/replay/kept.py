"""What a replay leaves in the session's folder: its results, their masks, and what it was; whole, or named as a part.

While it runs its files are called `NAME.part`. They get their names when all of it is there: so nothing that was broken
off looks whole, and nothing of it is lost.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.messages import Result, Timing
from bedside.session.names import ITEM
from bedside.session.paths import Paths
from bedside.session.recorded import Recorded
from bedside.session.results import ResultsFile, line_of
from bedside.threads import background_pool

PART = ".part"
WAITING = 256
"""So many results may wait for the disk."""


class Kept:
    """The files of the replay `name`. Its methods belong to one event loop, and the writing to a thread."""

    def __init__(self, recorded: Recorded, name: str, *, overwrite: bool = False) -> None:
        """Raises SessionError for a name that cannot be, or is taken, and for a folder that cannot be written."""
        self._recorded = recorded
        self.name = name
        self._paths = recorded.paths
        if not ITEM.fullmatch(name):
            raise SessionError(f"a replay cannot be called {name!r}; expected letters, digits, - and _, at most 100")
        if not overwrite:
            self._refuse_taken()
        self._remove(PART)
        self._file = ResultsFile(self._paths, name + PART)
        self._waiting: asyncio.Queue[tuple[dict[str, Any], NDArray[np.uint8] | None]] = asyncio.Queue(WAITING)
        self._thread = background_pool(1, "replay-writer")
        self._is_open = True
        self.results = self.errors = 0
        self.lines = 0
        """Results that are in the file."""

    @property
    def part(self) -> Path:
        """The results as long as they are not whole."""
        return self._paths.results(self.name + PART)

    @property
    def whole(self) -> Path:
        """The results when they are."""
        return self._paths.results(self.name)

    def put(self, result: Result, captured_ns: int, offset_ns: int) -> None:
        """A result to the frame that was captured then in the scan; its times lie `offset_ns` after those of the scan.

        Never waits. Raises SessionError when the disk cannot follow.
        """
        try:
            self._waiting.put_nowait(self._line(result, _moved(result.timing, captured_ns, offset_ns)))
        except asyncio.QueueFull as error:
            raise SessionError(f"{self.part} grows too slowly: {WAITING} results wait for the disk") from error

    async def deliver(self, result: Result) -> None:
        """The same of a frame that was captured then and handed on at full speed; waits for the disk."""
        moved = _moved(result.timing, result.timing.captured_ns, since_capture_ns(result))
        await self._waiting.put(self._line(result, moved))

    async def write(self) -> None:
        """Write what comes, until cancelled. Raises SessionError when the disk is full."""
        loop = asyncio.get_running_loop()
        while True:
            line, mask = await self._waiting.get()
            await loop.run_in_executor(self._thread, self._append, line, mask)
            self._waiting.task_done()

    async def written(self) -> None:
        """Until all that came is written."""
        await self._waiting.join()

    def close(self, about: dict[str, Any]) -> None:
        """What came is in the part, and `about` beside it. Blocking. Raises SessionError when the disk is full."""
        self._is_open = False
        self._thread.shutdown(wait=True)
        try:
            while not self._waiting.empty():
                self._append(*self._waiting.get_nowait())
            self._file.sync()
        except OSError as error:
            raise SessionError(f"{self.part} cannot be written: {error.strerror}") from error
        finally:
            self._file.close()
            self._write_about(about)

    def finish(self) -> None:
        """Give the files their names: from here on they are whole."""
        self.whole.unlink(missing_ok=True)  # an old one, which is overwritten: never with masks that are not its own
        self._paths.masks(self.name + PART).replace(self._paths.masks(self.name))
        self._about(PART).replace(self._about(""))
        self.part.replace(self.whole)

    def forget(self) -> None:
        """Leave nothing, where it was not closed."""
        if not self._is_open:
            return
        self._is_open = False
        self._thread.shutdown(wait=True)
        self._file.close()
        self._remove(PART)

    def _append(self, line: dict[str, Any], mask: NDArray[np.uint8] | None) -> None:
        self._file.append(line, mask)
        self.lines += 1

    def _line(self, result: Result, timing: Timing) -> tuple[dict[str, Any], NDArray[np.uint8] | None]:
        table = self._recorded.frames
        index = table.index_at(timing.captured_ns)
        answer = {name: value for name, value in result.answer.items() if name not in ("mask", "images")}
        self.results += 1
        self.errors += bool(result.error)
        moved = Result(result.engine, result.seq, timing, {}, result.error, result.missing)
        line = line_of(moved, int(table.wall_ns[index]), table.signal[index], answer)
        mask = result.answer.get("mask")
        return line, mask if isinstance(mask, np.ndarray) else None

    def _refuse_taken(self) -> None:
        other = "--as gives another name, --overwrite replaces it"
        if self.whole.exists():
            raise SessionError(f"session {self._recorded.name} has a replay {self.name!r} already; {other}")
        if self.part.exists():
            raise SessionError(f"{self.part} is of a replay {self.name!r} that runs, or was broken off; {other}")

    def _about(self, suffix: str) -> Path:
        return self._paths.replay(self.name + suffix)

    def _remove(self, suffix: str) -> None:
        try:
            for path in (self._paths.results(self.name + suffix), self._paths.masks(self.name + suffix)):
                path.unlink(missing_ok=True)
            self._about(suffix).unlink(missing_ok=True)
        except OSError as error:
            raise SessionError(f"{self._paths.folder} cannot be written: {error.strerror}") from error

    def _write_about(self, about: dict[str, Any]) -> None:
        text = json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            self._about(PART).write_text(text, encoding="utf-8")
        except OSError as error:
            raise SessionError(f"{self._about(PART)} cannot be written: {error.strerror}") from error


def since_capture_ns(result: Result, captured_ns: int | None = None) -> int:
    """How much its times lie after those of a scan whose frame came to the engine when it was captured."""
    return result.timing.published_ns - (result.timing.captured_ns if captured_ns is None else captured_ns)


def _moved(timing: Timing, captured_ns: int, offset_ns: int) -> Timing:
    return Timing(
        captured_ns,
        timing.published_ns - offset_ns,
        timing.taken_ns - offset_ns,
        timing.asked_ns - offset_ns,
        timing.answered_ns - offset_ns,
        timing.model_ms,
        timing.free_ns - offset_ns if timing.free_ns else 0,
    )


def about_of(paths: Paths, name: str) -> dict[str, Any]:
    """What a replay was, as it wrote it; empty where that cannot be read."""
    try:
        about = json.loads(paths.replay(name).read_bytes())
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}
