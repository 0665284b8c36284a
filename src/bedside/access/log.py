"""The access log: who saw and did what, one line a deed, each chained to the one before.

A line's `sha256` is taken over the one before it and over the line itself, so a line that somebody changed or took out
is found; `access.head` beside it holds number and sum of the newest, so lines missing at the end are found too. Whoever
may write both files and knows this can forge them: note the newest sum elsewhere where that matters.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.access.folder import hand_over, locked, unwritable, write_all
from bedside.access.role import Who
from bedside.errors import AccessError

LOG, HEAD = "access.jsonl", "access.head"
MOST_TEXT = 200
"""Characters of one fact; what a stranger sent must not fill the disk."""
MOST_LINE_BYTES = 4096
SUM_MARK = b',"sha256":"'
FIRST_SUM = "0" * 64
STRANGER = "stranger"
"""The id of whoever has no role."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest line: what the next one is chained to."""

    number: int = 0
    bytes: int = 0
    """Length of the log with it."""
    sum: str = FIRST_SUM


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of looking at every line."""

    lines: int
    newest: str
    """The newest line's sum."""
    problems: tuple[str, ...]
    """One sentence for each place where the chain is broken; none where nobody touched it."""
    is_torn: bool
    """The last line is not whole: the machine stopped while it was written. The next deed takes it out."""


class AccessLog:
    """The log in `folder`. Several processes may write it at once; each line is on the disk when `write` returns."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG
        self._head = folder / HEAD

    def write(self, who: Who | None, deed: str, **about: Any) -> None:
        """One more line; nobody is a stranger. `about` is plain JSON and never a secret; long text in it is cut.

        Blocks until the disk has it (milliseconds): never on an event loop. Raises AccessError.
        """
        with locked(self.path) as file:
            try:
                before = self._newest(file)
                line, sum_ = _line(before, who, deed, about)
                write_all(file, line)
                os.fdatasync(file)
                self._write_head(Head(before.number + 1, before.bytes + len(line), sum_))
            except OSError as error:
                raise unwritable(self.path, error) from error

    def tail(self, count: int) -> list[dict[str, Any]]:
        """The newest lines, oldest of them first; broken ones are left out. Raises AccessError."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = file.seek(max(0, size - count * MOST_LINE_BYTES))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AccessError(f"{self.path} cannot be read: {error.strerror}") from error
        whole = lines[1 if start else 0 : -1]
        return [entry for entry in map(_parsed, whole) if entry is not None][-count:]

    def verify(self) -> Verified:
        """Looks at every line and at the head. Raises AccessError when the log cannot be read."""
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                return _verified(file, self._read_head())
        except FileNotFoundError:
            head = self._read_head()
            missing = () if head is None or not head.number else (_gone(1, head.number),)
            return Verified(0, FIRST_SUM, missing, is_torn=False)
        except OSError as error:
            raise AccessError(f"{self.path} cannot be read: {error.strerror}") from error

    def _newest(self, file: int) -> Head:
        """What the next line is chained to; a torn last line is taken out. Raises OSError."""
        size, head = os.fstat(file).st_size, self._read_head()
        if head is not None and head.bytes == size:
            return head
        # A line was written and its head was not, or somebody was at the files. The higher number counts, so that
        # lines that were taken out leave a gap.
        data = os.pread(file, size, 0) if size else b""
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < size:
            os.ftruncate(file, len(whole))
        number, sum_ = (head.number, head.sum) if head else (0, FIRST_SUM)
        for line in reversed(whole.splitlines()):
            if (entry := _parsed(line)) is not None:
                if entry["n"] > number:
                    number, sum_ = entry["n"], entry["sha256"]
                break
        return Head(number, len(whole), sum_)

    def _read_head(self) -> Head | None:
        with suppress(OSError, ValueError, LookupError, TypeError):
            fields = json.loads(self._head.read_bytes())
            return Head(int(fields["n"]), int(fields["bytes"]), str(fields["sha256"]))
        return None

    def _write_head(self, head: Head) -> None:
        """In place and without waiting for the disk: a head that is behind its log is made good by the next line."""
        text = json.dumps({"n": head.number, "bytes": head.bytes, "sha256": head.sum})
        file = os.open(self._head, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            hand_over(file, self._head.parent)
            os.pwrite(file, f"{text:<160}\n".encode(), 0)
        finally:
            os.close(file)


def _line(before: Head, who: Who | None, deed: str, about: dict[str, Any]) -> tuple[bytes, str]:
    """The line with its end, and its sum."""
    entry = {
        "n": before.number + 1,
        "at": datetime.fromtimestamp(clock.wall_ns() / clock.NS_PER_S, UTC).isoformat(timespec="milliseconds"),
        "role": who.role.word if who else "",
        "id": who.id if who else STRANGER,
        "label": who.label if who else "",
        "deed": deed,
        "about": {name: value[:MOST_TEXT] if isinstance(value, str) else value for name, value in about.items()},
    }
    body = json.dumps(entry, separators=(",", ":")).encode()[:-1]
    if len(body) > MOST_LINE_BYTES - 200:
        entry["about"] = {"left_out_bytes": len(body)}
        body = json.dumps(entry, separators=(",", ":")).encode()[:-1]
    sum_ = _sum(before.sum, body)
    return body + SUM_MARK + sum_.encode() + b'"}\n', sum_


def _sum(before: str, body: bytes) -> str:
    return sha256(before.encode() + body).hexdigest()


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The line's object, or None where it is not a line of this log."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(entry, dict) and type(entry.get("n")) is int and isinstance(entry.get("sha256"), str)
    return entry if is_ours else None


def _verified(lines: Iterator[bytes], head: Head | None) -> Verified:
    """Goes on after a broken place with the sum that stands there, so that each place is named once."""
    number, sum_, problems, is_torn, place = 0, FIRST_SUM, [], False, 0
    for line in lines:
        if not line.endswith(b"\n"):
            is_torn = True
            break
        place += 1
        entry = _parsed(line)
        if entry is None:
            problems.append(f"line {place} is not a line of this log")
            continue
        if entry["n"] > number + 1:
            problems.append(_gone(number + 1, entry["n"] - 1))
        elif entry["n"] <= number:
            problems.append(f"line {place} has number {entry['n']}, which stood before")
        elif entry["sha256"] != _sum(sum_, line.rpartition(SUM_MARK)[0]):
            problems.append(f"deed {entry['n']} (line {place}), or the one before it, was changed")
        number, sum_ = entry["n"], entry["sha256"]
    if head is None:
        problems += [f"{HEAD} is missing, so deeds may be missing at the end"] if place else []
    elif head.number > number:
        problems.append(_gone(number + 1, head.number))
    elif head.number == number and head.sum != sum_:
        problems.append(f"the newest deed, {number}, is not the one that {HEAD} names")
    return Verified(place, sum_, tuple(problems), is_torn)


def _gone(first: int, last: int) -> str:
    return f"deed {first} is missing" if first == last else f"deeds {first} to {last} are missing"
