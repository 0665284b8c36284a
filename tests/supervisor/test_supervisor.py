"""Processes die, hang and resist; the supervisor copes."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bedside.supervisor.backoff import Backoff
from bedside.supervisor.child import ChildState
from bedside.supervisor.plan import Process
from bedside.supervisor.supervisor import Supervisor

Script = Callable[..., Process]


async def test_a_killed_process_comes_back(script: Script, running: Any, until: Any) -> None:
    """A process killed with -9 is started again at once, under a new pid."""
    async with running(script("one", "live()")) as supervisor:
        await until(lambda: supervisor.statuses[0].state is ChildState.RUNNING)
        first = supervisor.statuses[0].pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: supervisor.statuses[0].starts == 2 and supervisor.statuses[0].state is ChildState.RUNNING)
        assert supervisor.statuses[0].pid != first
        assert supervisor.statuses[0].message == "was killed by SIGKILL"


async def test_a_silent_process_is_killed_and_comes_back(script: Script, running: Any, until: Any) -> None:
    """A process that gives no sign of life for its ping counts as dead, even when it is stopped."""
    async with running(script("one", "beat()\ntime.sleep(600)", ping_s=0.3)) as supervisor:
        await until(lambda: supervisor.statuses[0].starts >= 2)
        assert "hung: no sign of life for 0.3 s" in supervisor.statuses[0].message


async def test_a_stopped_process_counts_as_hung(script: Script, running: Any, until: Any) -> None:
    """SIGSTOP is a hang like any other."""
    async with running(script("one", "live()", ping_s=0.4)) as supervisor:
        await until(lambda: supervisor.statuses[0].state is ChildState.RUNNING)
        os.kill(supervisor.statuses[0].pid, signal.SIGSTOP)
        await until(lambda: supervisor.statuses[0].starts >= 2)


async def test_a_process_that_says_that_it_starts_may_be_silent_for_longer(
    script: Script, running: Any, until: Any
) -> None:
    """While it says so the patience is the start's; from its first other sign of life on it is the ping's."""
    loads = "os.write(fd, b's')\ntime.sleep(1.5)\nlive()"
    stops = "os.write(fd, b's')\nbeat()\ntime.sleep(600)"
    async with running(script("loads", loads, ping_s=0.6), script("stops", stops, ping_s=0.3)) as supervisor:
        await until(lambda: supervisor.statuses[1].starts >= 2)
        assert supervisor.statuses[1].message == "hung: no sign of life for 0.3 s"
        await until(lambda: supervisor.statuses[0].state is ChildState.RUNNING)
        assert supervisor.statuses[0].starts == 1


async def test_a_process_that_keeps_dying_is_said_to_and_goes_on(script: Script, running: Any, until: Any) -> None:
    """More deaths than the window allows turn the status, and it is still started again."""
    make = lambda: Backoff(deaths=2, slow_s=0.05)  # noqa: E731
    async with running(script("one", "sys.exit(3)"), backoff=make) as supervisor:
        await until(lambda: supervisor.statuses[0].is_flapping)
        starts = supervisor.statuses[0].starts
        await until(lambda: supervisor.statuses[0].starts > starts)
        assert supervisor.statuses[0].message == "ended with exit status 3"


async def test_a_program_that_is_missing_stops_nobody_else(script: Script, running: Any, until: Any) -> None:
    """A process that cannot be started is tried again, and says why; the others live."""
    missing = Process("missing", ("/nonexistent/program",))
    async with running(missing, script("one", "live()")) as supervisor:
        await until(lambda: supervisor.statuses[1].state is ChildState.RUNNING and supervisor.statuses[0].message)
        assert "cannot be started" in supervisor.statuses[0].message
        assert "/nonexistent/program" in supervisor.statuses[0].message


async def test_a_log_that_cannot_be_written_stops_nobody_else(
    script: Script, running: Any, until: Any, tmp_path: Path
) -> None:
    """A process whose log is in the way is tried again, and says why; the others live."""
    (tmp_path / "engine.log").mkdir()
    silent = script("silent", "live()", log=tmp_path / "engine.log")
    async with running(silent, script("one", "live()")) as supervisor:
        await until(lambda: supervisor.statuses[1].state is ChildState.RUNNING and supervisor.statuses[0].message)
        assert "engine.log: Is a directory; make this folder writable" in supervisor.statuses[0].message


async def test_a_signal_without_a_name_is_told_by_its_number(script: Script, running: Any, until: Any) -> None:
    """A real-time signal that a model uses ends its process, and nobody else's."""
    async with running(script("one", "os.kill(os.getpid(), 40)")) as supervisor:
        await until(lambda: supervisor.statuses[0].message)
        assert supervisor.statuses[0].message == "was killed by signal 40"


