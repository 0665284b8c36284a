"""A server that is none of ours: any answer to any path, and what it was asked."""

import asyncio
import json
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
READY = {"/v2/health/ready": b"", "/v2/models/m/ready": b""}


def metadata(inputs: Any, outputs: Any, extensions: Any = ("binary_tensor_data",), name: str = "x") -> dict[str, Any]:
    """What a server says of itself and of its model `m`."""
    return READY | {
        "/v2": {"name": name, "extensions": list(extensions)},
        "/v2/models/m": {"name": "m", "inputs": inputs, "outputs": outputs},
    }


def tensor(name: str, datatype: str, *shape: int) -> dict[str, Any]:
    """An input or output as metadata declare it."""
    return {"name": name, "datatype": datatype, "shape": list(shape)}


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON in it."""
        return json.loads(self.body[: int(self.headers.get("inference-header-content-length", len(self.body)))])

    @property
    def binary(self) -> bytes:
        """What comes after the JSON."""
        return self.body[int(self.headers["inference-header-content-length"]) :]


@dataclass
class Foreign:
    """Answers by path: bytes or JSON with status 200, (status, headers, body), or raw bytes after `raw:`."""

    answers: dict[str, Any]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def reply(self, asked: Asked) -> bytes:
        """The bytes to send for a request."""
        answer = self.answers.get(asked.path, (404, {}, b'{"error": "not here"}'))
        if isinstance(answer, bytes) and answer.startswith(b"raw:"):
            return answer[4:]
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def is_raw(self, asked: Asked) -> bool:
        """Whether what was answered is no whole response, so that the connection must end."""
        answer = self.answers.get(asked.path)
        return isinstance(answer, bytes) and answer.startswith(b"raw:")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.asked.append(Asked(head[0].split(" ")[1], headers, body))
                reply = self.reply(self.asked[-1])
                writer.write(reply)
                await writer.drain()
                if self.is_raw(self.asked[-1]):
                    break
            writer.close()
            await writer.wait_closed()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass


@asynccontextmanager
async def foreign(answers: dict[str, Any], tls: ssl.SSLContext | None = None) -> AsyncIterator[Foreign]:
    """A server that runs, on a free port of this machine."""
    server = Foreign(answers)
    async with listening(server.serve, tls) as port:
        server.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
        yield server


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port of this machine whose connections `serve` has; they end with it."""
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def converse() -> None:
            try:
                await serve(reader, writer)
            finally:
                writer.transport.abort()

        tasks.add(asyncio.create_task(converse()))

    async with await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def self_signed(folder: Path, ip: str) -> Path:
    """Certificate and key, in one file, of a server at an IP address (or localhost) that only itself vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is missing; apt-get install openssl")
    pem = folder / "server.pem"
    new = (
        f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -keyout {pem} -out {pem}.crt"
    )
    named = ["-addext", f"subjectAltName=IP:{ip}"]
    subprocess.run([openssl, *new.split(), *named], check=True, capture_output=True)
    pem.write_text(pem.read_text() + Path(f"{pem}.crt").read_text())
    return pem
