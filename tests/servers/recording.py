"""What servers really answered, taken down: recorded/NAME.json, one exchange after the other.

The tests that run these servers compare it with what they say now. `BEDSIDE_RECORD=1` makes it anew.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.engine.ask import Ask
from bedside.engine.client import Client
from bedside.engine.connection import Connection, Reply
from bedside.engine.protocol import JSON_LENGTH

RECORDED = Path(__file__).with_name("recorded")
KEPT = ("content-type", JSON_LENGTH.lower())
"""Headers that mean something; the others are dates and names of software."""
SMALL = np.zeros((2, 6, 3), np.uint8)
"""Its right third is bright."""
SMALL[:, 4:] = 255
SCORES = [0.0, 0.0, 1.0]


def exchange(request: str, headers: Mapping[str, str], body: bytes, reply: Reply) -> dict[str, Any]:
    """One exchange, as it stands in the file: JSON as text, binary data in hexadecimal digits."""
    return {
        "request": request,
        "headers": dict(headers),
        "body": _split(body, headers.get(JSON_LENGTH)),
        "status": reply.status,
        "answer_headers": {name: reply.headers[name] for name in KEPT if name in reply.headers},
        "answer": _split(reply.body, reply.headers.get(JSON_LENGTH.lower())),
    }


def _split(body: bytes, length: str | None) -> list[str]:
    at = len(body) if length is None else int(length)
    return [body[:at].decode(), body[at:].hex()]


def joined(parts: Sequence[str]) -> bytes:
    """The bytes of a body in the file."""
    return parts[0].encode() + bytes.fromhex(parts[1])


async def conversation(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is said over HTTP while a client finds its engine and asks it about one small picture."""
    taken: list[dict[str, Any]] = []
    ask = Connection.request

    async def taking(
        self: Connection, method: str, path: str, body: Sequence[bytes] = (), headers: Mapping[str, str] | None = None
    ) -> Reply:
        reply = await ask(self, method, path, body, headers)
        taken.append(exchange(f"{method} {path}", headers or {}, b"".join(body), reply))
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "request", taking)
        await client.readiness()
        await client.infer(Ask(7, SMALL))
    return taken


def compare(name: str, server: str, taken: list[dict[str, Any]]) -> None:
    """What was taken down must be what is recorded, or is recorded now."""
    file = RECORDED / f"{name}.json"
    if os.environ.get("BEDSIDE_RECORD"):
        file.write_text(json.dumps({"server": server, "exchanges": taken}, indent=1) + "\n")
    recorded = json.loads(file.read_text())
    assert recorded["server"] == server
    assert [one["request"] for one in taken] == [one["request"] for one in recorded["exchanges"]]
    for now, then in zip(taken, recorded["exchanges"], strict=True):
        assert now == then
