"""What killed processes leave behind in shared memory."""

import re
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


def leftovers(source_port: int, server_port: int, folder: Path = SHARED_MEMORY) -> list[Path]:
    """Files in shared memory that belong to the instance with these ports: its ring and its engines' buffers."""
    ours = re.compile(rf"bedside-({source_port}|{server_port})(\D.*)?")
    return sorted(path for path in folder.glob("bedside-*") if ours.fullmatch(path.name))


def remove_leftovers(source_port: int, server_port: int, folder: Path = SHARED_MEMORY) -> int:
    """Remove them, once all processes of that instance have ended; returns how many there were."""
    found = leftovers(source_port, server_port, folder)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
