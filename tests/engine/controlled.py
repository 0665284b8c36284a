"""An engine in this process that does as a test says: a real server of the protocol, on a real port."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

JSON_LENGTH = "inference-header-content-length"


@dataclass
class ControlledEngine:
    """Listens on one port, as one process after the other, and answers, fails, hangs, breaks off or babbles.

    `asked` holds the number of every frame that it was asked about, `most_at_once` how many it had to answer at once.
    """

    port: int = 0
    state: str = "READY"
    manner: str = "answers"
    process: int = 0
    asked: list[int] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0
    is_stuck: bool = False
    """It hangs on a frame, which only another process ends."""
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_listening(self) -> bool:
        """Whether a connection can be made."""
        return self._server is not None

    @property
    def is_well(self) -> bool:
        """Whether it would take a frame and end it somehow."""
        return self.is_listening and self.state == "READY" and not self.is_stuck

    async def start(self, state: str = "READY") -> None:
        """Another process begins, in place of the one that may be there."""
        await self.die()
        self.process += 1
        self.state, self.is_stuck, self.running = state, False, 0
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def turn(self, state: str) -> None:
        """From now on the process says this of itself, unless it hangs: then it says nothing new."""
        if not self.is_stuck:
            self.state = state

    async def shut(self) -> None:
        """Nobody can connect any more; connections that are there live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def die(self) -> None:
        """As kill -9."""
        await self.shut()
        while self._writers:  # also those that were just being accepted
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(OSError, EOFError):
                while True:
                    await self._answer(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if path.endswith("/infer"):
            status, document = await self._infer(reader, json.loads(body[: int(headers.get(JSON_LENGTH, len(body)))]))
        else:
            status, document = self._say(path)
        text = json.dumps(document).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(text), text))
        await writer.drain()

    def _say(self, path: str) -> tuple[int, Any]:
        if path.endswith("/ready"):
            state = "BUSY" if self.state == "READY" and self.running else self.state
            document = {"state": state, "process": str(self.process), "error": "no weights"}
            return (200 if self.state == "READY" else 503), document
        if path == "/v2":
            return 200, {"name": "controlled", "extensions": ["binary_tensor_data", "bedside"]}
        frame = {"name": "frame", "datatype": "UINT8", "shape": [-1, -1, 3]}
        result = {"name": "result", "datatype": "BYTES", "shape": [1]}
        return 200, {"name": "e", "inputs": [frame], "outputs": [result]}

    async def _infer(self, reader: asyncio.StreamReader, head: Any) -> tuple[int, Any]:
        seq = int(head["id"])
        self.asked.append(seq)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(0)
            match self.manner:
                case "answers":
                    result = {
                        "name": "result",
                        "datatype": "BYTES",
                        "shape": [1],
                        "data": [json.dumps({"text": str(seq)})],
                    }
                    return 200, {"outputs": [result], "parameters": {"model_ms": 0.01}}
                case "fails":
                    return 500, {"error": "predict raised ValueError"}
                case "babbles":
                    return 200, {"outputs": "none"}
                case "hangs":
                    self.is_stuck = True
                    await reader.read()  # until the other side gives up
            raise EOFError  # breaks off
        finally:
            if not self.is_stuck:
                self.running -= 1
