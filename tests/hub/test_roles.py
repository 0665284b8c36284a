"""The matrix of roles and addresses, tried out."""

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tests.hub.conftest import StartHub
from yarl import URL

from bedside.access.devices import Devices
from bedside.access.role import Role
from bedside.errors import BedsideError
from bedside.hub.roles_text import reference
from bedside.hub.routes import LEAST, check_routes

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"
TOKEN = "a-long-secret"


def test_the_page_is_the_table() -> None:
    """docs/reference/roles.md is generated; `python -m bedside.hub.roles_text` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == reference()


async def test_an_address_that_nobody_thought_of_stops_the_start() -> None:
    """An application with a route that is not in the table does not start, and says which one."""

    async def nothing(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/api/new", nothing)
    with pytest.raises(BedsideError, match=r"GET /api/new is not in hub/routes.py"):
        await check_routes(app)


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.word if role else "stranger")
async def test_every_address_lets_in_whom_the_table_says(
    start_hub: StartHub, tmp_path: Path, role: Role | None
) -> None:
    """A stranger gets 401 and a device that may not 403, at every address; whoever may gets neither."""
    hub = await start_hub(token=TOKEN, with_admin=True)
    headers = {}
    if role is not None:
        devices = Devices(tmp_path / "access")
        _, secret = await hub.pair(devices.invite(role))
        headers = {"Cookie": f"bedside={secret}"}
    wrong = []
    async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as tablet:
        for (method, address), least in LEAST.items():
            path = address.format(name="x", session="x", number=0, row=0, kind="x") + (
                "/x" if address == "/page" else ""
            )
            response = await tablet.request(method, hub.url.join(URL(path)), allow_redirects=False)
            may = least is None or (role is not None and role >= least)
            expected = "let in" if may else "401" if role is None else "403"
            is_out = response.status == 401 or (response.status == 403 and "is for" in await response.text())
            if (str(response.status) if is_out else "let in") != expected:
                wrong.append((method, path, response.status, expected))
    assert wrong == []


def test_the_table_names_every_kind_of_deed_with_a_role() -> None:
    """What changes something is for operators at least; a stranger may pair, and nothing more."""

    def posts(role: Role | None) -> list[str]:
        return [address for (method, address), least in LEAST.items() if method == "POST" and least is role]

    assert posts(None) == ["/api/pair"]
    assert posts(Role.VIEWER) == []
