"""One HTTP/1.1 connection to an engine, kept open; as little between the caller and the socket as possible.

A general client costs half a millisecond more a request, a quarter of all that a frame may cost;
docs/decisions/0006 has the numbers.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

MAX_HEAD = 64 * 1024
MAX_BODY = 80 * 1024 * 1024


class Broken(ConnectionError):
    """The connection could not be made, ended early, or what came is not HTTP."""


@dataclass(frozen=True)
class Reply:
    """A whole response; the names of its headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Requests to one server, one at a time. `url` is its base, http or https."""

    def __init__(self, url: str) -> None:
        self._url: SplitResult = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request and read its response; the caller sets the deadline. Raises Broken.

        After an error or a cancellation the connection is closed, and the next request makes a new one.
        """
        try:
            reader, writer = await self._connected()
            lines = [f"{method} {self._url.path.rstrip('/')}{path} HTTP/1.1", f"Host: {self._url.netloc}"]
            lines += [f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
            head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
            if len(body) < MAX_HEAD:
                writer.write(head + body)
            else:
                writer.writelines([head, body])
            await writer.drain()
            reply = await _reply(reader)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            await self.close()
            raise Broken(str(error) or type(error).__name__) from error
        except BaseException:
            await self.close()
            raise
        if reply.headers.get("connection", "").lower() == "close":
            await self.close()
        return reply

    async def close(self) -> None:
        """Close the connection, without waiting for the other side."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():  # the server has closed it meanwhile
            await self.close()
        if self._streams is None:
            is_secure = self._url.scheme == "https"
            port = self._url.port or (443 if is_secure else 80)
            self._streams = await asyncio.open_connection(
                self._url.hostname, port, ssl=is_secure or None, limit=2 * MAX_HEAD
            )
        return self._streams


async def _reply(reader: asyncio.StreamReader) -> Reply:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"what answers does not speak HTTP: {lines[0][:60]!r}")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Reply(int(rest[:3]), headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    length = int(headers.get("content-length", "0"))
    _bounded(length)
    return await reader.readexactly(length)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        length = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        _bounded(len(body) + length)
        if not length:
            break
        body += (await reader.readexactly(length + 2))[:length]
    while (await reader.readuntil(b"\r\n")) != b"\r\n":
        pass  # trailers say nothing that is needed
    return bytes(body)


def _bounded(length: int) -> None:
    if not 0 <= length <= MAX_BODY:
        raise ValueError(f"a body of {length} bytes; at most {MAX_BODY} are taken")
