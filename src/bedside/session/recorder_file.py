"""What the recorder does, said in one small file: written in place, so that it can be said on a full disk too.

It begins and ends with the time when it was written. Who reads it while it is written finds two times, and reads again.
"""

import json
import os
from dataclasses import asdict, replace

from bedside import clock
from bedside.errors import SessionError
from bedside.messages import RecorderState, RecorderStatus
from bedside.session.paths import Live

FILE_BYTES = 4096
READ_AGAIN = 5
GONE_AFTER_S = 2.0
"""A recorder says something twice a second; one that says nothing for so long counts as gone."""


class RecorderFile:
    """The writer's side; one a folder, under the recorder's lock."""

    def __init__(self, live: Live) -> None:
        """Raises SessionError when the folder cannot be written."""
        try:
            live.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(live.recorder, os.O_RDWR | os.O_CREAT, 0o600)
            os.posix_fallocate(self._file, 0, FILE_BYTES)
        except OSError as error:
            raise SessionError(f"{live.recorder} cannot be written: {error.strerror}") from error

    def write(self, status: RecorderStatus) -> None:
        """Says it, now. Raises SessionError."""
        now = replace(status, message=status.message[:500], pid=os.getpid(), written_ns=clock.monotonic_ns())
        try:
            os.pwrite(self._file, _text(now), 0)
        except OSError as error:
            raise SessionError(f"the recorder's state cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Ends the writing; the last words stay and grow old."""
        os.close(self._file)


def read(live: Live) -> RecorderStatus | None:
    """What the recorder said last: GONE when that is too long ago; None when there has never been one."""
    status = None
    for _ in range(READ_AGAIN):
        try:
            status = _parsed(live.recorder.read_bytes())
        except FileNotFoundError:
            return None
        except OSError:
            break
        if status is not None:
            break
    if status is None:
        return RecorderStatus(RecorderState.GONE, "what the recorder says cannot be read")
    if clock.age_ms(status.written_ns) > GONE_AFTER_S * 1e3 or status.written_ns > clock.monotonic_ns():
        return replace(status, state=RecorderState.GONE, message="the recorder does not run; nothing is recorded")
    return status


def _text(status: RecorderStatus) -> bytes:
    fields = {"began_ns": status.written_ns} | asdict(status)
    return json.dumps(fields).encode().ljust(FILE_BYTES - 1) + b"\n"


def _parsed(text: bytes) -> RecorderStatus | None:
    """None for one that was read while it was written."""
    try:
        fields = json.loads(text)
        began_ns = fields.pop("began_ns")
        status = RecorderStatus(**fields | {"state": RecorderState(fields["state"])})
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return status if status.written_ns == began_ns else None
