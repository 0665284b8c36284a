"""One address that listens, and lets in only so many connections at once: in all, and from one machine.

What is encrypted is bounded twice: a handshake takes memory and time before there is a connection to count.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable

from aiohttp import web

log = logging.getLogger(__name__)

MOST, MOST_OF_ONE = 256, 96
"""Connections at once. A page has up to seven; behind a proxy all tablets have its address."""
HANDSHAKE_S = 10.0
MOST_HANDSHAKES, MOST_HANDSHAKES_OF_ONE = 64, 24
"""At once. A browser opens six connections at a time; each handshake takes 0.25 MB."""
FULL = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}"
)
SENTENCE = "This server has all the connections that it takes; close some pages and try again."

ON_REFUSED = web.AppKey[Callable[[], None]]("on a refused connection")
"""What an application has done for each connection that is one too many."""


class Door(web.BaseSite):
    """Listens on an address, encrypted where `tls` is given."""

    __slots__ = ("_greeted", "_host", "_on_refused", "_port")

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None, on_refused: Callable[[], None]
    ) -> None:
        super().__init__(runner, ssl_context=tls)
        self._host, self._port, self._on_refused = host, port, on_refused
        self._greeted: dict[asyncio.Task[None], str] = {}

    @property
    def name(self) -> str:
        """The address as aiohttp shows it."""
        return f"{'https' if self._ssl_context else 'http'}://{self._host}:{self._port}"

    async def start(self) -> None:
        """Raises OSError when the port is taken or the host is not this machine's."""
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(self._meet, self._host, self._port)

    async def stop(self) -> None:
        """Listens no more; handshakes that are going on are cut off."""
        for task in self._greeted:
            task.cancel()
        await super().stop()

    def _meet(self) -> asyncio.Protocol:
        entry = _Entry(self._runner, self._on_refused)
        if self._ssl_context is None:
            return entry
        return _Handshake(self._ssl_context, entry, self._greeted, self._on_refused)


class _Handshake(asyncio.Protocol):
    """A connection on an encrypted address, until both ends agree on how."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        entry: "_Entry",
        greeted: dict[asyncio.Task[None], str],
        on_refused: Callable[[], None],
    ) -> None:
        self._tls, self._entry, self._greeted, self._on_refused = tls, entry, greeted, on_refused
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins the handshake, or closes where there are too many: nobody could read a sentence yet."""
        assert isinstance(transport, asyncio.Transport)
        address = _address(transport.get_extra_info("peername"))
        there = [*self._greeted.values()]
        if len(there) >= MOST_HANDSHAKES or there.count(address) >= MOST_HANDSHAKES_OF_ONE:
            log.warning(
                "a connection from %s was refused: there are %d handshakes, %d of them its own",
                address,
                len(there),
                there.count(address),
            )
            self._on_refused()
            transport.abort()
            return
        transport.pause_reading()  # until TLS reads
        task = asyncio.get_running_loop().create_task(self._greet(transport), name="handshake")
        self._greeted[task] = address
        task.add_done_callback(lambda done: self._greeted.pop(done, None))

    def data_received(self, data: bytes) -> None:
        """What came together with the end of the handshake, before the server has its connection."""
        self._early += data

    async def _greet(self, transport: asyncio.Transport) -> None:
        try:
            secure = await asyncio.get_running_loop().start_tls(
                transport, self, self._tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_S
            )
        except OSError as error:  # it speaks no TLS, does not trust us, is too slow, or is gone
            log.debug("no handshake with %s: %s", transport.get_extra_info("peername"), error)
            return
        if secure is None or secure.is_closing():  # gone again already
            return
        self._entry.connection_made(secure)
        protocol = secure.get_protocol()
        if self._early and isinstance(protocol, asyncio.Protocol):
            protocol.data_received(self._early)


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
