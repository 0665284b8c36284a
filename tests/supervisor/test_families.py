"""What a kept process starts is seen, counted and ended with it, wherever it goes."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bedside.supervisor import proc
from bedside.supervisor.child import ChildState
from bedside.supervisor.plan import Process

Script = Callable[..., Process]
Alive = Callable[[int], bool]

NOTE = """
def note(pid):
    with open({note!r}, "a") as file:
        file.write("%d\\n" % pid)
def sleep_on():
    note(os.getpid())
    while True:
        time.sleep(600)
"""
LEAVES_THE_SESSION = """
if not os.fork():
    os.setsid()
    sleep_on()
live()
"""
DAEMON = """
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    sleep_on()
os.wait()
live()
"""
THROUGH_A_SHELL = """
os.system("setsid sleep 600 & echo $! >>" + {note!r})
live()
"""


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """Where the processes of a family write who they are."""
    return tmp_path / "note"


def noted(note: Path) -> list[int]:
    """Who has written so far."""
    return [int(line) for line in note.read_text(encoding="utf-8").split()] if note.exists() else []


@pytest.mark.parametrize("lines", [LEAVES_THE_SESSION, DAEMON, THROUGH_A_SHELL], ids=["session", "daemon", "shell"])
@pytest.mark.parametrize("end", ["killed", "stopped"])
async def test_what_has_left_ends_with_its_family(
    lines: str, end: str, script: Script, running: Any, until: Any, alive: Alive, note: Path
) -> None:
    """A child in a session of its own, and an orphan, are gone once the process that started them is."""
    process = script("one", (NOTE + lines).replace("{note!r}", repr(str(note))))
    async with running(process) as supervisor:
        await until(lambda: noted(note) and supervisor.statuses[0].state is ChildState.RUNNING)
        (gone,) = noted(note)
        assert alive(gone)
        if end == "killed":
            os.kill(supervisor.statuses[0].pid, signal.SIGKILL)
            await until(lambda: not alive(gone))
    assert not any(alive(pid) for pid in noted(note))


async def test_an_orphan_that_has_ended_is_buried(script: Script, running: Any, until: Any, note: Path) -> None:
    """Daemons that come and go leave no zombies behind, while the process that starts them goes on."""
    lines = NOTE + DAEMON.replace("sleep_on()", "note(os.getpid()); time.sleep(0.6); os._exit(0)")
    async with running(script("one", lines.replace("{note!r}", repr(str(note))))) as supervisor:
        await until(lambda: noted(note))
        await until(lambda: proc.read(noted(note)[0]) is None)
        assert supervisor.statuses[0].starts == 1


BOMB = """
end = time.time() + 60
for _ in range(5):
    os.fork()
note(os.getpid())
beat()
time.sleep(end - time.time())
"""


async def test_too_many_processes_are_ended_and_said(
    script: Script, running: Any, until: Any, alive: Alive, note: Path
) -> None:
    """A family that forks without end is stopped with all its members; a neighbour of it does not notice."""
    # Bounded, should the limit not work: 32 processes, which end after a minute.
    lines = (NOTE + BOMB).replace("{note!r}", repr(str(note)))
    bombs, well = script("bombs", lines, processes=10, ping_s=60), script("well", "live()", processes=10)
    async with running(bombs, well) as supervisor:
        await until(lambda: supervisor.statuses[0].message)
        assert supervisor.statuses[0].message.endswith("processes; its limit is 10 (processes)")
        assert supervisor.statuses[1].starts == 1
    assert len(noted(note)) > 10
    assert not any(alive(pid) for pid in noted(note))


HOLDS = "held = b'x' * %d\n"


async def test_memory_counts_in_sum(script: Script, running: Any, until: Any) -> None:
    """Four processes below the limit that are above it together are ended, with the sum in the message."""
    lines = "for _ in range(3):\n    if not os.fork():\n        break\n" + HOLDS % 60_000_000 + "live()"
    async with running(script("one", lines, memory_bytes=150_000_000)) as supervisor:
        await until(lambda: supervisor.statuses[0].message)
        message = supervisor.statuses[0].message
        assert message.startswith("used 0.")
        assert message.endswith(" GB of memory; its limit is 0.14 GB (memory_gb)")


async def test_memory_that_is_shared_counts_once(script: Script, running: Any, until: Any, note: Path) -> None:
    """Forked workers that look at what their parent has loaded use nothing of their own."""
    lines = NOTE + HOLDS % 60_000_000 + "for _ in range(3):\n    if not os.fork():\n        break\nnote(1)\nlive()"
    process = script("one", lines.replace("{note!r}", repr(str(note))), memory_bytes=150_000_000)
    async with running(process, script("ends", "beat()\ntime.sleep(0.3)")) as supervisor:
        await until(lambda: len(noted(note)) == 4)
        ends = supervisor.statuses[1].starts
        await until(lambda: supervisor.statuses[1].starts >= ends + 3)  # several looks later
        assert (supervisor.statuses[0].starts, supervisor.statuses[0].message) == (1, "")


async def test_processes_of_others_are_left_alone(script: Script, running: Any, until: Any) -> None:
    """What the program around the supervisor has started lives on, and its exit status is still there to be read."""
    with subprocess.Popen(["setsid", "sh", "-c", "read _; exit 7"], stdin=subprocess.PIPE) as other:  # noqa: ASYNC220
        async with running(script("one", "beat()\ntime.sleep(0.1)")) as supervisor:
            await until(lambda: supervisor.statuses[0].ends >= 3)
            assert other.poll() is None
            assert other.stdin is not None
            other.stdin.close()
            await until(lambda: supervisor.statuses[0].ends >= 4)
        assert other.wait() == 7
