"""Every address of the table: what its answers tell a browser, whom it refuses, and that no name leads out."""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.security.server import TOKEN, Server, served

from bedside.hub.routes import LEAST

SECRET = b"what lies outside"
OUTSIDE = "2026-11-23T09-00-00_P9"
SENT = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "",
    "Permissions-Policy": "camera=()",
    "Cache-Control": "",
}
ADDRESSES = sorted({address for _, address in LEAST})
NAMED = [address for address in ADDRESSES if "{" in address or address == "/page"]
PARTS = r".. . / %2f %2F \ %5c %2e%2e %252e %00 ~ secret .txt sessions snapshots best video-000 /etc/passwd"
PIECES = st.sampled_from([*PARTS.split(), OUTSIDE, "\u2025", "\uff0e\uff0e"])
NAMES = st.one_of(st.lists(PIECES, min_size=1, max_size=6).map("".join), st.text(max_size=20).map(quote))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with secrets beside the folder of its sessions, and links in there that lead to them."""
    folder = tmp_path_factory.mktemp("server")
    for name in ("secret.txt", "secret.png", "secret.mp4", "secret.json", "secret"):
        (folder / name).write_bytes(SECRET)
    with served(folder) as found:
        session = found.sessions / found.session
        for name in ("snapshots/9_pcbm.png", "snapshots/9_pcbm.mp4", "best/out.png", "best/out.mp4"):
            (session / name).symlink_to(folder / "secret")
        yield found


def ask(server: Server, method: str, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """The answer to exactly this path, which nothing makes shorter on its way."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.putrequest(method, "/", skip_host="Host" in headers)
        connection._buffer[0] = f"{method} {path} HTTP/1.1".encode()  # type: ignore[attr-defined]
        for name, value in {"Authorization": f"Bearer {TOKEN}", **headers}.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def path_of(address: str, name: str) -> str:
    """The address with this name at each place for one."""
    if address == "/page":
        return f"/page/{name}"
    for place in ("session", "name", "kind", "number", "row"):
        address = address.replace(f"{{{place}}}", name)
    return address


@pytest.mark.parametrize(("method", "address"), sorted(LEAST))
def test_every_answer_closes_the_page_to_the_outside(server: Server, method: str, address: str) -> None:
    """To an admin and to a stranger, found or not: the policy and its companions are in each answer."""
    for shown in (f"Bearer {TOKEN}", ""):
        answer, _ = ask(server, method, path_of(address, "x"), Authorization=shown)
        for name, part in SENT.items():
            assert part in (answer.headers[name] or "missing"), name
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("method", "address"), sorted(LEAST))
def test_every_address_refuses_other_names_and_pages(server: Server, method: str, address: str) -> None:
    """By a foreign name it is 421, also with the token; what changes something is 403 to another site's page."""
    path = path_of(address, "x")
    assert ask(server, method, path, Host="evil.example")[0].status == 421
    if method == "POST" or address == "/live":
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"} if address == "/live" else {}
        assert ask(server, method, path, Origin="http://evil.example", **upgrade)[0].status == 403


@pytest.mark.parametrize("address", NAMED)
def test_no_name_leads_out_of_the_folders(server: Server, address: str) -> None:
    """Dots, slashes and their disguises, wherever a name stands: nothing of outside, and no fault of the server."""

    @settings(max_examples=25, derandomize=True, database=None)
    @given(names=st.lists(NAMES, min_size=3, max_size=3), known=st.booleans())
    def attempt(names: list[str], known: bool) -> None:
        path = address.replace("{session}", server.session) if known else address
        for place, name in zip(("session", "kind", "number"), names, strict=True):
            path = path.replace(f"{{{place}}}", quote(name, safe="/%\\~."))
        answer, body = ask(server, "GET", path_of(path, quote(names[0], safe="/%\\~.")))
        assert SECRET not in body and b"root:" not in body
        assert answer.status < 500

    attempt()


@pytest.mark.parametrize(
    "path", ["snapshots/9_pcbm.png", "snapshots/9_pcbm.mp4", "best/out.png", "best/out.mp4", "video/9"]
)
def test_links_in_a_session_are_not_followed(server: Server, path: str) -> None:
    """A link in a session's folder to a file elsewhere is as if it were not there."""
    path = path if path.startswith("video") else f"items/{path}"
    answer, body = ask(server, "GET", f"/api/sessions/{server.session}/{path}")
    assert answer.status == 404
    assert SECRET not in body


def test_a_session_that_is_a_link_is_not_shown(server: Server, tmp_path: Path) -> None:
    """A link in the folder of sessions to a folder elsewhere is no session."""
    (tmp_path / OUTSIDE).symlink_to(server.sessions / server.session)
    (tmp_path / OUTSIDE).rename(server.sessions / OUTSIDE)
    for path in ("", "/frames", "/items", "/video/0", "/notes"):
        assert ask(server, "GET", f"/api/sessions/{OUTSIDE}{path}")[0].status == 404
    assert ask(server, "GET", f"/questionnaire/{server.session}/sus")[0].status == 200
    assert ask(server, "GET", f"/questionnaire/{OUTSIDE}/sus")[0].status == 404
    assert OUTSIDE.encode() not in ask(server, "GET", "/api/sessions")[1]
