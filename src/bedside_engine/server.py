"""A small HTTP/1.1 server: one thread a connection, keep-alive, whole bodies, bounds on everything.

The standard library's own handler parses headers with the email package, which costs more than all the rest of a
request here.
"""

from __future__ import annotations

import os
import socket
import stat
from json import dumps  # by name: model code may replace what the modules hold
from threading import BoundedSemaphore, Event, Thread
from typing import Any, Callable, Dict, List, Optional, Union

from bedside_engine import log

MAX_HEAD = 64 * 1024
MAX_BODY = 128 * 1024 * 1024
MAX_CONNECTIONS = 32
IDLE_S = 120.0
UNIX = "unix:"
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Request:
    """One request, read whole."""

    __slots__ = ("body", "headers", "method", "path")

    def __init__(self, method: str, path: str, headers: Dict[str, str]) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body: Union[bytes, bytearray] = b""

    @property
    def is_last(self) -> bool:
        """Whether the client wants the connection closed after this one."""
        return self.headers.get("connection", "").lower() == "close"


class Response:
    """One response: a status, the parts of its body, and headers beside the usual ones."""

    __slots__ = ("headers", "parts", "status")

    def __init__(self, status: int, parts: List[Any], headers: Optional[Dict[str, str]] = None) -> None:
        self.status = status
        self.parts = parts
        self.headers = headers or {"Content-Type": "application/json"}


def json_response(status: int, document: Any) -> Response:
    """A response with a JSON body."""
    return Response(status, [dumps(document).encode()])


class BadRequest(Exception):
    """What came is no request that can be answered; the connection is closed after saying so."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Conversation:
    """One connection: whole requests come out, responses go in. Used by one thread at a time."""

    def __init__(self, connection: socket.socket, closed: Callable[[], None]) -> None:
        self.connection = connection
        self._closed = closed
        self._rest = b""

    def read(self) -> Optional[Request]:
        """The next request; None at the end of the conversation. Raises BadRequest, and OSError when nothing comes."""
        head, self._rest = _read_head(self.connection, self._rest)
        if head is None:
            return None
        request = _parse(head)
        self._rest = _read_body(self.connection, request, self._rest)
        return request

    @property
    def has_more(self) -> bool:
        """Whether (a part of) the next request has been read already."""
        return bool(self._rest)

    def send(self, response: Response, close: bool = False) -> None:
        """Send a response; with `close` it says that it is the last one. Raises OSError when the client is gone."""
        _send(self.connection, response, close)

    def refuse(self, error: BadRequest) -> None:
        """Say what is wrong with what came, as the last thing."""
        self.send(json_response(error.status, {"error": str(error)}), close=True)
        _part(self.connection)

    def close(self) -> None:
        """The end of it."""
        self.connection.close()
        self._closed()


Answer = Callable[[Request], Response]
Adopt = Callable[[Conversation, Request], bool]


class Server:
    """Listens on `host`:`port` (0 takes a free one) and answers with `answer`, in threads. `place` says where.

    A host like `unix:/run/engine.sock` is a socket in the file system, for a container without a network. `adopt` sees
    each request first; where it returns True, somebody else answers this one and all that follow.
    """

    def __init__(self, host: str, port: int, answer: Answer, adopt: Adopt) -> None:
        if host.startswith(UNIX):
            self._socket, self.place = _bound_file(host[len(UNIX) :]), host
        else:
            self._socket = _bound_port(host, port)
            self.place = "port %d" % self._socket.getsockname()[1]
        self._socket.listen(MAX_CONNECTIONS)
        self._answer = answer
        self._adopt = adopt
        self._room = BoundedSemaphore(MAX_CONNECTIONS)

    def start(self) -> None:
        """Accept connections from now on, in a thread."""
        Thread(target=self._accept, name="http", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError as error:  # out of file descriptors, or the connection broke at once
                log.say("cannot accept a connection: %s" % error)
                Event().wait(0.1)
                continue
            if self._room.acquire(blocking=False):
                Thread(target=self._serve, args=(connection,), name="http", daemon=True).start()
            else:
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        conversation = Conversation(connection, self._room.release)
        is_adopted = False
        try:
            if connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(IDLE_S)
            is_adopted = self._converse(conversation)
        except OSError:
            pass  # the client is gone, or idle for long; it is welcome to come back
        except Exception:  # a fault of this runner: this connection ends, nothing else
            log.say_traceback()
        finally:
            if not is_adopted:
                conversation.close()

    def _converse(self, conversation: Conversation) -> bool:
        """Answer until the end; True when the conversation has been adopted."""
        while True:
            try:
                request = conversation.read()
            except BadRequest as error:
                conversation.refuse(error)
                return False
            if request is None:
                return False
            if self._adopt(conversation, request):
                return True
            conversation.send(self._answer(request), request.is_last)
            if request.is_last:
                return False


def _bound_port(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _bound_file(path: str) -> socket.socket:
    """A socket at this path, in place of one that an earlier process has left there."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
        os.unlink(path)
    listener.bind(path)
    return listener


def _part(connection: socket.socket) -> None:
    """Say that nothing more will come, and read away what still does: closing on it would take the answer with it."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(1.0)
    for _ in range(64):
        if not connection.recv(65536):
            return


def _read_head(connection: socket.socket, data: bytes) -> Any:
    """The bytes before the empty line and those after it; (None, b"") at the end of the conversation."""
    while True:
        end = data.find(b"\r\n\r\n")
        if 0 <= end <= MAX_HEAD:
            return data[:end], data[end + 4 :]
        if len(data) > MAX_HEAD:
            raise BadRequest(431, "the head of the request is longer than %d bytes" % MAX_HEAD)
        more = connection.recv(65536)
        if not more:
            return None, b""
        data += more


def _parse(head: bytes) -> Request:
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(400, "not an HTTP/1.1 request: %r" % lines[0][:80])
    headers: Dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400, "not a header: %r" % line[:80])
        headers[name.lower()] = value.strip()
    return Request(words[0], words[1].partition("?")[0], headers)


def _read_body(connection: socket.socket, request: Request, rest: bytes) -> bytes:
    """Read the body into the request; what came after it is returned."""
    if "transfer-encoding" in request.headers:
        raise BadRequest(411, "send a Content-Length, not chunks")
    text = request.headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(400, "Content-Length is %r; expected a whole number" % text[:40])
    length = int(text) if len(text) < 12 else MAX_BODY + 1
    if length > MAX_BODY:
        raise BadRequest(413, "a body of %s bytes; at most %d are taken" % (text[:20], MAX_BODY))
    if len(rest) >= length:
        request.body = rest[:length]
        return rest[length:]
    if request.headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray(length)
    body[: len(rest)] = rest
    view, have = memoryview(body), len(rest)
    while have < length:
        got = connection.recv_into(view[have:])
        if not got:
            raise BadRequest(400, "the connection ended after %d of %d bytes" % (have, length))
        have += got
    request.body = body
    return b""


def _send(connection: socket.socket, response: Response, close: bool) -> None:
    length = sum(len(part) for part in response.parts)
    lines = ["HTTP/1.1 %d %s" % (response.status, REASONS[response.status]), "Content-Length: %d" % length]
    lines += ["%s: %s" % item for item in response.headers.items()]
    if close:
        lines.append("Connection: close")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    if length < 65536:
        connection.sendall(b"".join([head, *response.parts]))
        return
    connection.sendall(head)
    for part in response.parts:
        connection.sendall(part)
