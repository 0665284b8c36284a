"""What the recorder does, said in one small file: written in place, so that it can be said on a full disk too."""

import json
import os
from dataclasses import asdict, replace

from bedside import clock
from bedside.errors import SessionError
from bedside.messages import RecorderState, RecorderStatus
from bedside.session.paths import Live

FILE_BYTES = 4096
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
            os.pwrite(self._file, json.dumps(asdict(now)).encode().ljust(FILE_BYTES - 1) + b"\n", 0)
        except OSError as error:
            raise SessionError(f"the recorder's state cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Ends the writing; the last words stay and grow old."""
        os.close(self._file)


def read(live: Live) -> RecorderStatus | None:
    """What the recorder said last: GONE when that is too long ago; None when there has never been one."""
    try:
        fields = json.loads(live.recorder.read_bytes())
        status = RecorderStatus(**fields | {"state": RecorderState(fields["state"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError):
        return RecorderStatus(RecorderState.GONE, "what the recorder says cannot be read")
    if clock.age_ms(status.written_ns) > GONE_AFTER_S * 1e3 or status.written_ns > clock.monotonic_ns():
        return replace(status, state=RecorderState.GONE, message="the recorder does not run; nothing is recorded")
    return status
