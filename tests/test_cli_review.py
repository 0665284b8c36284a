"""`bedside review`: sessions in the browser, without a server."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.recording import Plan, make_session

from bedside import cli
from bedside.access.log import AccessLog
from bedside.session import wanted
from bedside.session.paths import Live

Start = Callable[..., str]
SHORT = Plan(seconds=1.0, width=320, height=180)


@contextmanager
def running(folder: Path, *words: str) -> Iterator[str]:
    """The verb in a process of its own, and the address that it says; ended as by Ctrl-C."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BEDSIDE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bedside", "review", "--no-open", *words],
        cwd=folder,
        env=own,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("The review: http://127.0.0.1:"), said
        assert "Research use only" in process.stdout.readline()
        yield said.split()[-1]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts it in the test's folder on any free port."""
    with ExitStack() as stack:
        yield lambda *words: stack.enter_context(running(tmp_path, "--port", "0", *words))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of a second."""
    return make_session(tmp_path_factory.mktemp("sessions"), SHORT)


def copied(made: Path, root: Path, name: str = "", **fields: Any) -> Path:
    """A copy of it under `root`, with other fields in its `session.json`."""
    folder = shutil.copytree(made, root / (name or made.name))
    about = json.loads((folder / "session.json").read_text()) | {"name": folder.name} | fields
    (folder / "session.json").write_text(json.dumps(about))
    return Path(folder)


def got(address: str) -> Any:
    """The JSON at an address."""
    with urllib.request.urlopen(address, timeout=10) as response:
        return json.load(response)


def test_all_sessions_are_shown_also_while_one_runs(made: Path, tmp_path: Path, start: Start) -> None:
    """The page is there and the sessions are listed; nothing is written into their folders."""
    ended = copied(made, tmp_path / "sessions")
    now = copied(made, tmp_path / "sessions", "2026-12-24T08-00-00_P2", end_monotonic_ns=None)
    live = Live(tmp_path / "sessions")
    with wanted.changing(live):
        wanted.write(live, wanted.Wanted(now.name, True, (), wanted.boot_id()))
    before = sorted((tmp_path / "sessions").rglob("*"))
    address = start()
    assert address.endswith("/review")
    with urllib.request.urlopen(address, timeout=10) as page:
        assert page.headers["Content-Type"].startswith("text/html") and b"esearch use only" in page.read()
    root = address.removesuffix("/review")
    listed = got(f"{root}/api/sessions")["sessions"]
    assert [(one["name"], one["is_running"]) for one in listed] == [(now.name, True), (ended.name, False)]
    assert got(f"{root}/api/sessions/{now.name}/timeline")["verdicts"]
    assert sorted((tmp_path / "sessions").rglob("*")) == before


def test_who_looked_at_what_stands_in_the_access_log(made: Path, tmp_path: Path) -> None:
    """A session that is opened is in it, by whoever is at the machine."""
    session = copied(made, tmp_path / "sessions")
    with running(tmp_path, "--port", "0") as address:
        got(f"{address.replace('/review', '/api/sessions')}/{session.name}")
    (entry,) = AccessLog(tmp_path / "access").tail(9)
    assert (entry["deed"], entry["id"], entry["about"]["session"]) == ("open review", "here", session.name)


def test_a_session_that_was_copied_under_another_name_is_shown(made: Path, tmp_path: Path, start: Start) -> None:
    """It is called as it says itself, and nothing beside it is shown."""
    folder = copied(made, tmp_path / "stick")
    other = copied(made, tmp_path / "stick", "2026-12-24T08-00-00_P2")
    copy = folder.rename(tmp_path / "stick" / "copied here")
    address = start(str(copy))
    assert address.endswith(f"/review/{folder.name}")
    root = address.partition("/review")[0]
    assert [one["name"] for one in got(f"{root}/api/sessions")["sessions"]] == [folder.name]
    session = got(f"{root}/api/sessions/{folder.name}")
    with urllib.request.urlopen(root + session["segments"][0]["url"], timeout=10) as video:
        assert video.read() == (copy / "video-000.mp4").read_bytes()
    with pytest.raises(urllib.error.HTTPError, match="404") as refusal:
        got(f"{root}/api/sessions/{other.name}")
    refusal.value.close()


def test_other_names_for_this_machine_get_nothing(start: Start, tmp_path: Path) -> None:
    """The guard of the server stands here, too: no foreign name, no foreign page, no address but loopback."""
    address = start()
    assert "127.0.0.1" in address
    for headers, status in (({"Host": "evil.example"}, 421), ({"Origin": "http://evil.example"}, 403)):
        session = f"{address.removesuffix('/review')}/api/sessions/x/notes"
        request = urllib.request.Request(session, b"{}", headers, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request, timeout=10)
        assert refusal.value.code == status
        refusal.value.close()


def test_a_port_that_is_taken_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so is a session that is not there."""
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["review", "--no-open", "--port", str(port)]) == 2
    assert f"--port {port} cannot be listened on: something else listens there already" in capsys.readouterr().err
    assert cli.main(["review", "--no-open", "nothing"]) == 1
    assert "there is no session 'nothing'" in capsys.readouterr().err
