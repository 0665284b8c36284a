"""`bedside up` as a person runs it: everything starts, comes back when killed, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bedside import clock

ENGINE = """
def predict(frame):
    return {"verdict": {"label": "seen", "level": "good", "score": 1.0}}
"""
NAMES = ("broadcast", "engine seen", "serve")


def wait(true: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait until something is true, and return it."""
    end_ns = clock.monotonic_ns() + int(seconds * clock.NS_PER_S)
    while clock.monotonic_ns() < end_ns:
        found = true()
        if found:
            return found
        clock.wait_s(0.05)
    pytest.fail(f"not within {seconds:g} s: {what}")


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@dataclass
class Box:
    """One running `bedside up` in a folder of its own, on ports of its own."""

    folder: Path
    ports: tuple[int, int, int]
    up: "subprocess.Popen[str]"

    @property
    def health(self) -> dict[str, Any]:
        """What /health says; empty when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[1]}/health", timeout=2) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error))
        except OSError:
            return {}

    @property
    def processes(self) -> dict[str, dict[str, Any]]:
        """What the supervisor says about its processes."""
        path = self.folder / "logs" / "supervisor.json"
        if not path.exists():
            return {}
        return {process["name"]: process for process in json.loads(path.read_text(encoding="utf-8"))["processes"]}

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [process["pid"] for process in self.processes.values() if process["pid"]]

    @property
    def shared_memory(self) -> list[str]:
        """What lies in shared memory for this box."""
        found = [path.name for path in Path("/dev/shm").glob("bedside-*")]
        stages = [f"bedside-stage-{name.split()[1]}-" for name in NAMES if " " in name]
        return [name for name in found if name == f"bedside-{self.ports[0]}" or name.startswith(tuple(stages))]

    def answers(self) -> bool:
        """Whether it does its whole job: picture, engine and server."""
        health = self.health
        engine = health.get("engines", {}).get("seen", {})
        return health.get("status") == "ok" and engine.get("answers", 0) > 3


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def write_settings(folder: Path, more: str = "") -> tuple[int, int, int]:
    """A bedside.toml with the synthetic scanner and one engine; returns the ports."""
    source, server, engine = free_ports(3)
    (folder / "seen").mkdir(exist_ok=True)
    (folder / "seen" / "engine.py").write_text(ENGINE, encoding="utf-8")
    (folder / "bedside.toml").write_text(
        f'[source]\nurl = "synthetic:"\nport = {source}\n[server]\nport = {server}\n'
        f'[[engine]]\nname = "seen"\npath = "seen"\nport = {engine}\n{more}',
        encoding="utf-8",
    )
    return source, server, engine


def bedside(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """One verb, in that folder."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BEDSIDE_")}
    argv = [sys.executable, "-m", "bedside", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box that does its job."""
    ports = write_settings(tmp_path)
    up = bedside(tmp_path, "up")
    found = Box(tmp_path, ports, up)
    try:
        wait(found.answers, "picture, engine and server")
        yield found
    finally:
        pids = found.pids
        if up.poll() is None:
            up.send_signal(signal.SIGTERM)
        try:
            up.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            up.kill()
            up.communicate()
        wait(lambda: not any(alive(pid) for pid in pids), "no process is left", 20)


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
    assert "█" in out
    assert not any(alive(pid) for pid in pids)
    assert box.shared_memory == []
    assert not (box.folder / "logs" / "supervisor.json").exists()


def test_nothing_outlives_a_killed_supervisor(box: Box) -> None:
    """kill -9 of `bedside up`: every process that it started ends by itself, and gives its memory back."""
    pids = box.pids
    assert len(pids) == 3
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
    assert not (tmp_path / "logs").exists()


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
