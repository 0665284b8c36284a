"""`bedside replay SESSION`: the recorded frames through another engine."""

import argparse
import json
import logging
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.cli.alone import NO_PIPELINE, alone, build_needed, chosen
from bedside.cli.live import end_as_by_ctrl_c
from bedside.cli.verb import add_verb, settings_of
from bedside.cli.which_session import add_session
from bedside.errors import SessionError, SettingsError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings, SourceSettings
from bedside.supervisor.leftovers import remove_leftovers
from bedside.supervisor.plan import LOGS

if TYPE_CHECKING:
    from bedside.replay.kept import Kept
    from bedside.session.recorded import Recorded

PIPELINE = "pipeline"
DOC = """\
the recorded frames of a session through another engine

Shows an engine, or the [pipeline] of bedside.toml, the frames that were recorded, and writes its answers beside those
of the scan: results-NEW.jsonl and masks-NEW.bin in the session's folder, replay-NEW.json says what that was.
`bedside compare` then shows where the two differ.

examples:
  bedside replay last --engine planes_v2                    an [[engine]] of bedside.toml, every frame, at full speed
  bedside replay last --engine path/to/planes --as try1     a folder with engine.py that no setting knows
  bedside replay last --engine planes_v2 --pace live        at the pace of the scan: what is too slow passes frames over
  bedside replay last --pipeline --from 60 --to 90          the pipeline, half a minute of it
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "replay", run, DOC)
    add_session(parser)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--engine", metavar="NAME|PATH", help="an [[engine]], a folder with engine.py, or a Python file")
    who.add_argument("--pipeline", action="store_true", help="the [pipeline] of bedside.toml with all its engines")
    parser.add_argument("--as", dest="name", metavar="NEW", help="what the replay is called (the engine's name)")
    parser.add_argument("--overwrite", action="store_true", help="replace a replay of that name")
    parser.add_argument(
        "--pace", choices=("fast", "live"), default="fast", help="fast: every frame (default); live: as in the scan"
    )
    parser.add_argument("--from", dest="from_s", type=float, metavar="S", help="from this second of the session on")
    parser.add_argument("--to", dest="to_s", type=float, metavar="S", help="up to this second")
    parser.add_argument("--json", action="store_true", help="what came of it, for a program")


def run(arguments: argparse.Namespace) -> int:
    """Replay a session: 0 it came to its end, 1 it failed."""
    from bedside.replay.kept import Kept
    from bedside.replay.tape import part_of
    from bedside.session.recorded import Recorded

    end_as_by_ctrl_c()
    place = Path(arguments.engine or "").absolute()
    settings, _ = settings_of(arguments)
    if not arguments.verbose:  # engines that start and stop are the everyday of a replay
        logging.getLogger("bedside").setLevel(logging.CRITICAL)
    engines = [chosen(settings, arguments.engine, place)] if arguments.engine else _of_pipeline(settings, arguments)
    name = arguments.name or (engines[0].name if arguments.engine else PIPELINE)
    recorded = Recorded(arguments.session.folder(Path(settings.session.folder)))
    rows = part_of(recorded, arguments.from_s, arguments.to_s)
    pipeline = settings.pipeline if arguments.pipeline else NO_PIPELINE
    kept = Kept(recorded, name, overwrite=arguments.overwrite)
    try:
        with alone("bedside-replay-", _source(recorded, settings), engines, pipeline) as (its, file):
            for engine in its.engines:
                build_needed(engine, quiet=arguments.quiet or arguments.json)
            about = _replayed(arguments, recorded, its, (file, kept), rows)
    finally:
        kept.forget()  # where it was not closed: nothing was replayed
    _say(arguments, about, kept)
    return 0


def _of_pipeline(settings: Settings, arguments: argparse.Namespace) -> list[EngineSettings]:
    if not settings.pipeline.path:
        raise SettingsError("--pipeline: there is no [pipeline] path in bedside.toml; set it, or name an --engine")
    if not (settings.folder / Path(settings.pipeline.path).expanduser()).is_file():
        raise SettingsError(f"[pipeline] path is {settings.pipeline.path!r}, and there is no such file")
    rests = [engine.name for engine in settings.engines if engine.every_s]
    if rests and arguments.pace == "fast":
        raise SettingsError(
            f'--pipeline: engine {rests[0]} is asked "every ... s", which has no meaning at full speed; add --pace live'
        )
    return list(settings.engines)


def _source(recorded: "Recorded", settings: Settings) -> SourceSettings:
    """A source that is never started; engines are told the pixel spacing that the scan's settings had."""
    scan = recorded.about.get("settings")
    source = scan.get("source") if isinstance(scan, dict) else None
    spacing = source.get("pixel_spacing_mm") if isinstance(source, dict) else None
    known = isinstance(spacing, int | float) and not isinstance(spacing, bool) and spacing >= 0
    return SourceSettings(pixel_spacing_mm=float(spacing) if known else settings.source.pixel_spacing_mm)  # type: ignore[arg-type]


def _replayed(
    arguments: argparse.Namespace,
    recorded: "Recorded",
    its: Settings,
    files: "tuple[Path, Kept]",
    rows: tuple[int, int],
) -> dict[str, Any]:
    """Replay; what is said of it. The part is kept and named when it is broken off, and goes where it is empty."""
    from bedside.cli.check_job import run_until_told
    from bedside.cli.replay_job import About, job
    from bedside.cli.replay_shown import Bar

    file, kept = files
    about = About(recorded, its, arguments, rows)
    is_whole = False
    with Bar(f"replay {kept.name}", rows[1] - rows[0], quiet=arguments.quiet or arguments.json) as bar:
        replay = job(its, file, recorded, kept, rows, is_fast=arguments.pace == "fast", told=bar.advance)
        try:
            run_until_told(replay.run)
            is_whole = True
        finally:
            remove_leftovers(its.ring_name, [engine.name for engine in its.engines])
            logs = [] if is_whole and not replay.outcome.restarts else _keep_logs(file.parent, kept.name)
            said = about.said(replay.outcome, is_whole=is_whole, logs=logs)
            if is_whole:
                kept.close(said)
            elif kept.results:
                with suppress(SessionError):  # why it was broken off is said already
                    kept.close(said)
                print(f"broken off; the {kept.lines} results that came are in {kept.part}", file=sys.stderr)
        kept.finish()
    return said


def _keep_logs(folder: Path, name: str) -> list[str]:
    """The logs of engines that failed, in the working folder."""
    found = [(log, Path(f"replay-{name}-{log.name}")) for log in sorted((folder / LOGS).glob("*.log"))]
    return [str(shutil.copy(log, target)) for log, target in found if log.stat().st_size]


def _say(arguments: argparse.Namespace, about: dict[str, Any], kept: "Kept") -> None:
    if arguments.json:
        print(json.dumps(about, indent=1))
        return
    from bedside.cli.replay_shown import sentences

    for sentence in sentences(about, kept.whole):
        print(sentence)
