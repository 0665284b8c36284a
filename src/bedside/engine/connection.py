"""One HTTP/1.1 connection to an engine, kept open; as little between the caller and the socket as possible.

A general client costs half a millisecond more a request, a quarter of all that a frame may cost;
docs/decisions/0006 has the numbers.
"""

import asyncio
import functools
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_HEAD = 64 * 1024
MAX_BODY = 80 * 1024 * 1024
MAX_TRAILERS = 100
RESOLVERS = ThreadPoolExecutor(2, thread_name_prefix="resolve")


class Broken(ConnectionError):
    """The connection could not be made, ended early, or what came is not HTTP."""


class Untrusted(Broken):
    """The other side's certificate is not trusted here, or what it is to be checked with cannot be read."""


@dataclass(frozen=True)
class Reply:
    """A whole response; the names of its headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Requests to one server, one at a time. `url` is its base: http, https, or unix:/path/of/a/socket.

    With `ca_file` only what this certificate vouches for is trusted. `headers` go with every request.
    """

    def __init__(self, url: str, *, ca_file: str = "", headers: Mapping[str, str] | None = None) -> None:
        self._url = urlsplit(url)
        self._ca_file = ca_file
        self._tls: ssl.SSLContext | None = None
        self._base = "" if self._url.scheme == "unix" else self._url.path.rstrip("/")
        self._headers = {"Host": self._url.netloc.rpartition("@")[2] or "localhost", **(headers or {})}
        self._is_closed = False
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: Sequence[bytes] = (), headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request, whose body may be in parts, and read its response; the caller sets the deadline.

        Raises Broken. After an error or a cancellation the connection is closed, and the next request makes a new one.
        """
        try:
            reader, writer = await self._connected()
            self._send(writer, f"{method} {self._base}{path} HTTP/1.1", body, headers or {})
            await writer.drain()
            reply = await _reply(reader)
        except ssl.SSLCertVerificationError as error:
            self._drop()
            raise Untrusted(error.verify_message or str(error)) from error
        except ssl.SSLError as error:
            self._drop()
            raise Broken(f"TLS fails: {error.reason or error}; does it speak https at all?") from error
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            self._drop()
            raise error if isinstance(error, Broken) else Broken(_said(error)) from error
        except BaseException:
            self._drop()
            raise
        if reply.headers.get("connection", "").lower() == "close":
            self._drop()
        return reply

    async def close(self) -> None:
        """Close the connection for good, without waiting for the other side; a request that is under way is Broken."""
        self._is_closed = True
        self._drop()

    def _drop(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    def _send(self, writer: asyncio.StreamWriter, line: str, body: Sequence[bytes], headers: Mapping[str, str]) -> None:
        length = sum(map(len, body))
        lines = [line, *(f"{k}: {v}" for k, v in {**self._headers, **headers}.items()), f"Content-Length: {length}"]
        if any("\n" in one or "\r" in one for one in lines):
            raise ValueError("a line break in a header, such as the token")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if length < MAX_HEAD:
            writer.write(b"".join((head, *body)))
        else:
            writer.writelines([head, *body])

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and not _is_idle(self._streams[0]):
            self._drop()
        if self._streams is None:
            self._streams = await self._connect()
            if self._is_closed:  # meanwhile; nobody would close this one
                self._drop()
                raise Broken("the connection is closed")
        return self._streams

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._url.scheme == "unix":
            return await asyncio.open_unix_connection(self._url.path, limit=2 * MAX_HEAD)
        is_secure = self._url.scheme == "https"
        if is_secure and self._tls is None:
            self._tls = await asyncio.to_thread(_trust, self._ca_file)
        port = self._url.port or (443 if is_secure else 80)
        host = str(self._url.hostname)
        failed: OSError = OSError(f"{host} has no address")
        for address in await _addresses(host, port):
            try:
                return await asyncio.open_connection(
                    address, port, ssl=self._tls, server_hostname=host if self._tls else None, limit=2 * MAX_HEAD
                )
            except ssl.SSLError:
                raise
            except OSError as error:
                failed = error
        raise failed


async def _addresses(host: str, port: int) -> list[str]:
    """The addresses behind a name, in the system's order.

    Asked in threads of their own: where names are not answered, each question hangs for long, and those of engines that
    are looked for again and again would take all threads that others wait for.
    """
    ask = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(RESOLVERS, ask)
    return [str(info[4][0]) for info in found]


def _is_idle(reader: asyncio.StreamReader) -> bool:
    """Whether the server has neither closed the connection nor said more than it was asked, which would be taken for
    the next answer.
    """
    return not reader.at_eof() and not reader._buffer  # type: ignore[attr-defined]


def _said(error: Exception) -> str:
    """Why no answer came, in plain words."""
    match error:
        case asyncio.IncompleteReadError(partial=b"", expected=None):
            return "it closed the connection before it had answered"
        case asyncio.IncompleteReadError(partial=came, expected=expected):
            how_far = f", after {len(came)} of {expected} bytes" if expected else ""
            return f"it closed the connection in the middle of its answer{how_far}"
        case asyncio.LimitOverrunError():
            return f"a line or a head of more than {2 * MAX_HEAD} bytes"
    return str(error) or type(error).__name__


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # of which ssl.SSLError is one
        raise Untrusted(f"ca_file is {ca_file}, which cannot be used: {error}; expected a certificate (PEM)") from error


async def _reply(reader: asyncio.StreamReader) -> Reply:
    while True:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"what answers does not speak HTTP: {lines[0][:60]!r}")
        status = int(rest[:3])
        if status >= 200:  # what comes before is "continue" or "processing"
            break
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Reply(status, headers, b"" if status in (204, 304) else await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    if "content-length" not in headers and headers.get("connection", "").lower() == "close":
        return await _rest(reader)
    length = int(headers.get("content-length", "0"))
    _bounded(length)
    return await reader.readexactly(length)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the end of the connection."""
    body = bytearray()
    while more := await reader.read(MAX_HEAD):
        body += more
        _bounded(len(body))
    return bytes(body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        length = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        _bounded(length)
        _bounded(len(body) + length)
        if not length:
            break
        body += (await reader.readexactly(length + 2))[:length]
    for _ in range(MAX_TRAILERS):  # which say nothing that is needed
        if (await reader.readuntil(b"\r\n")) == b"\r\n":
            return bytes(body)
    raise ValueError(f"more than {MAX_TRAILERS} trailers")


def _bounded(length: int) -> None:
    if not 0 <= length <= MAX_BODY:
        raise ValueError(f"a body of {length} bytes; at most {MAX_BODY} are taken")
