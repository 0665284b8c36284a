"""One HTTP connection against servers of every kind."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.engine.foreign import foreign, listening, self_signed

from bedside.engine.connection import Broken, Connection, Untrusted


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
        assert (await connection.request("POST", "/v2", [b"x" * 150_000, b"y" * 50_000])).body == b"abcde"
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


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (b"", "it closed the connection before it had answered"),
        (b"HTTP/1.1 200 OK\r\nContent-", "it closed the connection in the middle of its answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
            "it closed the connection in the middle of its answer, after 5 of 10 bytes",
        ),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000 + b"\r\n\r\n", "a line or a head of more than 131072 bytes"),
    ],
)
async def test_an_answer_that_ends_early_is_told_in_plain_words(reply: bytes, sentence: str) -> None:
    """What a person reads when an engine dies: how far its answer came."""
    async with answering(reply, then_close=True) as (url, _):
        connection = Connection(url)
        with pytest.raises(Broken) as raised:
            await connection.request("GET", "/")
        assert str(raised.value) == sentence


async def test_what_comes_after_an_answer_is_not_taken_for_the_next_one() -> None:
    """Such as the farewell of a proxy to an idle connection: the next request goes on a new one."""
    farewell = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    async with answering(OK + farewell, OK) as (url, connections):
        connection = Connection(url)
        assert (await connection.request("GET", "/")).status == 200
        await asyncio.sleep(0.05)  # all of it arrives
        assert (await connection.request("GET", "/")).status == 200
        assert connections() == 2
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key, in one file, of a server at 127.0.0.1 that only itself vouches for."""
    return self_signed(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a server with that certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_server_is_trusted_by_its_certificate(certificate: Path, tls: ssl.SSLContext) -> None:
    """With ca_file it is asked, token and all; without, not a byte of a request leaves."""
    async with foreign({"/v2": b"hi"}, tls) as server:
        connection = Connection(server.url, ca_file=str(certificate), headers={"Authorization": "Bearer abc"})
        assert (await connection.request("GET", "/v2")).body == b"hi"
        assert server.asked[-1].headers["authorization"] == "Bearer abc"
        await connection.close()
        stranger = Connection(server.url, headers={"Authorization": "Bearer abc"})
        with pytest.raises(Untrusted, match="self-signed certificate"):
            await stranger.request("GET", "/v2")
        elsewhere = Connection(server.url.replace("127.0.0.1", "localhost"), ca_file=str(certificate))
        with pytest.raises(Untrusted, match="Hostname mismatch"):
            await elsewhere.request("GET", "/v2")
        assert len(server.asked) == 1


async def test_a_ca_file_that_is_none_is_said(tmp_path: Path) -> None:
    """One that is missing, and one that is no certificate."""
    (tmp_path / "text").write_text("x")
    for name in ("missing", "text"):
        with pytest.raises(Untrusted, match=f"ca_file is {tmp_path / name}, which cannot be used: .*expected a cert"):
            await Connection("https://127.0.0.1:9", ca_file=str(tmp_path / name)).request("GET", "/")


async def test_https_where_none_is_spoken_is_said(tls: ssl.SSLContext) -> None:
    """And the other way round it is a broken connection, too."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with listening(plain) as port:
        with pytest.raises(Broken, match="does it speak https at all"):
            await Connection(f"https://127.0.0.1:{port}").request("GET", "/v2")
    async with foreign({"/v2": b"hi"}, tls) as server:
        with pytest.raises(Broken):
            await Connection(server.url.replace("https:", "http:")).request("GET", "/v2")


async def test_a_socket_with_a_path_is_an_address(tmp_path: Path) -> None:
    """As a container on this machine has one."""
    path = tmp_path / "engine.sock"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\n")
        writer.write(OK)
        writer.close()

    async with await asyncio.start_unix_server(serve, path):
        connection = Connection(f"unix:{path}")
        assert (await connection.request("GET", "/v2")).body == b"hi"
        await connection.close()


async def test_a_line_break_in_a_token_is_refused() -> None:
    """It could be read as another header."""
    async with answering(OK) as (url, _):
        with pytest.raises(Broken, match="a line break in a header"):
            await Connection(url, headers={"Authorization": "Bearer a\r\nX: y"}).request("GET", "/")


async def test_an_answer_may_end_with_its_connection_or_come_after_others() -> None:
    """Without a length where the server says that it closes; after `100 Continue`."""
    ends = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end"
    async with answering(ends, then_close=True) as (url, _):
        assert (await Connection(url).request("GET", "/")).body == b"to the end"


async def test_names_that_nobody_answers_for_hold_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many engines wait for the address behind a name, other work in threads goes on."""
    answer = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answer.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    asking = [asyncio.create_task(Connection("http://far.example").request("GET", "/v2")) for _ in range(50)]
    try:
        async with asyncio.timeout(20):
            assert await asyncio.to_thread(lambda: "done") == "done"
    finally:
        answer.set()
        said = await asyncio.gather(*asking, return_exceptions=True)
    assert {str(error) for error in said} == {"[Errno -3] no answer"}


async def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing listens at the first one, the next one answers."""
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (url, _):
        port = int(url.rpartition(":")[2])
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.2", "127.0.0.1")]
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *more, **named: found if host == "two" else real(host, *more, **named)
        )
        connection = Connection(f"http://two:{port}")
        assert (await connection.request("GET", "/v2")).body == b"ok"
        await connection.close()


async def test_closed_while_it_connects_it_leaves_nothing_open() -> None:
    """A request that is about to connect is broken by the close, and its connection does not outlive it."""
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (url, _):
        connection = Connection(url)
        asking = asyncio.create_task(connection.request("GET", "/v2"))
        await asyncio.sleep(0)  # it has begun to look the address up
        await connection.close()
        with pytest.raises(Broken, match="the connection is closed"):
            await asking
        assert connection._streams is None
