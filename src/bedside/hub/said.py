"""What a page may say: text messages checked and turned into values."""

import math
from dataclasses import dataclass
from typing import Any

from aiohttp import WSCloseCode

from bedside.errors import WireError
from bedside.wire import parse

MAX_WIDTH = 7680
MAX_AGE_MS = 1e7
MAX_ID = 2**53
STREAMS = ("live", "answer")


class Garbage(WireError):
    """A page sent something that is no message; `code` is what its websocket is closed with."""

    def __init__(self, message: str, code: WSCloseCode = WSCloseCode.INVALID_TEXT) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Want:
    """The page wants pictures so many pixels wide; 0 is none."""

    live: int
    answer: int


@dataclass(frozen=True, slots=True)
class Painted:
    """The page painted a picture when its frame was so old, by the page's own reckoning.

    None is that it has the picture and did not paint it, since its stream is not to be seen now.
    """

    stream: str
    seq: int
    age_ms: float | None


@dataclass(frozen=True, slots=True)
class Hold:
    """The person holds this picture on the page; None is that they let it go."""

    seq: int | None


@dataclass(frozen=True, slots=True)
class Ping:
    """The page measures its round trip."""

    id: float


def read(text: str) -> Want | Painted | Hold | Ping:
    """The message in `text`. Raises Garbage, with one sentence, for anything else."""
    try:
        said = parse(text)
    except (WireError, RecursionError) as error:
        raise Garbage(f"text that is no message ({error})") from error
    match said["type"]:
        case "want":
            return Want(int(_number(said, "live", MAX_WIDTH)), int(_number(said, "answer", MAX_WIDTH)))
        case "painted":
            if said.get("stream") not in STREAMS:
                raise Garbage(f"a painted message of stream {str(said.get('stream'))[:40]!r}; expected live or answer")
            seq = int(_number(said, "seq", MAX_ID))
            is_seen = said.get("age_ms", 0) is not None
            return Painted(str(said["stream"]), seq, _number(said, "age_ms", MAX_AGE_MS) if is_seen else None)
        case "hold":
            return Hold(None if said.get("seq") is None else int(_number(said, "seq", MAX_ID)))
        case "ping":
            return Ping(_number(said, "id", MAX_ID))
        case other:
            raise Garbage(f"a message of type {other[:40]!r}; expected want, painted, hold or ping")


def _number(said: dict[str, Any], name: str, most: float) -> float:
    value = said.get(name)
    if not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= most:
        return value
    raise Garbage(f"a {said['type']} message whose {name} is {str(value)[:40]!r}; expected a number from 0 to {most:g}")
