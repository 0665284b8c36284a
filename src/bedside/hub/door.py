"""One address that listens, and lets in only so many connections at once: in all, and from one machine."""

import asyncio
import logging
import ssl
from collections.abc import Callable

from aiohttp import web

log = logging.getLogger(__name__)

MOST, MOST_OF_ONE = 256, 96
"""Connections at once. A page has up to seven; behind a proxy all tablets have its address."""
HANDSHAKE_S = 10.0
FULL = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}"
)
SENTENCE = "This server has all the connections that it takes; close some pages and try again."

ON_REFUSED = web.AppKey[Callable[[], None]]("on a refused connection")
"""What an application has done for each connection that is one too many."""


class Door(web.BaseSite):
    """Listens on an address, encrypted where `tls` is given."""

    __slots__ = ("_host", "_on_refused", "_port")

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None, on_refused: Callable[[], None]
    ) -> None:
        super().__init__(runner, ssl_context=tls)
        self._host, self._port, self._on_refused = host, port, on_refused

    @property
    def name(self) -> str:
        """The address as aiohttp shows it."""
        return f"{'https' if self._ssl_context else 'http'}://{self._host}:{self._port}"

    async def start(self) -> None:
        """Raises OSError when the port is taken or the host is not this machine's."""
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Entry(self._runner, self._on_refused),
            self._host,
            self._port,
            ssl=self._ssl_context,
            ssl_handshake_timeout=HANDSHAKE_S if self._ssl_context else None,
        )


class _Entry(asyncio.Protocol):
    """A connection before anything of it was read."""

    def __init__(self, runner: "web.BaseRunner", on_refused: Callable[[], None]) -> None:
        self._runner, self._on_refused = runner, on_refused

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hands it on to the server, or says that there are too many and closes it."""
        assert isinstance(transport, asyncio.Transport)
        server = self._runner.server
        address = _address(transport.get_extra_info("peername"))
        there = [_address(one.peername) for one in server.connections] if server is not None else []
        if server is not None and len(there) < MOST and there.count(address) < MOST_OF_ONE:
            protocol = server()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            return
        log.warning(
            "a connection from %s was refused: there are %d, %d of them its own",
            address,
            len(there),
            there.count(address),
        )
        self._on_refused()
        transport.write(FULL.format(len(SENTENCE), SENTENCE).encode())
        transport.close()


def _address(peer: object) -> str:
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""
