"""`bedside up` as a person runs it: everything starts, comes back when killed, and leaves nothing behind."""

import json
import os
import signal
import socket
import tempfile
import urllib.request
from pathlib import Path

import pytest
from tests.end_to_end.box import ENGINE, NAMES, Box, alive, bedside, wait, write_settings


def test_whatever_is_killed_comes_back(box: Box) -> None:
    """kill -9 of each process in turn: it is started again, and the whole does its job again."""
    for name in NAMES:
        pid = box.processes[name]["pid"]
        before = box.processes[name]["restarts"]
        os.kill(pid, signal.SIGKILL)
        wait(lambda: box.processes[name]["restarts"] > before, f"{name} is started again")  # noqa: B023
        wait(box.answers, f"all is well after {name} was killed")
        assert box.processes[name]["pid"] != pid


def test_ctrl_c_leaves_nothing(box: Box) -> None:
    """After Ctrl-C no process runs and shared memory is as before, also after a child was killed with -9."""
    pids = box.pids
    assert f"bedside-{box.ports[0]}" in box.shared_memory
    os.kill(box.processes["serve"]["pid"], signal.SIGKILL)
    box.up.send_signal(signal.SIGINT)
    out, _ = box.up.communicate(timeout=30)
    assert box.up.returncode == 130
    assert f"http://127.0.0.1:{box.ports[1]}/" in out
    assert not any(alive(pid) for pid in pids)
    assert box.shared_memory == []
    assert not (box.folder / "logs" / "supervisor.json").exists()


def test_a_folder_of_logs_that_cannot_be_made(tmp_path: Path) -> None:
    """The page comes up without the engine, whose log is missing; the end is in order."""
    ports = write_settings(tmp_path)
    (tmp_path / "logs").write_text("a file", encoding="ascii")
    up = bedside(tmp_path, "up")
    wait(lambda: Box(tmp_path, ports, up).health, "the server answers")
    up.terminate()
    _, log = up.communicate(timeout=30)
    assert up.returncode == 0, log
    assert "make this folder writable for engine logs" in log


def test_nothing_outlives_a_killed_supervisor(box: Box) -> None:
    """kill -9 of `bedside up`: every process that it started ends by itself, and gives its memory back."""
    pids = box.pids
    assert len(pids) == len(NAMES)
    box.up.kill()
    wait(lambda: not any(alive(pid) for pid in pids), "all have ended")
    assert box.shared_memory == []


def test_a_second_up_is_told_about_the_first(box: Box) -> None:
    """The port is taken by another Bedside: one sentence, exit status 1, and the first one goes on."""
    second = bedside(box.folder, "up")
    _, said = second.communicate(timeout=30)
    assert second.returncode == 1
    assert said.strip().splitlines() == [
        f"bedside up: [source] port {box.ports[0]} on 127.0.0.1 is taken: another Bedside runs here already, "
        "stop it first, or set another port"
    ]
    assert box.answers()


def test_status_says_how_it_is(box: Box) -> None:
    """`bedside status --json` has health and processes, and its exit status is 0."""
    status = bedside(box.folder, "status", "--json")
    out, _ = status.communicate(timeout=30)
    assert status.returncode == 0
    said = json.loads(out)
    assert said["health"]["status"] == "ok"
    assert [process["name"] for process in said["processes"]] == list(NAMES)


WRONG = {
    "[server]\nprt = 1": "[server] unknown key 'prt'; did you mean 'port'?",
    '[source]\nurl = "sinthetic:"': "[source] url is 'sinthetic:', which names no source",
    '[[engine]]\nname = "x"\npath = "nowhere"': "[[engine]] x: path is 'nowhere', and there is no",
    '[session]\nparticipant = "Jane Doe"': "[session] participant is 'Jane Doe'",
    '[server]\nhost = "203.0.113.7"\ntoken = "12345678"': "this machine has no such address",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=[text.replace("\n", " ") for text in WRONG])
def test_a_wrong_setting_starts_nothing(tmp_path: Path, text: str, sentence: str) -> None:
    """One sentence, exit status 2, and nothing was started."""
    (tmp_path / "bedside.toml").write_text(text, encoding="utf-8")
    up = bedside(tmp_path, "up")
    _, said = up.communicate(timeout=30)
    assert up.returncode == 2
    assert sentence in said
    assert len(said.strip().splitlines()) == 1
    assert {log.name for log in tmp_path.glob("logs/*")} <= {"up.log"}


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    """One sentence that names the setting and the port; exit status 1."""
    ports = write_settings(tmp_path)
    with socket.create_server(("127.0.0.1", ports[2])):
        up = bedside(tmp_path, "up")
        _, said = up.communicate(timeout=30)
    assert up.returncode == 1
    assert said == (
        f"bedside up: port of [[engine]] seen {ports[2]} on 127.0.0.1 is taken: something else listens there already, "
        "or set another port\n"
    )


def test_an_engine_that_does_not_import_stops_nobody_else(tmp_path: Path) -> None:
    """The picture is there, the health names the engine's trouble, and its own log has the traceback."""
    ports = write_settings(tmp_path)
    (tmp_path / "seen" / "engine.py").write_text("import no_such_library\n", encoding="utf-8")
    up = bedside(tmp_path, "up")
    found = Box(tmp_path, ports, up)
    try:
        wait(lambda: found.health.get("signal") == "live", "the picture is there")
        wait(lambda: "no_such_library" in json.dumps(found.health), "the health says why")
        assert "Traceback" in (tmp_path / "logs" / "engine-seen.log").read_text(encoding="utf-8")
    finally:
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=30)
    assert up.returncode == 130
    assert found.shared_memory == []


def test_the_demo_shows_the_page_and_leaves_nothing(tmp_path: Path) -> None:
    """`bedside demo` runs without settings, also where the usual ports are taken, and its folder is gone after it."""
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "engine.py").write_text(ENGINE, encoding="utf-8")
    before = set(Path(tempfile.gettempdir()).glob("bedside-demo-*"))
    demo = bedside(tmp_path, "demo", "--no-open", "--engine", "seen")
    assert demo.stdout is not None
    line = next(line for line in demo.stdout if "The page: " in line)
    (mine,) = set(Path(tempfile.gettempdir()).glob("bedside-demo-*")) - before
    address = line.split()[-1]
    box = Box(mine, (0, int(address.rstrip("/").rpartition(":")[2]), 0), demo)
    wait(box.answers, "picture, engine and server")
    with urllib.request.urlopen(address, timeout=5) as page:
        assert b"<html" in page.read()
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert not mine.exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "seen"]
