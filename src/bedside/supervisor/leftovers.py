"""What killed processes leave behind in shared memory."""

import fcntl
import os
import re
from collections.abc import Iterable
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


def remove_leftovers(ring: str, engines: Iterable[str], folder: Path = SHARED_MEMORY) -> list[str]:
    """Remove the ring of that name and the buffers of these engines, once all processes of the instance have ended.

    A buffer on which a lock is held belongs to a living server, such as another instance with an engine of the same
    name, and stays. Returns the names of what was removed.
    """
    names = "|".join(re.escape(name) for name in engines)
    rings = re.compile(rf"{re.escape(ring)}(\.\w+)?")
    buffers = re.compile(rf"bedside-stage-({names})-\d+-\d+")
    removed = []
    for path in sorted(folder.glob("bedside-*")):
        if rings.fullmatch(path.name) or (buffers.fullmatch(path.name) and not _is_held(path)):
            path.unlink(missing_ok=True)
            removed.append(path.name)
    return removed


def _is_held(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        return True  # not ours to open, or gone already
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
