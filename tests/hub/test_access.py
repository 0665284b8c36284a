"""Pairing, revoking, and the access log, through a running server."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.hub.conftest import DEADLINE_S, Client, Hub, StartHub

from bedside import clock
from bedside.access.devices import Devices
from bedside.access.log import AccessLog
from bedside.access.role import Role
from bedside.hub.sockets import SIGNED_OUT
from bedside.network import certificates

TOKEN = "a-long-secret"


@pytest.fixture
async def guarded(start_hub: StartHub) -> Hub:
    """A server where even this machine must show who it is; its client is an admin."""
    return await start_hub(token=TOKEN)


@pytest.fixture
def devices(tmp_path: Path) -> Devices:
    """The server's devices, as the command line changes them."""
    return Devices(tmp_path / "access")


def tablet(secret: str = "") -> aiohttp.ClientSession:
    """A browser of its own."""
    return aiohttp.ClientSession(
        headers={"Cookie": f"bedside={secret}"} if secret else {}, cookie_jar=aiohttp.DummyCookieJar()
    )


@pytest.fixture
def pass_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Has so many hours pass on the wall."""
    wall_ns, passed_h = clock.wall_ns, [0.0]
    monkeypatch.setattr(clock, "wall_ns", lambda: wall_ns() + int(sum(passed_h) * 3600 * clock.NS_PER_S))
    return passed_h.append


async def until(hub: Hub, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Returns once it holds for the one device, as an admin sees it; the server looks four times a second."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            (device,) = (await hub.get("api/access"))["devices"]
            if holds(device):
                return
            await asyncio.sleep(0.05)


async def test_a_code_becomes_a_cookie_out_of_scripts_reach(guarded: Hub, devices: Devices) -> None:
    """The role is the invitation's; the cookie is HttpOnly and SameSite=Strict; the secret is not on the disk."""
    async with tablet() as browser:
        asked = {"code": devices.invite(Role.OPERATOR).lower().replace("-", " "), "label": "bed 2"}
        response = await browser.post(guarded.url / "api/pair", json=asked)
        said = await response.json()
    assert (response.status, said["role"], said["label"]) == (201, "operator", "bed 2")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    secret = response.cookies["bedside"].value
    assert all(secret not in file.read_text() for file in guarded.access.iterdir())


async def test_an_encrypted_page_s_cookie_is_for_this_host_and_tls_alone(
    start_hub: StartHub, devices: Devices, tmp_path: Path
) -> None:
    """It is called `__Host-bedside` and Secure, it opens pages, and the same secret under the plain name opens none."""
    hub = await start_hub(token=TOKEN, tls=certificates.Certificates(tmp_path / "tls").context("bedside", []))
    trusting = ssl.create_default_context(cafile=tmp_path / "tls" / certificates.CA)
    async with tablet() as browser:
        asked = {"code": devices.invite(Role.OPERATOR)}
        response = await browser.post(hub.url / "api/pair", json=asked, ssl=trusting)
        (name,) = response.cookies
        cookie, secret = response.cookies[name], response.cookies[name].value
        assert (response.status, name) == (201, "__Host-bedside")
        assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/" and not cookie["domain"]
        for shown, status in ((f"{name}={secret}", 200), (f"bedside={secret}", 401)):
            headers = {"Cookie": shown}
            assert (await browser.get(hub.url / "api/state", headers=headers, ssl=trusting)).status == status
        page = Client(await browser.ws_connect(hub.url / "live", headers={"Cookie": f"{name}={secret}"}, ssl=trusting))
        assert (await page.next())["role"] == "operator"


@pytest.mark.parametrize("is_token", [False, True], ids=["a paired tablet", "a browser that showed the token"])
async def test_who_was_not_here_for_the_hours_that_are_set_is_a_stranger(
    start_hub: StartHub, devices: Devices, pass_by: Callable[[float], None], is_token: bool
) -> None:
    """Its cookie is worth nothing then, and it is listed as one that has ended; a minute before it was good."""
    hub = await start_hub(token=TOKEN, signed_in_h=12)
    async with tablet() as browser:
        if is_token:
            response = await browser.get(hub.url / "view/explain" % {"token": TOKEN}, allow_redirects=False)
            secret = response.cookies["bedside"].value
        else:
            _, secret = await hub.pair(devices.invite(Role.VIEWER))
        headers = {"Cookie": f"bedside={secret}"}
        for hours, expected in ((11.98, 200), (12.02, 401)):
            pass_by(hours)
            assert (await browser.get(hub.url / "api/state", headers=headers)).status == expected
    if not is_token:
        (listed,) = (await hub.get("api/access"))["devices"]
        assert listed["ended"]


async def test_an_open_page_is_use_of_its_tablet(
    start_hub: StartHub, devices: Devices, pass_by: Callable[[float], None]
) -> None:
    """A monitor that nobody touches stays signed in, for days; its page goes on, and its cookie opens others."""
    hub = await start_hub(token=TOKEN, signed_in_h=12)
    _, secret = await hub.pair(devices.invite(Role.VIEWER))
    async with tablet(secret) as browser:
        page = Client(await browser.ws_connect(hub.url / "live"))
        for _ in range(4):
            pass_by(11)
            await until(hub, lambda device: device["seen_s"] <= 1)
        await page.say(type="ping", id=7)
        await page.until("pong", id=7)
        assert (await browser.get(hub.url / "api/state")).status == 200


