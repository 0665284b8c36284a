"""Who may talk to the server."""

import asyncio

import aiohttp
import pytest
from tests.hub.conftest import Hub, StartHub
from yarl import URL

TOKEN = "a-long-secret"


@pytest.mark.parametrize(
    "path", ["/", "/view/explain", "/live", "/metrics", "/api/state", "/review", "/api/access", "/nothing"]
)
async def test_without_the_token_nothing_is_answered(start_hub: StartHub, path: str) -> None:
    """Every address but the few that are open to anybody is 401, in one sentence."""
    hub = await start_hub(token=TOKEN)
    async with aiohttp.ClientSession() as stranger:
        response = await stranger.get(hub.url.with_path(path))
        assert response.status == 401
        assert "not paired" in await response.text()


async def test_without_the_token_health_says_one_word(start_hub: StartHub) -> None:
    """A load balancer may ask for the health, and learns nothing else."""
    hub = await start_hub(token=TOKEN)
    async with aiohttp.ClientSession() as stranger:
        response = await stranger.get(hub.url / "health")
        assert (response.status, await response.json()) == (503, {"status": "offline"})
    assert "signal" in await (await hub.http.get(hub.url / "health")).json()


async def test_the_token_in_the_address_becomes_a_cookie(start_hub: StartHub) -> None:
    """`?token=` is exchanged once: the address is clean then, the cookie out of scripts' reach and not the token."""
    hub = await start_hub(token=TOKEN)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as tablet:
        url = hub.url / "view/explain" % {"token": TOKEN, "lang": "en"}
        response = await tablet.get(url, allow_redirects=False)
        assert (response.status, URL(response.headers["Location"]).query_string) == (303, "lang=en")
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
        assert (await tablet.get(hub.url / "api/state")).status == 200
        await tablet.ws_connect(hub.url / "live")


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic a-long-secret", "Bearer", "a-long-secret", "Bearer \u00e9"])
async def test_a_wrong_token_is_refused(start_hub: StartHub, header: str) -> None:
    """Neither another secret nor another scheme opens the door, in header, address or cookie."""
    hub = await start_hub(token=TOKEN)
    async with aiohttp.ClientSession() as stranger:
        url = hub.url / "api/state"
        assert (await stranger.get(url, headers={"Authorization": header})).status == 401
        assert (await stranger.get(url % {"token": header})).status == 401
        assert (await stranger.get(url, headers={"Cookie": "bedside=a-long-secret"})).status == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:80", 302),
        ("localhost:8080", 302),
        ("[::1]:8080", 302),
        ("LOCALHOST", 302),
        ("bedside.clinic", 302),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:80", 421),
        ("192.168.1.20", 421),
    ],
)
async def test_a_foreign_name_for_this_machine_is_refused(start_hub: StartHub, host: str, status: int) -> None:
    """A page that had its own name point at 127.0.0.1 gets nothing; configured names are ours."""
    hub = await start_hub(allowed_hosts=["bedside.clinic"])
    response = await hub.http.get(hub.url, headers={"Host": host}, allow_redirects=False)
    assert response.status == status


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"])
async def test_other_pages_open_no_websocket_and_post_nothing(hub: Hub, origin: str) -> None:
    """A page of another origin in the same browser cannot watch, and cannot press buttons."""
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await hub.http.ws_connect(hub.url / "live", headers={"Origin": origin})
    response = await hub.http.post(hub.url / "api/snapshot", json={"seq": 1}, headers={"Origin": origin})
    assert (response.status, await response.json()) == (
        403,
        {"error": "This request came from a page of another server and was refused."},
    )


async def test_our_own_page_may(hub: Hub) -> None:
    """The page's own origin opens its websocket."""
    await hub.http.ws_connect(hub.url / "live", headers={"Origin": str(hub.url.origin())})


@pytest.mark.parametrize(
    "path", ["/view/explain", "/view/nonsense", "/page/index.html", "/api/state", "/health", "/nothing"]
)
async def test_every_answer_closes_the_page_to_the_outside(hub: Hub, path: str) -> None:
    """Errors too carry the Content-Security-Policy and its companions."""
    headers = (await hub.http.get(hub.url.with_path(path))).headers
    policy = headers["Content-Security-Policy"]
    for rule in (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        f"connect-src 'self' ws://{hub.url.authority} wss://{hub.url.authority}",
    ):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("header", [b"Authorization: Bearer \xff\xfe", b"Cookie: bedside=\xff", b"Origin: http://[x"])
async def test_a_header_that_makes_no_sense_is_refused(start_hub: StartHub, header: bytes) -> None:
    """Bytes that are no text and an origin that is no address are 401 or 403, not an accident of the server."""
    hub = await start_hub(token=TOKEN)
    reader, writer = await asyncio.open_connection(hub.url.host, hub.url.port)
    writer.write(b"POST /api/snapshot HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n" + header + b"\r\n\r\n")
    status = (await reader.readline()).split()[1]
    writer.close()
    assert status in (b"401", b"403")
