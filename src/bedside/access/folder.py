"""The folder of all that says who may do what: for this user alone, its files too."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bedside.errors import AccessError


def make_private(folder: Path) -> None:
    """The folder is there, and nobody else may look into it. Raises AccessError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """The file at `path`, made where it is missing, open for reading and appending, and nobody else's meanwhile.

    Yields its descriptor. Raises AccessError when it cannot be opened.
    """
    make_private(path.parent)
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        try:
            hand_over(file, path.parent)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise unwritable(path, error) from error
        yield file
    finally:
        os.close(file)  # and with it the lock


def write_private(path: Path, data: bytes) -> None:
    """The whole file or what was there before, for this user alone, on the disk when this returns. Raises AccessError.

    One writer at a time: hold a lock.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            hand_over(file, path.parent)
            write_all(file, data)
            os.fsync(file)
        finally:
            os.close(file)
        part.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def write_all(file: int, data: bytes) -> None:
    """Every byte of `data`. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def hand_over(file: int, folder: Path) -> None:
    """What root writes belongs to the folder's user, as which the server runs: it must read it."""
    if os.geteuid() == 0:
        with suppress(OSError):  # a root that may give nothing away, as in a container, works as before
            owner = folder.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)


def unwritable(path: Path, error: OSError) -> AccessError:
    """What is said of a file that cannot be written."""
    return AccessError(
        f"{path} cannot be written: {error.strerror}; free some space, or set another folder as [server] access"
    )


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
