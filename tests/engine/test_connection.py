"""One HTTP connection against servers of every kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bedside.engine.connection import Broken, Connection


@asynccontextmanager
async def answering(*replies: bytes, then_close: bool = False) -> AsyncIterator[tuple[str, Callable[[], int]]]:
    """A server that gives these replies in turn, on any number of connections; its address, and how many there were."""
    left, connections = list(replies), [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections[0] += 1
        try:
            while left:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(left.pop(0))
                await writer.drain()
                if then_close:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", lambda: connections[0]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: a\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nTrailer: t\r\n\r\n"


async def test_one_connection_serves_many_requests() -> None:
    """It is kept open between requests; bodies come by length or in chunks."""
    async with answering(OK, CHUNKED, OK) as (url, connections):
        connection = Connection(url)
        assert (await connection.request("GET", "/v2")).headers["x-kind"] == "a"
        assert (await connection.request("POST", "/v2", b"x" * 200_000)).body == b"abcde"
        assert (await connection.request("GET", "/v2")).body == b"hi"
        assert connections() == 1
        await connection.close()


async def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    """A server that closes after each answer costs a connection, not an error."""
    async with answering(OK, OK, then_close=True) as (url, connections):
        connection = Connection(url)
        assert (await connection.request("GET", "/")).body == b"hi"
        await asyncio.sleep(0.05)  # the end of the connection arrives
        assert (await connection.request("GET", "/")).body == b"hi"
        assert connections() == 2
        await connection.close()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_answer_breaks_the_connection_only(reply: bytes) -> None:
    """Broken, with a reason, within the bounds; the next request goes on a new connection."""
    async with answering(reply, OK, then_close=True) as (url, _):
        connection = Connection(url)
        with pytest.raises(Broken) as raised:
            await connection.request("GET", "/")
        assert str(raised.value)
        assert (await connection.request("GET", "/")).body == b"hi"
        await connection.close()


async def test_nothing_there_is_broken() -> None:
    """A refused connection is the same kind of error."""
    with pytest.raises(Broken):
        await Connection("http://127.0.0.1:9").request("GET", "/")


async def test_after_a_deadline_the_old_answer_is_never_taken_for_a_new_one() -> None:
    """A request that was given up takes its connection with it."""
    release = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/first" in head:
            await release.wait()
        body = b"1" if b"/first" in head else b"2"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    async with server:
        connection = Connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.request("GET", "/first")
        release.set()
        assert (await connection.request("GET", "/second")).body == b"2"
        await connection.close()
