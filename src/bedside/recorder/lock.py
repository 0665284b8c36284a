"""One recorder a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from bedside.errors import SessionError
from bedside.session.paths import Live


class Taken(SessionError):
    """Another recorder has the folder."""


@contextmanager
def recorders_lock(live: Live) -> Iterator[None]:
    """Held inside the `with` block, and let go by the kernel however this process dies.

    Raises Taken, with who has it, and SessionError when the folder cannot be written.
    """
    try:
        live.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(live.recorder_lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SessionError(
            f"{live.folder} cannot be written: {error.strerror}; make it writable, or set another [session] folder"
        ) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            who = os.pread(file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise Taken(
                f"process {who} records into {live.root} already; it takes every session of this folder, so stop it "
                "first, or set another [session] folder"
            ) from error
        os.pwrite(file, f"{os.getpid()}".encode().ljust(32), 0)
        yield
    finally:
        os.close(file)
