"""Windows, regions, turns and replicas, as `bedside up` runs them."""

import json
import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.box import Box, free_ports, running, wait

WINDOW = """
def predict(frames, info):
    assert frames.shape == (4, 48, 64), frames.shape
    assert list(info.seqs) == sorted(set(info.seqs)) and len(info.seqs) == 4
    assert info.region_px == (16, 32, 128, 96), info.region_px
    return {"verdict": {"label": "seen", "level": "good", "score": 1.0}}
"""
FROZEN = """
def predict(frame, info):
    assert info.state == "frozen", info.state
    return {"text": str(info.seq)}
"""
SLEEPS = """
import time

def predict(frame):
    time.sleep(0.2)
    return {}
"""


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Box]:
    """A box with an engine of a window, one that is asked on freezes, and one of two replicas."""
    ports = pair(), free_ports(1)[0]
    for name, code in (("twins", SLEEPS), ("still", FROZEN)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "engine.py").write_text(code, encoding="utf-8")
    more = (
        'window = 4\nregion = [16, 32, 128, 96]\nsize = [64, 48]\ncolor = "grey"\n'
        f'[[engine]]\nname = "twins"\npath = "twins"\nport = {ports[0]}\nconcurrency = 2\n'
        f'[[engine]]\nname = "still"\npath = "still"\nport = {ports[1]}\nwhen = "frozen"\ndeadline_s = 1\n'
    )
    with running(tmp_path, more, engine=WINDOW) as box:
        yield box


def pair() -> int:
    """A free port whose next one is free, too."""
    for _ in range(50):
        (port,) = free_ports(1)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port + 1)):
                return port
    pytest.fail("no two free ports beside each other")


def engine_of(box: Box, name: str) -> dict[str, Any]:
    """What the page is told of one engine."""
    with urllib.request.urlopen(f"{box.url}/api/state", timeout=5) as answer:
        return next(engine for engine in json.load(answer)["engines"] if engine["name"] == name)


def press(box: Box, command: str) -> None:
    """The scanner's button."""
    body = json.dumps({"command": command}).encode()
    request = urllib.request.Request(f"{box.url}/api/control", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


def test_windows_turns_and_replicas(turns: Box) -> None:
    """The window's model gets what it was promised; the frozen one's is asked once a freeze; a dead replica comes back.

    All the while /health is green: nobody is called late who was not asked.
    """
    wait(lambda: engine_of(turns, "twins")["replicas_well"] == 2, "two replicas")
    wait(lambda: engine_of(turns, "twins")["answers"] > 5, "answers of the replicas")
    assert engine_of(turns, "seen")["errors"] == 0
    still = engine_of(turns, "still")
    assert (still["state"], still["answers"], still["waits"]) == ("READY", 0, True)
    for freezes in (1, 2):
        press(turns, "freeze")
        wait(lambda: engine_of(turns, "still")["answers"] == freezes, "an answer to the frozen picture")  # noqa: B023
        after = engine_of(turns, "seen")["answers"]
        wait(lambda: engine_of(turns, "seen")["answers"] > after + 30, "thirty frames more")  # noqa: B023
        still = engine_of(turns, "still")
        assert (still["answers"], still["errors"], still["holds"]) == (freezes, 0, True)
        assert turns.health["status"] == "ok", "its deadline of 1 s is long over"
        press(turns, "unfreeze")
        wait(lambda: engine_of(turns, "still")["waits"], "the next freeze is waited for")
    os.kill(turns.processes["engine twins 2"]["pid"], signal.SIGKILL)
    wait(lambda: engine_of(turns, "twins")["restarts"] == 1, "the replica is back")
    before = engine_of(turns, "twins")["answers"]
    wait(lambda: engine_of(turns, "twins")["answers"] > before + 5, "answers after that")
    assert engine_of(turns, "twins")["replicas_well"] == 2
