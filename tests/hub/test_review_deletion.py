"""An admin deletes one session from the review."""

from pathlib import Path

import aiohttp
import pytest
from tests.hub.conftest import Hub, StartHub, eventually

from bedside.access.devices import Devices
from bedside.access.log import AccessLog
from bedside.access.role import Role

TOKEN = "a-long-secret"


@pytest.fixture
async def guarded(start_hub: StartHub) -> Hub:
    """A server whose client is an admin."""
    return await start_hub(token=TOKEN)


async def ended(hub: Hub) -> Path:
    """The folder of a session that has ended."""
    paths = await hub.start_session()
    assert (await hub.post("api/session/end"))[0] == 200
    return paths.folder


async def test_a_deleted_session_is_gone_and_the_log_says_by_whom(guarded: Hub) -> None:
    """Its folder, its line in the list and its review are gone; who did it from where stays in the access log."""
    folder = await ended(guarded)
    await guarded.get(f"api/sessions/{folder.name}")  # held open by the review
    assert await guarded.post(f"api/sessions/{folder.name}/delete", name=folder.name) == (200, {"name": folder.name})
    assert not folder.exists()
    assert (await guarded.get("api/sessions"))["sessions"] == []
    assert (await guarded.http.get(guarded.url / f"api/sessions/{folder.name}")).status == 404
    (line,) = [one for one in AccessLog(guarded.access).tail(50) if one["deed"] == "session delete"]
    assert (line["id"], line["about"]) == ("token", {"session": folder.name, "address": "127.0.0.1"})


async def test_a_wrong_name_and_a_running_session_are_refused(guarded: Hub) -> None:
    """Nothing is deleted without its name said twice, nor while it runs; what is not there is 404."""
    paths = await guarded.start_session()
    name = paths.folder.name
    assert (await guarded.post(f"api/sessions/{name}/delete", name="another"))[0] == 400
    assert (await guarded.post(f"api/sessions/{name}/delete"))[0] == 400
    status, said = await guarded.post(f"api/sessions/{name}/delete", name=name)
    assert status == 409 and "runs" in said["error"]
    assert paths.session.exists()
    gone = "2020-01-01T00-00-00_P9"
    assert (await guarded.post(f"api/sessions/{gone}/delete", name=gone))[0] == 404


async def test_without_its_line_in_the_log_nothing_is_deleted(guarded: Hub) -> None:
    """An access log that cannot be written keeps the session."""
    folder = await ended(guarded)
    log = AccessLog(guarded.access)
    await eventually(lambda: [one["deed"] for one in log.tail(1)] == ["session end"])  # the last one of its thread
    log.path.unlink()
    log.path.mkdir()
    status, said = await guarded.post(f"api/sessions/{folder.name}/delete", name=folder.name)
    assert status == 507 and "nothing was deleted" in said["error"]
    assert folder.is_dir()


async def test_an_operator_is_not_offered_it_and_may_not(guarded: Hub, tmp_path: Path) -> None:
    """The list tells his page so, and the server refuses him."""
    folder = await ended(guarded)
    _, secret = await guarded.pair(Devices(tmp_path / "access").invite(Role.OPERATOR))
    async with aiohttp.ClientSession(cookies={"bedside": secret}, cookie_jar=aiohttp.CookieJar(unsafe=True)) as tablet:
        said = await (await tablet.get(guarded.url / "api/sessions")).json()
        assert (said["may_delete"], said["has_live"]) == (False, True)
        response = await tablet.post(guarded.url / f"api/sessions/{folder.name}/delete", json={"name": folder.name})
        assert response.status == 403
    assert folder.is_dir()