async def test_of_two_who_show_one_code_one_wins(guarded: Hub, devices: Devices) -> None:
    """A code is good for one tablet, also when several show it at the same moment."""
    code = devices.invite(Role.VIEWER)
    async with tablet() as browser:
        asked = [browser.post(guarded.url / "api/pair", json={"code": code}) for _ in range(4)]
        statuses = sorted([response.status for response in await asyncio.gather(*asked)])
    assert statuses == [201, 403, 403, 403]


async def test_guessing_ends_after_five_and_then_for_the_right_code_too(guarded: Hub, devices: Devices) -> None:
    """Also when all guesses come at once; 429 says how long to wait."""
    async with tablet() as browser:
        guesses = [browser.post(guarded.url / "api/pair", json={"code": f"AAAA-AAA{n}"}) for n in range(2, 10)]
        statuses = [response.status for response in await asyncio.gather(*guesses)]
        assert (statuses.count(403), statuses.count(429)) == (5, 3)
        response = await browser.post(guarded.url / "api/pair", json={"code": devices.invite(Role.ADMIN)})
        assert response.status == 429
        assert 1 <= int(response.headers["Retry-After"]) <= 61


async def test_guessing_the_token_ends_too(guarded: Hub) -> None:
    """Five wrong tokens a minute from one address, then 429."""
    async with tablet() as browser:
        headers = [{"Authorization": f"Bearer wrong-{n}"} for n in range(7)]
        statuses = [(await browser.get(guarded.url / "api/state", headers=one)).status for one in headers]
    assert statuses == [401] * 5 + [429] * 2


async def test_a_revoked_device_is_out_and_its_page_is_closed(guarded: Hub, devices: Devices) -> None:
    """Revoked by another process; the page hears why, and the cookie is worth nothing."""
    device, secret = await guarded.pair(devices.invite(Role.VIEWER))
    async with tablet(secret) as browser:
        page = Client(await browser.ws_connect(guarded.url / "live"))
        hello = await page.next()
        assert (hello["role"], hello["controls"]) == ("viewer", [])
        devices.revoke(device["id"])
        async with asyncio.timeout(10):
            while (message := await page.next())["type"] != "closed":
                pass
        assert message["code"] == SIGNED_OUT
        assert (await browser.get(guarded.url / "api/state")).status == 401


async def test_a_stranger_s_browser_is_shown_where_to_pair(guarded: Hub) -> None:
    """A page that is asked for becomes /pair, which leads back there."""
    async with tablet() as browser:
        url, headers = guarded.url / "view/explain", {"Accept": "text/html"}
        response = await browser.get(url, headers=headers, allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (303, "/pair?to=/view/explain")
        assert "Research use only" in await (await browser.get(guarded.url / "pair")).text()


async def test_a_proxy_does_not_lend_its_guests_this_machine_s_rights(start_hub: StartHub) -> None:
    """Without a token this machine is admin; what somebody on it passed on is a stranger's."""
    hub = await start_hub()
    async with tablet() as browser:
        assert (await browser.get(hub.url / "api/access")).status == 200
        passed_on = {"X-Forwarded-For": "192.168.1.20"}
        assert (await browser.get(hub.url / "api/access", headers=passed_on)).status == 401
    async with aiohttp.ClientSession(version=aiohttp.HttpVersion10) as nginx:  # as it comes, it says nothing of guests
        assert (await nginx.get(hub.url / "api/access")).status == 401


async def test_an_admin_invites_and_revokes_on_a_page(guarded: Hub) -> None:
    """The code comes with its QR code; the device is listed until it is revoked."""
    status, invited = await guarded.post("api/access/invite", role="operator", label="bed 3")
    assert (status, invited["url"].partition("#")[2]) == (201, invited["code"])
    assert invited["qr"].startswith("data:image/svg+xml")
    device, _ = await guarded.pair(invited["code"])
    (listed,) = (await guarded.get("api/access"))["devices"]
    assert (listed["id"], listed["label"], listed["ended"]) == (device["id"], "bed 3", False)
    assert (await guarded.post("api/access/revoke", id=device["id"]))[0] == 200
    assert (await guarded.get("api/access"))["devices"] == []


async def test_the_log_says_who_did_what(guarded: Hub, devices: Devices) -> None:
    """Pairing, a session, a snapshot and a refusal stand in it, with the device; and it is whole."""
    device, secret = await guarded.pair(devices.invite(Role.OPERATOR, "bed 2"))
    guarded.shoot()
    async with tablet(secret) as browser:
        asked = {"participant": "P1", "arm": "explain", "consent": True}
        assert (await browser.post(guarded.url / "api/session/start", json=asked)).status == 201
        assert (await browser.post(guarded.url / "api/snapshot", json={})).status == 201
        assert (await browser.get(guarded.url / "api/access")).status == 403
    await guarded.stop()
    log = AccessLog(guarded.access)
    deeds = [(entry["deed"], entry["label"]) for entry in log.tail(50)]
    assert deeds == [("pair", "bed 2"), ("session start", "bed 2"), ("snapshot", "bed 2"), ("refused", "bed 2")]
    assert log.tail(1)[0]["id"] == device["id"]
    assert log.verify().problems == ()


async def test_health_says_that_devices_cannot_be_read(start_hub: StartHub, tmp_path: Path) -> None:
    """A file of devices that is damaged shuts them out, and /health says so in its own word."""
    hub = await start_hub()
    Devices(tmp_path / "access").invite(Role.VIEWER)
    (tmp_path / "access" / "devices.json").write_text("{", encoding="utf-8")
    async with asyncio.timeout(10):
        while True:
            problems = str((await hub.get("health"))["problems"])
            if "Devices or the access log: " in problems:
                break
            await asyncio.sleep(0.05)
    assert "devices.json" in problems
