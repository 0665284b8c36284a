"""Which session runs, and what its recorder shall do: one small file that server and command line change, all read.

So a recorder needs no server, and a server no recorder: each finds here, also after its own death, what goes on.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bedside.errors import SessionError
from bedside.session.paths import Live
from bedside.session.whole import write_whole

CLIPS_KEPT = 8
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Clip:
    """A wish for the seconds before a snapshot."""

    name: str
    """Of the snapshot; the clip lies beside it."""
    until_ns: int
    """Monotonic time of capture of the snapshot's frame."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall go on."""

    session: str = ""
    """Name of the folder of the session that runs; empty when none does."""
    recording: bool = False
    """Whether its video is wanted."""
    clips: tuple[Clip, ...] = ()
    """The last wishes, oldest first; those that are made stay in the list until newer ones push them out."""
    boot: str = ""
    """Of which start of the machine this is; monotonic times of another one mean nothing."""


def boot_id() -> str:
    """Of this start of the machine; empty where the system does not say."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def read(live: Live) -> Wanted:
    """What is wanted now. Nothing when nobody has said anything since the machine started. Raises SessionError."""
    try:
        fields: dict[str, Any] = json.loads(live.wanted.read_bytes())
        wanted = Wanted(
            str(fields["session"]),
            fields["recording"] is True,
            tuple(Clip(str(clip["name"]), int(clip["until_ns"])) for clip in fields["clips"]),
            str(fields["boot"]),
        )
    except FileNotFoundError:
        return Wanted(boot=boot_id())
    except OSError as error:
        raise SessionError(f"{live.wanted} cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise SessionError(f"{live.wanted} is damaged ({error}); remove it, and start the session again") from error
    return wanted if wanted.boot == boot_id() else Wanted(boot=boot_id())


@contextmanager
def changing(live: Live) -> Iterator[None]:
    """Nobody else changes what is wanted meanwhile. Raises SessionError when the folder cannot be written."""
    try:
        live.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with live.wanted_lock.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise SessionError(
            f"{live.folder} cannot be written: {error.strerror}; free some space, or set another [session] folder"
        ) from error


def write(live: Live, wanted: Wanted) -> None:
    """Says what is wanted, inside `changing`."""
    text = json.dumps(asdict(replace(wanted, clips=wanted.clips[-CLIPS_KEPT:])), indent=2)
    write_whole(live.wanted, text.encode() + b"\n")


def write_nothing(live: Live, boot: str) -> None:
    """Says that no session runs, inside `changing`: on a full disk too, where a file can be removed and not written."""
    try:
        write(live, Wanted(boot=boot))
    except OSError:
        live.wanted.unlink(missing_ok=True)