async def test_grandchildren_die_with_their_parent(
    script: Script, running: Any, until: Any, alive: Callable[[int], bool], tmp_path: Path
) -> None:
    """What a killed process had started itself does not go on without it."""
    note = tmp_path / "grandchild"
    lines = f"child = subprocess.Popen(['sleep', '600'])\nopen({str(note)!r}, 'w').write(str(child.pid))\nlive()"
    async with running(script("one", lines)) as supervisor:
        await until(lambda: note.exists() and note.read_text(encoding="utf-8"))
        grandchild = int(note.read_text(encoding="utf-8"))
        os.kill(supervisor.statuses[0].pid, signal.SIGKILL)
        await until(lambda: not alive(grandchild))


async def test_processes_stop_in_reverse_order(script: Script, running: Any, until: Any, tmp_path: Path) -> None:
    """The last stage is stopped first, and only then the one before."""
    note = tmp_path / "order"
    lines = (
        "def end(*_):\n    with open({note!r}, 'a') as f: f.write({name!r})\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nlive()"
    )
    plan = [
        script(name, lines.format(note=str(note), name=name), stage=stage) for stage, name in enumerate(["a", "b", "c"])
    ]
    async with running(*plan) as supervisor:
        await until(lambda: all(status.state is ChildState.RUNNING for status in supervisor.statuses))
    assert note.read_text(encoding="utf-8") == "cba"
    assert {status.state for status in supervisor.statuses} == {ChildState.STOPPED}


async def test_who_ignores_sigterm_is_killed_after_the_grace(
    script: Script, running: Any, until: Any, alive: Callable[[int], bool]
) -> None:
    """A process that does not end when asked is killed."""
    process = script("one", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nlive()")
    async with running(process, grace_s=0.2) as supervisor:
        await until(lambda: supervisor.statuses[0].state is ChildState.RUNNING)
        pid = supervisor.statuses[0].pid
    assert not alive(pid)


async def test_a_second_stop_forces(script: Script, until: Any, alive: Callable[[int], bool]) -> None:
    """Told to stop twice, the supervisor waits for nobody."""
    supervisor = Supervisor([script("one", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nlive()")], grace_s=600)
    task = asyncio.create_task(supervisor.run())
    await until(lambda: supervisor.statuses[0].state is ChildState.RUNNING)
    pid = supervisor.statuses[0].pid
    supervisor.stop()
    supervisor.stop()
    async with asyncio.timeout(10):
        await task
    assert not alive(pid)


async def test_a_process_waiting_for_its_next_start_can_be_stopped(script: Script, until: Any) -> None:
    """Stopping does not wait for the back-off."""
    supervisor = Supervisor([script("one", "sys.exit(1)")], backoff=lambda: Backoff(deaths=0, slow_s=600))
    task = asyncio.create_task(supervisor.run())
    await until(lambda: supervisor.statuses[0].message)
    supervisor.stop()
    async with asyncio.timeout(10):
        await task


async def test_output_goes_into_the_log_and_its_last_line_into_the_message(
    script: Script, running: Any, until: Any, tmp_path: Path
) -> None:
    """Whoever reads why a process died reads what it said last."""
    path = tmp_path / "logs" / "one.log"
    process = script("one", "print('hello')\nprint('the disk of the model is gone', file=sys.stderr)", log=path)
    async with running(process) as supervisor:
        await until(lambda: supervisor.statuses[0].message)
        assert supervisor.statuses[0].message == "ended with exit status 0; it said last: the disk of the model is gone"
    assert "hello" in path.read_text(encoding="utf-8")


async def test_ctrl_c_reaches_the_supervisor_only(script: Script, running: Any, until: Any) -> None:
    """Children live in sessions of their own, so that the terminal's Ctrl-C does not hit them."""
    async with running(script("one", "live()")) as supervisor:
        await until(lambda: supervisor.statuses[0].state is ChildState.RUNNING)
        assert os.getsid(supervisor.statuses[0].pid) == supervisor.statuses[0].pid
