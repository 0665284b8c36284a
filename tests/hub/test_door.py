"""An encrypted door: handshakes are bounded, and nothing that comes with one is lost."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bedside.hub import door
from bedside.hub.server import listening
from bedside.network import certificates

WITHIN_S = 10.0
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
OTHER = "127.0.0.2"
"""Another machine, as the server sees it."""


@dataclass(frozen=True)
class Server:
    """One that answers "here"."""

    port: int
    trusting: ssl.SSLContext
    """A client's, which trusts it."""

    async def answer(self, address: str = "127.0.0.1") -> bytes:
        """What a client at `address` gets."""
        async with asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=self.trusting, local_addr=(address, 0)
            )
            writer.write(REQUEST)
            try:
                return await reader.read()
            finally:
                writer.close()

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[asyncio.StreamReader]:
        """A connection that never begins its handshake."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader
        finally:
            writer.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """It listens, encrypted."""

    async def here(_: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", here)
    tls = certificates.Certificates(tmp_path).context("bedside", [])
    async with listening(app, "127.0.0.1", 0, tls) as port:
        yield Server(port, ssl.create_default_context(cafile=tmp_path / certificates.CA))


async def test_one_machine_has_only_so_many_handshakes_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that say nothing: one too many is closed at once; another machine is answered meanwhile, and their
    own as soon as one of them has gone."""
    monkeypatch.setattr(door, "MOST_HANDSHAKES_OF_ONE", 2)
    async with server.silent():
        async with server.silent(), asyncio.timeout(WITHIN_S):
            async with server.silent() as third:
                assert await third.read() == b""
            assert (await server.answer(OTHER)).endswith(b"here")
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    assert (await server.answer()).endswith(b"here")
                    break
                except ConnectionError:
                    await asyncio.sleep(0)


async def test_all_together_have_only_so_many(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many machines cannot take what one may not."""
    monkeypatch.setattr(door, "MOST_HANDSHAKES", 1)
    async with server.silent():
        with pytest.raises(ConnectionError):
            await server.answer(OTHER)


async def test_a_request_that_comes_with_the_end_of_the_handshake_is_answered(server: Server) -> None:
    """A client that sends both in one packet, as TLS 1.3 allows, waits for nothing."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = server.trusting.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    is_shaken = False
    async with asyncio.timeout(WITHIN_S):
        while not is_shaken:
            try:
                client.do_handshake()
                client.write(REQUEST)
                is_shaken = True
            except ssl.SSLWantReadError:
                pass
            writer.write(outgoing.read())
            if not is_shaken:
                incoming.write(await reader.read(65536))
        said = b""
        while not said.endswith(b"here"):
            incoming.write(await reader.read(65536))
            try:
                said += client.read(65536)
            except ssl.SSLWantReadError:
                continue
    writer.close()
    assert said.startswith(b"HTTP/1.1 200")


async def test_who_speaks_no_tls_leaves_nothing_behind(server: Server) -> None:
    """Plain HTTP at an encrypted door is closed, without a fault, and the next one is answered."""
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: faults.append(about))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(REQUEST)
    async with asyncio.timeout(WITHIN_S):
        await reader.read()
    writer.close()
    assert (await server.answer()).endswith(b"here")
    assert not faults
