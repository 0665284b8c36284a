"""`bedside access` on the command line, beside a server that runs."""

import asyncio
import os
import re
from pathlib import Path

import aiohttp
import pytest
from tests.hub.conftest import Client, StartHub, scanner, start_hub

from bedside import cli
from bedside.access.log import AccessLog
from bedside.hub.sockets import SIGNED_OUT

__all__ = ["scanner", "start_hub"]
TOKEN = "a-long-secret"
Say = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, without variables of ours."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BEDSIDE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("bedside.cli.verb.start_logging", lambda *args: None)
    (tmp_path / "bedside.toml").write_text("")
    return tmp_path


async def asked(capsys: Say, *words: str, status: int = 0) -> str:
    """What the verb prints; the server goes on meanwhile."""
    assert await asyncio.to_thread(cli.main, ["access", *words]) == status
    out, err = capsys.readouterr()
    return out + err


async def test_a_tablet_is_invited_listed_and_revoked(start_hub: StartHub, here: Path, capsys: Say) -> None:
    """The code pairs a tablet with a running server, the list has it, and once it is revoked its page is closed."""
    hub = await start_hub(token=TOKEN)
    assert "No tablet is paired" in await asked(capsys, "list")
    said = await asked(capsys, "invite", "operator", "--label", "bed 2")
    found = re.search(
        r"Code (\S{4}-\S{4}) pairs one tablet as operator, within ten minutes: type it at (\S+)/pair", said
    )
    assert found, said
    device, secret = await hub.pair(found[1])
    listed = await asked(capsys, "list")
    assert re.search(rf"{device['id']}  operator  bed 2 +paired \S+ \S+ UTC  used ", listed), listed
    async with aiohttp.ClientSession(headers={"Cookie": f"bedside={secret}"}) as http:
        page = Client(await http.ws_connect(hub.url / "live"))
        assert "its pages are closed" in await asked(capsys, "revoke", device["id"])
        async with asyncio.timeout(10):
            while (message := await page.next())["type"] != "closed":
                pass
    assert message["code"] == SIGNED_OUT
    assert "No tablet is paired" in await asked(capsys, "list")
    await hub.stop()
    deeds = [(entry["deed"], entry["id"]) for entry in AccessLog(here / "access").tail(9)]
    assert deeds == [
        ("invite", "here"),
        ("pair", device["id"]),
        ("open page", device["id"]),
        ("revoke", "here"),
        ("close page", device["id"]),
    ]


async def test_the_log_is_shown_and_looked_at(here: Path, capsys: Say) -> None:
    """A line a deed, the newest last; `--verify` is 0 where it is whole, and 1 where a line was changed."""
    for label in ("bed 1", "bed 2"):
        await asked(capsys, "invite", "viewer", "--label", label)
    first, second = (await asked(capsys, "log")).splitlines()
    assert re.match(r" +1  \S+Z  admin +here +invite +role viewer, label bed 1", first), first
    assert "label bed 2" in second
    assert "2 deeds, none changed and none missing" in await asked(capsys, "log", "--verify")
    path = here / "access" / "access.jsonl"
    path.write_bytes(path.read_bytes().replace(b"bed 1", b"bed 7"))
    assert "is not whole: somebody changed it" in await asked(capsys, "log", "--verify", status=1)


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["invite"], 2, "invite needs a role: viewer, operator or admin"),
        (["invite", "root"], 2, "role is 'root'; expected viewer, operator or admin"),
        (["revoke"], 2, "revoke needs an id"),
        (["revoke", "3fa2c1"], 1, "there is no device '3fa2c1'; `bedside access list` shows them"),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(words: list[str], status: int, sentence: str, capsys: Say) -> None:
    """It names what was given and what to do, and leaves no line in the log."""
    assert sentence in await asked(capsys, *words, status=status)
    assert await asked(capsys, "log") == ""
