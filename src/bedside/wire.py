"""Messages to bytes and back: pure functions, versioned, no pickle. docs/reference/wire.md shows the bytes.

A text message is one JSON object with a `type`. A binary message is a 4-byte big-endian length, a JSON object of
that length with a `type`, and a payload (a JPEG).
"""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar

from bedside.errors import WireError
from bedside.messages import Frame, Signal, Status

VERSION = 1
"""Of the broadcaster's protocol; sent in the `hello` message. A reader refuses another one."""

MAX_HEADER_BYTES = 64 * 1024

MAX_INTEGER = 2**63 - 1

Message = TypeVar("Message", "Hello", Frame, Status)


@dataclass(frozen=True, slots=True)
class Hello:
    """The broadcaster's first message to a subscriber."""

    version: int
    """Of the protocol, see VERSION."""
    server: str
    """Who speaks, such as `bedside 0.1.0`."""
    ring: str
    """Name of the ring in shared memory."""
    ring_id: int
    """Which ring of that name: a reader that finds another number in the ring's head is on another machine."""
    monotonic_ns: int
    """The broadcaster's monotonic clock when it said this; tells how far a subscriber's own clock is away."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts that travel with each frame, so that a subscriber can say why a number is missing."""

    lost_at_source: int = 0
    """Numbers that the source gave to frames which it never delivered, since the broadcaster started."""
    thinned: int = 0
    """Frames left out because this subscriber asked for max_fps, since it connected."""


def pack(header: dict[str, Any], payload: bytes) -> bytes:
    """One binary message from a JSON-able header and a payload."""
    head = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack(">I", len(head)) + head + payload


def unpack(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the payload of a binary message. Raises WireError for anything else."""
    if len(data) < 4:
        raise WireError(f"a binary message of {len(data)} bytes is too short; expected a 4-byte header length first")
    (length,) = struct.unpack_from(">I", data)
    if length > min(MAX_HEADER_BYTES, len(data) - 4):
        raise WireError(f"a header of {length} bytes does not fit into a message of {len(data)} bytes")
    return parse(data[4 : 4 + length]), data[4 + length :]


def parse(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`, which must have a `type`. Raises WireError for anything else."""
    try:
        header = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}; expected one object with a 'type'") from error
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise WireError(f"not a message: {str(text)[:80]!r}; expected one JSON object with a 'type'")
    return header


def hello_header(hello: Hello) -> dict[str, Any]:
    """The JSON header of a hello."""
    return {"type": "hello", **asdict(hello)}


def frame_header(frame: Frame, tally: Tally | None = None) -> dict[str, Any]:
    """The JSON header that announces a frame, without its picture."""
    header = dict(zip(_FRAME_NAMES, _frame_values(frame), strict=True))
    counts = {} if tally is None else {"lost_at_source": tally.lost_at_source, "thinned": tally.thinned}
    return {"type": "frame", **header, "signal": str(frame.signal), **counts}


def status_header(status: Status, sent_ns: int = 0) -> dict[str, Any]:
    """The JSON header of a status, with the sender's monotonic clock."""
    return {"type": "status", **asdict(status), "signal": str(status.signal), "monotonic_ns": sent_ns}


def read_hello(header: dict[str, Any]) -> Hello:
    """The hello in a header. Raises WireError when it is of another version, or none."""
    if header.get("version") != VERSION:
        raise WireError(
            f"the broadcaster ({header.get('server')}) speaks version {header.get('version')} of the wire and this is "
            f"version {VERSION}; install the same Bedside on both sides"
        )
    return _read(Hello, header)


def read_tally(header: dict[str, Any]) -> Tally:
    """The counts in a frame's header, 0 where it has none. Raises WireError when one is no count."""
    return Tally(_integer(header, "lost_at_source"), _integer(header, "thinned"))


def read_sent_ns(header: dict[str, Any]) -> int:
    """The sender's monotonic clock in a status' header, 0 where it has none. Raises WireError when it is no time."""
    return _integer(header, "monotonic_ns")


def read_frame(header: dict[str, Any], jpeg: bytes | None = None) -> Frame:
    """The frame that a header announces. Raises WireError when a field is missing or has the wrong type."""
    frame = _read(Frame, header, jpeg=jpeg)
    if frame.width < 1 or frame.height < 1:
        raise WireError(f"a frame of {frame.width} x {frame.height} pixels; expected at least 1 x 1")
    return frame


def read_status(header: dict[str, Any]) -> Status:
    """The status in a header. Raises WireError when a field has the wrong type."""
    return _read(Status, header)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER


def _integer(header: dict[str, Any], name: str) -> int:
    value = header.get(name, 0)
    if not _is_integer(value):
        raise WireError(f"field '{name}' of a {header.get('type')} is {value!r}; expected a whole number")
    return int(value)


def _is_number(value: Any) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


_CHECKS: dict[Any, Callable[[Any], bool]] = {
    int: _is_integer,
    float: _is_number,
    str: lambda value: isinstance(value, str),
}


def _name(kind: Any) -> str:
    return {int: "a whole number", float: "a number", str: "a text"}[kind]


def _fields_of(kind: type[Hello | Frame | Status]) -> dict[str, Any]:
    return {f.name: f.type for f in fields(kind) if f.name != "jpeg"}


# Looked up once: a frame is written and read at every step of its way.
_FIELDS: dict[type, dict[str, Any]] = {kind: _fields_of(kind) for kind in (Hello, Frame, Status)}
_FRAME_NAMES = tuple(_FIELDS[Frame])
_frame_values = attrgetter(*_FRAME_NAMES)


def _read(kind: type[Message], header: dict[str, Any], **values: Any) -> Message:
    for name, expected in _FIELDS[kind].items():
        if name not in header:
            continue
        value = header[name]
        if expected is Signal:
            values[name] = _read_signal(value)
        elif _CHECKS[expected](value):
            values[name] = value
        else:
            raise WireError(f"field '{name}' of a {header.get('type')} is {value!r}; expected {_name(expected)}")
    try:
        return kind(**values)
    except TypeError as error:
        raise WireError(f"a {header.get('type')} lacks a field: {error}") from error


def _read_signal(value: Any) -> Signal:
    try:
        return Signal(value)
    except ValueError:
        raise WireError(f"signal {value!r} is unknown; expected one of {', '.join(Signal)}") from None
