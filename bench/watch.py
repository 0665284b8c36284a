"""A page without a browser: the page's websocket, read and acknowledged as a page does."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bedside import wire


@dataclass
class Watched:
    """What one viewer has received."""

    pictures: dict[str, list[tuple[float, int, float]]] = field(default_factory=lambda: {"live": [], "answer": []})
    """Per stream: (time in s, seq, age in ms when received)."""
    results: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """(time in s, result) of every answer."""

    def fps(self, stream: str, skip_s: float = 1.0) -> float:
        """Pictures per second, without the first `skip_s` seconds."""
        times = [t for t, _, _ in self.pictures[stream]]
        times = [t for t in times if times and t >= times[0] + skip_s]
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0


async def watch(url: str, seconds: float, view: str = "explain", live: int = 960, answer: int = 960) -> Watched:
    """View the page's websocket for `seconds` after its first picture."""
    seen = Watched()
    async with asyncio.timeout(seconds + 30):
        async for kind, header in read(url, view, live, answer):
            now = time.monotonic()
            if kind == "picture":
                seen.pictures[header["stream"]].append((now, header["seq"], header["age_ms"]))
            if kind == "result" or "result" in header:
                seen.results.append((now, header.get("result", header)))
            starts = [rows[0][0] for rows in seen.pictures.values() if rows]
            if starts and now > min(starts) + seconds:
                return seen
    return seen


async def read(
    url: str, view: str, live: int, answer: int, token: str = ""
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every message that a page of this size gets, a picture's bytes as `jpeg`; each is acknowledged at once."""
    address = url.replace("http", "ws", 1) + f"/live?view={view}"
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession(headers=shown) as session,
        session.ws_connect(address, max_msg_size=0, compress=0) as socket,
    ):
        await socket.send_json({"type": "want", "live": live, "answer": answer})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                header, jpeg = wire.unpack(message.data)
                painted = {
                    "type": "painted",
                    "stream": header["stream"],
                    "seq": header["seq"],
                    "age_ms": header["age_ms"],
                }
                await socket.send_json(painted)
                yield "picture", header | {"jpeg": jpeg}
            elif message.type is aiohttp.WSMsgType.TEXT:
                header = json.loads(message.data)
                yield header["type"], header


async def stall(url: str, seconds: float) -> None:
    """A tablet that fell asleep: connects, asks for pictures, and never reads."""
    address = url.replace("http", "ws", 1) + "/live?view=explain"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0, compress=0) as socket:
        await socket.send_json({"type": "want", "live": 960, "answer": 960})
        await asyncio.sleep(seconds)
