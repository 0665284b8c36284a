"""Messages to bytes and back: pure functions, versioned, no pickle. docs/reference/wire.md shows the bytes.

A text message is one JSON object with a `type`. A binary message is a 4-byte big-endian length, a JSON object of
that length with a `type`, and a payload (a JPEG).
"""

import json
import struct
from dataclasses import asdict, fields
from typing import Any, TypeVar

from bedside.errors import WireError
from bedside.messages import Frame, Signal, Status

VERSION = 1
"""Of the broadcaster's protocol; sent in the `hello` message. A reader refuses another one."""

MAX_HEADER_BYTES = 64 * 1024

Message = TypeVar("Message", Frame, Status)


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
        header = json.loads(text)
    except ValueError as error:
        raise WireError(f"not JSON: {error}; expected one object with a 'type'") from error
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise WireError(f"not a message: {str(text)[:80]!r}; expected one JSON object with a 'type'")
    return header


def frame_header(frame: Frame) -> dict[str, Any]:
    """The JSON header that announces a frame, without its picture."""
    header = {f.name: getattr(frame, f.name) for f in fields(Frame) if f.name != "jpeg"}
    return {"type": "frame", **header, "signal": str(frame.signal)}


def status_header(status: Status) -> dict[str, Any]:
    """The JSON header of a status."""
    return {"type": "status", **asdict(status), "signal": str(status.signal)}


def read_frame(header: dict[str, Any], jpeg: bytes | None = None) -> Frame:
    """The frame that a header announces. Raises WireError when a field is missing or has the wrong type."""
    frame = _read(Frame, header)
    if frame.width < 1 or frame.height < 1:
        raise WireError(f"a frame of {frame.width} x {frame.height} pixels; expected at least 1 x 1")
    return frame if jpeg is None else Frame(**{**_values(frame), "jpeg": jpeg})


def read_status(header: dict[str, Any]) -> Status:
    """The status in a header. Raises WireError when a field has the wrong type."""
    return _read(Status, header)


def _values(message: Frame | Status) -> dict[str, Any]:
    return {f.name: getattr(message, f.name) for f in fields(message)}


_KINDS: dict[str, type | tuple[type, ...]] = {"fps": (int, float)}


def _read(kind: type[Message], header: dict[str, Any]) -> Message:
    values: dict[str, Any] = {}
    for f in fields(kind):
        if f.name not in header or f.name == "jpeg":
            continue
        value = header[f.name]
        expected = _KINDS.get(f.name, str if f.type is str else int)
        if f.name == "signal":
            values["signal"] = _read_signal(value)
        elif isinstance(value, expected) and not isinstance(value, bool):
            values[f.name] = value
        else:
            raise WireError(f"field '{f.name}' of a {header.get('type')} is {value!r}; expected {f.type}")
    try:
        return kind(**values)
    except TypeError as error:
        raise WireError(f"a {header.get('type')} lacks a field: {error}") from error


def _read_signal(value: Any) -> Signal:
    try:
        return Signal(value)
    except ValueError:
        raise WireError(f"signal {value!r} is unknown; expected one of {', '.join(Signal)}") from None
