"""Asks the text finder of engines/text, a process of its own that is started on request and ended after.

In: pictures. Out: boxes, never what the text says. It runs at the lowest priority, and nothing live waits for it.
"""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import cv2

from bedside.cli.beforehand import needed_by, start_of
from bedside.cli.text_engine import NAME, engine_of
from bedside.engine.limits import data_bytes
from bedside.errors import EngineDied, EngineError, Overdue, SettingsError
from bedside.messages import Pixels
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.source.text import Finds, TextBox
from bedside.supervisor.child import how_it_ended

LOWEST = 19
START_S = 60.0
PICTURE_S = 30.0
MEMORY_BYTES = 4 * 2**30
SHOWN_LINES = 720
"""It is asked with a copy of so many lines; at 540 it misses twice as many small letters."""


def text_finder(settings: Settings) -> Finds:
    """Finds the text on one picture: starts the process, asks it once and ends it.

    What it returns raises EngineError with a sentence for a person, also where engines/text is not built.
    """

    def finds(pixels: Pixels) -> list[TextBox]:
        with finding(settings) as ask:
            return ask(pixels)

    return finds


@contextmanager
def finding(settings: Settings) -> Iterator[Finds]:
    """One process for many pictures, which ends with the block. Raises EngineError when it cannot be started."""
    with tempfile.TemporaryFile() as log:
        asked = _Asked(engine_of(settings), log)
        try:
            yield asked.find
        finally:
            asked.close()


class _Asked:
    """The running process, and what is said to it."""

    def __init__(self, engine: EngineSettings, log: IO[bytes]) -> None:
        self._log = log
        self._process = _spawn(engine, log)
        self._seq = 0
        try:
            said = self._hear(START_S)
            if "failed" in said:
                raise EngineError(f"the text finder cannot be loaded: {said['failed']}")
        except BaseException:
            self.close()
            raise

    def find(self, pixels: Pixels) -> list[TextBox]:
        """The boxes on one picture."""
        assert self._process.stdin is not None
        picture = _small(pixels)
        self._seq += 1
        head = {"id": str(self._seq), "shape": list(picture.shape), "window": False, "wants": ["boxes"]}
        data = json.dumps(head).encode() + b"\n" + picture.tobytes()
        said = self._hear(PICTURE_S, data)
        if said["wrong"]:
            raise EngineError(f"the text finder failed: {'; '.join(said['wrong'])}")
        return [_box(one) for one in said["boxes"] or ()]

    def close(self) -> None:
        """End it, with all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def _hear(self, deadline_s: float, data: bytes = b"") -> dict[str, Any]:
        """Say `data` and hear one line. One that is late is ended, which ends the waiting for it, too."""
        assert self._process.stdin is not None and self._process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

        timer = threading.Timer(deadline_s, end)
        timer.start()
        try:
            with suppress(BrokenPipeError):  # why it went is told by what it has said
                self._process.stdin.write(data)
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if line:
            return dict(json.loads(line))
        code = self._process.wait()
        if late.is_set():
            raise Overdue(f"the text finder gave no answer within {deadline_s:g} s and was ended; try again")
        raise EngineDied(f"the text finder {how_it_ended(code)}: {self._last_words()}")

    def _last_words(self) -> str:
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _spawn(engine: EngineSettings, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Starts it. Raises EngineError when it is not built, or cannot be run."""
    try:
        needed = needed_by(engine)
        if needed is not None and not needed.is_built:
            raise EngineError(
                f"the text finder is not built: run `bedside build {NAME}` once, while there is a network; "
                "until then masks are drawn by hand"
            )
        become = start_of(engine)
        process = subprocess.Popen(
            [*become.argv, "--bare"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**become.env, "OMP_NUM_THREADS": "1"},
            cwd=become.cwd,
            start_new_session=True,
        )
    except (SettingsError, OSError) as error:
        raise EngineError(f"the text finder cannot be started: {error}") from error
    _humble(process.pid)
    return process


def _humble(pid: int) -> None:
    """The lowest priority, a bound on memory, and no picture in a core dump; before it has imported anything."""
    import resource

    with suppress(ProcessLookupError):  # gone already: what it said tells why
        os.setpriority(os.PRIO_PROCESS, pid, LOWEST)
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        most = data_bytes(MEMORY_BYTES)
        resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))


def _small(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if height <= SHOWN_LINES:
        return pixels
    size = (max(1, round(width * SHOWN_LINES / height)), SHOWN_LINES)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _box(one: dict[str, Any]) -> TextBox:
    return TextBox(one["x"], one["y"], one["width"], one["height"], one.get("score", 1.0))
