"""`bedside check NAME`: a model alone and inside Bedside, and its results to look at."""

import argparse
import json
import logging
import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bedside import clock
from bedside.cli.beforehand import needed_by, refuse_engine, refuse_unknown_source
from bedside.cli.demo import absolute_source
from bedside.cli.live import end_as_by_ctrl_c
from bedside.cli.ports import free_port
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SettingsError
from bedside.settings import Settings, load
from bedside.settings_tables import EngineSettings, SourceSettings
from bedside.settings_text import engine_at
from bedside.supervisor.leftovers import remove_leftovers
from bedside.supervisor.plan import LOGS

LOOPBACK = "127.0.0.1"
OF_ENGINE = ("path", "python", "adapter", "ca_file")
DOC = """\
run a model on a clip, alone and inside Bedside: is every result right, how does it look, what does it cost

Builds what the engine needs, shows it the same pictures in a bare loop and through the whole of Bedside by turns, and
writes into a folder: results.mp4 and sheet.png to look at, check.md and check.json with a row of figures.

examples:
  bedside check planes --source clip.mp4       an [[engine]] of bedside.toml
  bedside check path/to/planes                 a folder with engine.py; without --source the [source] of bedside.toml
  bedside check planes --source clip.mp4 --seconds 300 --frames 1000 --json
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "check", run, DOC)
    parser.add_argument("engine", metavar="NAME|PATH", help="an [[engine]], a folder with engine.py, or a Python file")
    parser.add_argument("--source", metavar="CLIP|URL", help="a video, a folder of images, or the address of a source")
    parser.add_argument("--frames", type=int, default=200, metavar="N", help="at most so many results (200)")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="measure at most so long (60)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the files go (check-NAME)")
    parser.add_argument("--json", action="store_true", help="what was found, for a program")


def run(arguments: argparse.Namespace) -> int:
    """Check one engine: 0 all is well, 1 the model fails or a result cannot be used."""
    if arguments.frames < 1 or not arguments.seconds > 0:
        raise SettingsError("--frames and --seconds: expected numbers above 0")
    end_as_by_ctrl_c()
    place, url = Path(arguments.engine).absolute(), full_source(arguments.source)
    out: Path | None = arguments.out and arguments.out.absolute()
    settings, _ = settings_of(arguments)
    if not arguments.verbose:  # engines that start and stop are the everyday of a check
        logging.getLogger("bedside").setLevel(logging.CRITICAL)
    engine = chosen(settings, arguments.engine, place)
    source = replace(settings.source, url=url or absolute_source(settings.source.url))
    out = out or Path(f"check-{engine.name}").absolute()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bedside-check-")))
        file = folder / "bedside.toml"
        file.write_text(written(source, engine), encoding="utf-8")
        for name in [name for name in os.environ if name.startswith("BEDSIDE_")]:
            del os.environ[name]  # they have been read; what is started reads the file
        alone = load(file)
        refuse_unknown_source(alone)
        _prepare(alone.engines[0], out, quiet=arguments.quiet or arguments.json)
        return _check(arguments, alone, file, out)


def full_source(given: str | None) -> str:
    """The address of a source, or of a clip that is played again and again; empty for None."""
    from bedside.source.schemes import SCHEMES

    if given is None:
        return ""
    if given.partition(":")[0] in SCHEMES and ":" in given:
        url = absolute_source(given)
    elif Path(given).exists():
        url = f"file:{Path(given).absolute()}"
    else:
        raise SettingsError(f"--source {given}: there is no such file or folder, and it is no address of a source")
    return f"{url}?loop=1" if url.startswith("file:") and "?" not in url else url


def chosen(settings: Settings, given: str, place: Path) -> EngineSettings:
    """The engine that is meant: by name, by the place of one that is set, or a place that no setting knows."""
    for engine in settings.engines:
        if engine.name == given or (engine.path and Path(engine.path).expanduser().resolve() == place.resolve()):
            return engine
    if not place.exists():
        known = ", ".join(engine.name for engine in settings.engines) or "none"
        raise SettingsError(f"there is no [[engine]] named {given!r}, there is {known}; and no folder or file {place}")
    folder = place if place.is_dir() else place.parent
    requirements = "requirements.txt" if (folder / "requirements.txt").exists() else ""
    return EngineSettings(**engine_at(place), requirements=requirements)


def written(source: SourceSettings, engine: EngineSettings) -> str:
    """A bedside.toml with this source and engine alone, on free ports, whose paths are absolute."""
    placeholder = str(Path(source.placeholder).absolute()) if source.placeholder else ""
    source = replace(source, host=LOOPBACK, token="", port=free_port(LOOPBACK), placeholder=placeholder)
    whole = {name: str(Path(getattr(engine, name)).expanduser().absolute()) for name in OF_ENGINE if
             "/" in getattr(engine, name) or (name != "python" and getattr(engine, name))}  # fmt: skip
    if engine.adapter and engine.path:
        del whole["adapter"]  # it starts at the engine's own folder
    port = free_port(LOOPBACK)
    engine = replace(engine, concurrency=1, port=port, **whole)  # type: ignore[arg-type]
    tables = {"[source]": source, "[server]": {"port": free_port(LOOPBACK)}, "[[engine]]": engine}
    return "".join(f"{name}\n{_lines(table)}\n" for name, table in tables.items())


def _lines(table: Any) -> str:
    values = table if isinstance(table, dict) else {one.name: getattr(table, one.name) for one in fields(table)}
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def _prepare(engine: EngineSettings, out: Path, *, quiet: bool) -> None:
    """Build what the engine needs; make the folder of the files."""
    from bedside.cli.build import build
    from bedside.cli.shown import Shown

    if not engine.url:
        refuse_engine(engine)
        if needed := needed_by(engine):
            with Shown(quiet=quiet) as shown:
                build(engine.name, needed, shown)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--out {out}: {error.strerror}; expected a folder that can be written") from error


def _check(arguments: argparse.Namespace, settings: Settings, file: Path, out: Path) -> int:
    from bedside.check.report import About, document, is_good, markdown
    from bedside.check.run import Check
    from bedside.cli.check_job import job, run_until_told
    from bedside.cli.check_shown import Steps, show

    engine = settings.engines[0]
    with Steps(quiet=arguments.quiet) as steps:
        check = Check(job(settings, file, out, arguments.frames, arguments.seconds), steps)
        try:
            run_until_told(check)
        finally:
            remove_leftovers(settings.ring_name, [engine.name])
            for log in (file.parent / LOGS).glob("*.log"):
                shutil.copy(log, out / log.name)
    outcome, about = check.outcome, About(engine.name, engine.url or engine.path, settings.source.url, clock.wall_ns())
    outcome.files += [out / "check.md", out / "check.json"]
    found = json.dumps(document(outcome, about), indent=1)
    (out / "check.md").write_text(markdown(outcome, about), encoding="utf-8")
    (out / "check.json").write_text(found + "\n", encoding="utf-8")
    if arguments.json:
        print(found)
    else:
        show(outcome, about)
    return 0 if is_good(outcome) else 1
