"""Settings to processes: what runs on this machine, in the order in which it starts."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bedside.settings import Settings
from bedside.settings_tables import EngineSettings

PING_S = 8.0
"""So long one of our own event loops may be silent before it counts as hung."""
MARGIN_S = 5.0
"""So much later than the runner's own deadline the supervisor ends an engine."""
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}
"""The recorder's threads hand each other megabytes; with an arena each they hold 7 MB more (glibc)."""
LOGS = "logs"
"""Folder of the engines' logs, beside the settings."""


@dataclass(frozen=True)
class Process:
    """One process to keep alive."""

    name: str
    argv: tuple[str, ...]
    stage: int = 0
    """Stages stop in reverse order, the processes of one stage together."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """What is added to the supervisor's own environment."""
    ping_s: float = PING_S
    """Without a sign of life for so long, it hangs, once it has started."""
    start_s: float = 30.0
    """The same while it starts: until its first sign of life, and for as long as it says that it is starting."""
    log: Path | None = None
    """File that gets its stdout and stderr; None lets it write where the supervisor writes."""
    folder: Path | None = None
    """Working folder; None is the supervisor's own."""
    memory_bytes: int = 0
    """What it and all that it starts may use together; 0 is any amount."""
    processes: int = 0
    """How many these may be; 0 is any number."""


def plan(settings: Settings, config: Path, options: tuple[str, ...] = ()) -> tuple[Process, ...]:
    """The processes for `settings`, which lie in the file `config`: broadcaster, recorder, engines, server.

    Each verb gets `options` too, such as `-v`.

    What has an address in the settings, a broadcaster or an engine, is kept running by somebody else.
    """
    command = (sys.executable, "-m", "bedside")
    tail = ("--config", str(config), *options)
    broadcaster = Process("broadcast", (*command, "broadcast", *tail), stage=0, folder=settings.folder)
    recorder = Process("record", (*command, "record", *tail), 1, ONE_ARENA, folder=settings.folder)
    return (
        *(() if settings.server.source else (broadcaster,)),
        recorder,
        *(
            _engine(engine, replica, settings, command, tail)
            for engine in settings.engines
            if not engine.url
            for replica in range(1, engine.concurrency + 1)
        ),
        Process("serve", (*command, "serve", *tail), stage=2, folder=settings.folder),
    )


def replica_name(engine: str, replica: int) -> str:
    """What the `replica`-th process of an engine is called, from 1: its name, then `NAME 2`, `NAME 3` ..."""
    return f"{engine} {replica}" if replica > 1 else engine


def _engine(
    engine: EngineSettings, replica: int, settings: Settings, command: tuple[str, ...], tail: tuple[str, ...]
) -> Process:
    # The runner watches its own deadlines, and a model may hold the interpreter's lock, and so the beat, until then;
    # the ping finds what the runner cannot, such as a process that was stopped.
    which = ("--replica", str(replica)) if replica > 1 else ()
    name = replica_name(engine.name, replica)
    return Process(
        f"engine {name}",
        (*command, "engine", engine.name, *which, *tail),
        stage=1,
        ping_s=engine.deadline_s + MARGIN_S,
        start_s=engine.start_deadline_s + MARGIN_S,
        log=settings.folder / LOGS / f"engine-{name.replace(' ', '.')}.log",
        folder=settings.folder,
        memory_bytes=0 if engine.is_contained else engine.memory_bytes,  # Docker looks after its own
        processes=0 if engine.is_contained else engine.most_processes,
    )
