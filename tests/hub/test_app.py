"""Pages, their files, and the server itself."""

from pathlib import Path

import aiohttp
import pytest
from tests.hub.conftest import VIEWS, Hub, Scanner, StartHub
from yarl import URL

from bedside.errors import SettingsError
from bedside.hub.app import create_app
from bedside.hub.feed import Feed
from bedside.hub.server import listening


@pytest.fixture
def page_dir(tmp_path: Path) -> Path:
    """A page of somebody who works on it."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>mine</title>")
    (folder / "page.js").write_text("export const a = 1;")
    (folder / "style.css").write_text("body {}")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


async def test_the_root_leads_to_the_default_view(hub: Hub) -> None:
    """The address always names the view, and asks the page to go along with the arm of a session."""
    response = await hub.http.get(hub.url, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, "/view/explain?follow=arm")


@pytest.mark.parametrize("view", VIEWS)
async def test_every_view_is_a_page(start_hub: StartHub, page_dir: Path, view: str) -> None:
    """Each view's address gives the page, as HTML."""
    hub = await start_hub(page_dir=page_dir)
    response = await hub.http.get(hub.url / "view" / view)
    assert (response.status, response.content_type) == (200, "text/html")
    assert "<title>mine</title>" in await response.text()


async def test_an_unknown_view_lists_those_that_there_are(hub: Hub) -> None:
    """A wrong address is a page with the right ones, and what was typed is only text in it."""
    response = await hub.http.get(hub.url / "view" / "<script>x")
    text = await response.text()
    assert (response.status, response.content_type) == (404, "text/html")
    assert all(f'href="/view/{view}"' in text for view in VIEWS)
    assert "<script>" not in text and "&lt;script&gt;" in text


@pytest.mark.parametrize(("name", "kind"), [("page.js", "javascript"), ("style.css", "css")])
async def test_files_have_their_kind_and_are_asked_for_again(
    start_hub: StartHub, page_dir: Path, name: str, kind: str
) -> None:
    """Modules need their MIME type; an unchanged file costs 304 and no body."""
    hub = await start_hub(page_dir=page_dir)
    response = await hub.http.get(hub.url / "page" / name)
    assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
    assert response.content_type.split("/") in (["text", kind], ["application", kind])
    again = await hub.http.get(hub.url / "page" / name, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304
    (page_dir / name).write_text("changed, longer")
    assert (await hub.http.get(hub.url / "page" / name)).status == 200


@pytest.mark.parametrize("path", ["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "", "nothing.js"])
async def test_no_other_file_is_served(start_hub: StartHub, page_dir: Path, path: str) -> None:
    """Neither what lies beside the page's folder nor a listing of it."""
    hub = await start_hub(page_dir=page_dir)
    response = await hub.http.get(URL(f"{hub.url.origin()}/page/{path}", encoded=True))
    assert response.status in (403, 404)
    assert "secret" not in await response.text()


async def test_a_page_folder_that_is_not_there_is_refused(scanner: Scanner, tmp_path: Path) -> None:
    """A wrong page_dir is one sentence at the start."""
    with pytest.raises(SettingsError, match=r"\[server\] page_dir is .*nothing.*; expected a folder"):
        create_app(Feed(scanner.borrow), views=VIEWS, default_view="explain", page_dir=tmp_path / "nothing")


async def test_a_default_view_that_is_not_there_is_refused(scanner: Scanner) -> None:
    """A wrong default view is one sentence with the names that there are."""
    with pytest.raises(SettingsError, match="'nonsense'; expected one of explain, verdict, video, monitor"):
        create_app(Feed(scanner.borrow), views=VIEWS, default_view="nonsense")


async def test_a_port_in_use_is_one_sentence(hub: Hub, scanner: Scanner) -> None:
    """A second server on the same port is refused, with what to do."""
    app = create_app(Feed(scanner.borrow), views=VIEWS, default_view="explain")
    assert hub.url.port is not None
    with pytest.raises(SettingsError, match=rf"port is {hub.url.port}, and another program listens there"):
        async with listening(app, "127.0.0.1", hub.url.port):
            pytest.fail("listens on a port in use")


async def test_an_address_that_is_not_this_machines_is_one_sentence(scanner: Scanner) -> None:
    """A host of another machine is refused, with what to do."""
    app = create_app(Feed(scanner.borrow), views=VIEWS, default_view="explain", host="203.0.113.7", token="secret")
    with pytest.raises(SettingsError, match=r"host is '203.0.113.7', and this machine cannot listen there"):
        async with listening(app, "203.0.113.7", 0):
            pytest.fail("listens elsewhere")


async def test_stopping_tells_the_pages(scanner: Scanner) -> None:
    """A server that stops closes its websockets with code 1001 at once, so that pages come back by themselves."""
    app = create_app(Feed(scanner.borrow), views=VIEWS, default_view="explain")
    async with aiohttp.ClientSession() as http:
        async with listening(app, "127.0.0.1", 0) as port:
            socket = await http.ws_connect(f"http://127.0.0.1:{port}/live")
            message = await socket.receive()
        while message.type is aiohttp.WSMsgType.TEXT:
            message = await socket.receive(timeout=5)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
