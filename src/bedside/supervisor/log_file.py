"""A bounded log file for a process that knows nothing of logs."""

import logging
import os
import shutil
from pathlib import Path
from typing import IO

from bedside.errors import BedsideError

MOST_BYTES = 10_000_000
log = logging.getLogger(__name__)


class LogFile:
    """A file that a process writes by itself, and that is cut from outside while it writes.

    The process appends to it directly, so a slow or dead supervisor never makes a print wait. `trim()`, called now
    and then, moves the newest `most_bytes` to `NAME.1` once the file has grown past that and empties it; what is
    written in between may be lost. So a flood of prints takes twice `most_bytes`, and for a moment what comes
    between two calls.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = path
        self._most = most_bytes

    def open(self) -> IO[bytes]:
        """The file for a new process, to append to; made with its folder where it is missing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.trim()
            return self.path.open("ab")
        except OSError as error:
            raise BedsideError(f"{self.path}: {error.strerror}; make this folder writable for engine logs") from error

    def trim(self) -> None:
        """Cut the file when it has grown too long. On a full disk the older part is given up, never the process."""
        try:
            if self.path.stat().st_size <= self._most:
                return
            file = self.path.open("r+b")
        except FileNotFoundError:  # not written yet, or tidied away
            return
        except OSError as error:  # the process that writes it must not end for that
            log.warning("%s cannot be cut: %s", self.path, error.strerror)
            return
        old = self.path.with_name(f"{self.path.name}.1")
        with file:
            try:
                with old.open("wb") as kept:
                    file.seek(-self._most, os.SEEK_END)
                    shutil.copyfileobj(file, kept)
            except OSError as error:
                log.warning("%s cannot be written (%s); older lines of this log are lost", old, error.strerror)
                old.unlink(missing_ok=True)
            file.truncate(0)

    def last_line(self) -> str:
        """The last line with something on it, at most 200 characters; empty when there is none to be read.

        Of the stacks of a process that hung, whose last one is the main thread's, it is the line where that one stood.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 16384))
                lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        except OSError:
            return ""
        if lines and lines[-1].startswith('File "'):
            stacks = [number for number, line in enumerate(lines) if line.endswith("(most recent call first):")]
            return lines[stacks[-1] + 1 if stacks else -1][:200]
        return lines[-1][:200] if lines else ""
