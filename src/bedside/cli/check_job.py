"""Settings to a check: the processes that it needs, and the way wired as `bedside serve` wires it."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.live import SWITCH_S, stop_signals
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.leftovers import remove_leftovers
from bedside.supervisor.plan import LOGS, Process, plan

if TYPE_CHECKING:
    from bedside.check.run import Bar, Outcome, Task
    from bedside.check.way import Publish, Report, Wire, Wired
    from bedside.engine.picture import Wanted


def checked(settings: Settings, file: Path, task: "Task", bar: "Bar") -> "Outcome":
    """What the check of `task` finds, by the settings in `file`; its logs lie in the task's folder then.

    Raises BedsideError when the engine cannot be loaded, or no picture comes.
    """
    from bedside.check.run import Check

    check = Check(task, bar)
    try:
        run_until_told(check.run)
    finally:
        remove_leftovers(settings.ring_name, [task.name])
        for log in (file.parent / LOGS).glob("*.log"):
            shutil.copy(log, task.out / log.name)
    return check.outcome


def job(settings: Settings, file: Path, out: Path, frames: int, seconds: float) -> "Task":
    """What to check, by the settings in `file`: its source and its only engine."""
    from bedside.check.bare import BareLoop
    from bedside.check.kept import peak_mb
    from bedside.check.run import Task
    from bedside.check.way import Way
    from bedside.engine.picture import Wanted
    from bedside.hub.control import BroadcasterControl
    from bedside.source.commands import offered

    (engine,) = settings.engines
    processes = {process.name: process for process in plan(settings, file, ("-q",))}
    can_freeze = "freeze" in offered(settings.source.url)
    control = BroadcasterControl(settings.frames_url) if engine.is_on_freeze and can_freeze else None
    wanted = Wanted(engine.region, engine.size, engine.color, engine.window)
    argv = (sys.executable, "-m", "bedside", "engine", engine.name, "--bare", "--config", str(file), "-q")
    return Task(
        name=engine.name,
        way=Way(_wiring(settings), engine.start_deadline_s, _misfit(engine.name, wanted), control),
        broadcaster=_player(settings, processes["broadcast"]),
        engine=processes.get(f"engine {engine.name}"),
        peak_mb=_in_container(engine) if engine.is_contained else peak_mb,
        bare=None if engine.url else BareLoop(argv, settings.folder, out / "bare.log"),
        wanted=wanted,
        pixel_spacing_mm=settings.source.pixel_spacing_mm,
        frames=frames,
        seconds=seconds,
        deadline_s=engine.deadline_s,
        start_deadline_s=engine.start_deadline_s,
        out=out,
    )


def run_until_told(run: Callable[[], Awaitable[object]]) -> None:
    """Run a check or a replay; whatever ends a process of ours ends it as Ctrl-C does, with all that it has started.

    Raises what it raises. The process is tuned as that of `bedside serve` is, whose part it plays.
    """
    import cv2

    sys.setswitchinterval(SWITCH_S)
    cv2.setNumThreads(1)

    async def work() -> None:
        running = asyncio.current_task()
        assert running is not None
        for number in set(stop_signals()) - {signal.SIGINT}:  # that one asyncio looks after
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        await run()

    try:
        asyncio.run(work())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _misfit(name: str, wanted: "Wanted") -> Callable[[int, int], str]:
    def misfit(width: int, height: int) -> str:
        sentence = wanted.misfit(width, height)
        return f"[[engine]] {name}: {sentence}" if sentence else ""

    return misfit


def _in_container(engine: EngineSettings) -> Callable[[int], float]:
    """The peak of what runs in an engine's container; who keeps it is a process of ours."""
    from bedside.check.kept import peak_mb
    from bedside.cli.container import container_of
    from bedside.engine.docker import ask

    def peak(_: int) -> float:
        pid = ask("inspect", "--format", "{{.State.Pid}}", container_of(engine, engine.port).name).stdout.strip()
        return peak_mb(int(pid)) if pid.isdecimal() else 0.0

    return peak


def _player(settings: Settings, process: Process) -> Callable[[float], Process]:
    """The broadcaster that plays the source from a share of it on; from its start where its length is not known."""
    url = settings.source.url
    scheme, _, place = url.partition(":")
    path, _, options = place.partition("?")
    clip_s = length_s(Path(path)) if scheme == "file" and "start_s" not in options else 0.0

    def play(share: float) -> Process:
        if not clip_s:
            return process
        start = f"{url}{'&' if options else '?'}start_s={share * clip_s:.2f}"
        return replace(process, environ={"BEDSIDE_SOURCE_URL": start})

    return play


def length_s(path: Path) -> float:
    """How long a video is, in seconds; 0 for what is none, or does not say."""
    import av

    try:
        with av.open(str(path)) as container:
            return (container.duration or 0) / av.time_base
    except (av.error.FFmpegError, OSError):
        return 0.0


def _wiring(settings: Settings) -> "Wire":
    from bedside.bus.subscriber import Subscriber
    from bedside.check.way import Wired
    from bedside.cli.engines import engines_of, when_of
    from bedside.router.router import Router

    def wire(report: "Report", publish: "Publish") -> "Wired":
        subscriber = Subscriber(settings.frames_url, encoding="shm")
        engines = engines_of(settings, report)
        return Wired(subscriber, Router(engines, subscriber.borrow, publish, when_of(settings)), engines)

    return wire
