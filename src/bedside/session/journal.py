"""An append-only file of JSON lines: a line is whole or not there."""

import json
from pathlib import Path
from typing import Any

from bedside.errors import SessionError


class Journal:
    """One `.jsonl` file with one writer. Blocking; call it in one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: dict[str, Any]) -> None:
        """One line, in one write, on its way to the disk when this returns. Raises SessionError."""
        text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        line = text.encode(errors="backslashreplace") + b"\n"  # half a surrogate pair becomes a JSON escape
        try:
            with self.path.open("ab", buffering=0) as file:
                # A line that a full disk or a power cut left torn must not swallow this one.
                start = b"\n" if self._is_torn() else b""
                size = file.seek(0, 2)
                if file.write(start + line) != len(start + line):
                    file.truncate(size)
                    raise SessionError(f"{self.path.name} cannot be continued: the disk is full; free some space")
        except OSError as error:
            raise SessionError(f"{self.path.name} cannot be written: {error.strerror}") from error

    def read(self) -> list[dict[str, Any]]:
        """Every whole line; torn ones are left out."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SessionError(f"{self.path.name} cannot be read: {error.strerror}") from error
        return [entry for entry in map(_parsed, lines) if entry is not None]

    def _is_torn(self) -> bool:
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            if not size:
                return False
            file.seek(size - 1)
            return file.read(1) != b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
