"""Whether a session is read, so that nobody deletes it meanwhile.

The folder itself is locked, so there is no file that could be left over. The lock goes with the process that holds it,
however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def read_until_the_end(folder: Path) -> None:
    """This process reads the session until it ends; where the file system has no locks, nothing is held."""
    with suppress(OSError):
        fcntl.flock(os.open(folder, os.O_RDONLY | os.O_DIRECTORY), fcntl.LOCK_SH)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """The session is read within this block: for a verb that reads many, one after the other."""
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # gone: whoever reads it says so
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_SH)
        yield
    finally:
        os.close(held)


def is_read(folder: Path) -> bool:
    """Whether a process, this one too, reads it."""
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(held)
    return False


def looked_at(folder: Path) -> None:
    """A page looks at it now: its folder is as new as this look. One that cannot be written is not deleted either."""
    with suppress(OSError):
        os.utime(folder)
