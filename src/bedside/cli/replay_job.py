"""Settings to a replay: the engines' processes, how they are asked, and what is said of it."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.check.kept import kept as kept_alive
from bedside.cli.engines import engines_of, when_of
from bedside.cli.fingerprint import made_with, versions
from bedside.engine.picture import Wanted
from bedside.messages import EngineStatus
from bedside.replay.kept import Kept
from bedside.replay.run import Outcome, Replay, Wiring
from bedside.replay.tape import Tape
from bedside.session.recorded import Recorded
from bedside.settings import Settings
from bedside.supervisor.plan import plan

VERSION = 1
EXACT = ("ffv1",)
"""Codecs that give every pixel back as it was."""


class Job:
    """A replay with the processes of its engines, which end with it."""

    def __init__(self, replay: Replay, settings: Settings, file: Path) -> None:
        self._replay = replay
        self._processes = [one for one in plan(settings, file, ("-q",)) if one.name.startswith("engine ")]
        self.outcome: Outcome = replay.outcome

    async def run(self) -> None:
        """All of it. Raises what the replay raises."""
        async with kept_alive(self._processes):
            await self._replay.run()


def job(
    settings: Settings,
    file: Path,
    recorded: Recorded,
    kept: Kept,
    rows: tuple[int, int],
    *,
    is_fast: bool,
    told: Callable[[], None],
) -> Job:
    """The rows of `recorded` through the engines, or the pipeline, of `settings`, which lie in `file`."""
    pipeline = Path(settings.pipeline.path) if settings.pipeline.path else None
    first = settings.engines[0]
    wanted = Wanted(first.region, first.size, first.color, first.window)

    def misfit(width: int, height: int) -> str:
        sentence = wanted.misfit(width, height)
        return f"[[engine]] {first.name}: {sentence}" if sentence else ""

    def engines(report: Callable[[EngineStatus], None]) -> Any:
        return engines_of(settings, report)

    wiring = Wiring(
        engines,
        when_of(settings),
        misfit,
        start_deadline_s=max(engine.start_deadline_s for engine in settings.engines),
        deadline_s=settings.pipeline.deadline_s if pipeline else first.deadline_s,
        pipeline=pipeline,
    )
    return Job(Replay(wiring, Tape(recorded, *rows), kept, is_fast=is_fast, told=told), settings, file)


class About:
    """What `replay-NEW.json` says; begun before the first frame."""

    def __init__(
        self, recorded: Recorded, settings: Settings, arguments: argparse.Namespace, rows: tuple[int, int]
    ) -> None:
        self._start_ns = clock.wall_ns()
        self._recorded = recorded
        self._settings = settings
        self._pace = arguments.pace
        self._rows = rows
        self._prints = self._fingerprints()

    def said(self, outcome: Outcome, *, is_whole: bool, logs: list[str]) -> dict[str, Any]:
        """Now, at its end."""
        table, (first, stop) = self._recorded.frames, self._rows
        segments = [self._recorded.segments.get(int(one)) for one in set(table.segment[first:stop])]
        codecs = sorted({str(segment.about.get("codec", "")) for segment in segments if segment is not None})
        prints = self._fingerprints()
        return {
            "version": VERSION,
            "is_whole": is_whole,
            "session": self._recorded.name,
            "engines": self._prints,
            "engines_changed": prints != self._prints,
            "pace": self._pace,
            "from_s": round(self._recorded.time_s(int(table.captured_ns[first])), 3),
            "to_s": round(self._recorded.time_s(int(table.captured_ns[stop - 1])), 3),
            "codecs": codecs,
            "is_exact": bool(codecs) and all(codec in EXACT for codec in codecs),
            "start_wall_ns": self._start_ns,
            "end_wall_ns": clock.wall_ns(),
            "versions": versions(),
            **{name: round(value, 3) for name, value in asdict(outcome).items()},
            "logs": logs,
        }

    def _fingerprints(self) -> dict[str, Any]:
        return dict(made_with(self._settings).engines)
