"""What people and sessions are called: codes and folder names, never anything that could be a person's name."""

import re
from datetime import UTC, datetime

from bedside import clock
from bedside.errors import SessionError

PARTICIPANT = re.compile(r"(?=.*[0-9])[A-Za-z0-9_-]{1,16}")
SESSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(_[A-Za-z0-9_-]{1,16})?(-\d+)?")
ITEM = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A snapshot, a best frame, a replay."""
VIDEO = re.compile(r"video-\d{3,6}\.(mp4|mkv)")


def check_participant(participant: str) -> None:
    """Raises SessionError for what is no code: at most 16 letters, digits, - and _, with a digit in it."""
    if participant and not PARTICIPANT.fullmatch(participant):
        raise SessionError(
            f"participant is {participant!r}; expected a code of at most 16 letters, digits, - and _ with a digit "
            "in it, such as P1, and never a name"
        )


def session_name(start_wall_ns: int, participant: str) -> str:
    """`2026-11-23T10-12-33_P1`, in UTC."""
    start = datetime.fromtimestamp(start_wall_ns / clock.NS_PER_S, UTC)
    return "_".join(filter(None, [start.strftime("%Y-%m-%dT%H-%M-%S"), participant]))


def item_name(text: str) -> str:
    """`text` as the name of a snapshot, a best frame or a replay: what a file name cannot carry becomes _."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")[:80] or "unnamed"
