"""What a subscriber asks for in the address of the broadcaster's websocket."""

from collections.abc import Mapping
from dataclasses import dataclass

from bedside.errors import WireError

MAX_BACKLOG = 64


@dataclass(frozen=True)
class Wish:
    """One subscriber's wish; every field may be left out."""

    encoding: str = "shm"
    """`shm`: announcements only, pixels lie in the ring. `jpeg`: each announcement carries the picture."""
    width: int = 0
    """Scale a JPEG down to this width; 0 leaves it."""
    quality: int = 85
    """Of a JPEG, 1 to 100."""
    max_fps: float = 0.0
    """At most so many frames per second; 0 is every frame."""
    backlog: int = 1
    """How many frames may wait for this subscriber before the oldest is dropped; 1 is newest wins."""


def read_wish(query: Mapping[str, str]) -> Wish:
    """The wish in a query. Raises WireError with one sentence for a value that cannot be used."""
    encoding = query.get("encoding", Wish.encoding)
    if encoding not in ("shm", "jpeg"):
        raise WireError(f"encoding is {encoding!r}; expected shm or jpeg")
    return Wish(
        encoding,
        int(_number(query, "width", Wish.width, 0, 16384, whole=True)),
        int(_number(query, "quality", Wish.quality, 1, 100, whole=True)),
        _number(query, "max_fps", Wish.max_fps, 0, 1000),
        int(_number(query, "backlog", Wish.backlog, 1, MAX_BACKLOG, whole=True)),
    )


def _number(query: Mapping[str, str], name: str, default: float, low: int, high: int, whole: bool = False) -> float:
    text = query.get(name, "")
    if not text:
        return default
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:  # not a number is not between them either
        raise WireError(f"{name} is {text!r}; expected a {'whole ' * whole}number from {low} to {high}")
    return number
