"""`bedside check NAME`: a model alone and inside Bedside, and its results to look at."""

import argparse
import json
import logging
from dataclasses import replace
from pathlib import Path

from bedside import clock
from bedside.cli.alone import alone, build_needed, chosen
from bedside.cli.beforehand import refuse_unknown_source
from bedside.cli.demo import absolute_source
from bedside.cli.live import end_as_by_ctrl_c
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SettingsError
from bedside.settings import Settings

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
    with alone("bedside-check-", source, [replace(engine, concurrency=1)]) as (its, file):
        refuse_unknown_source(its)
        build_needed(its.engines[0], quiet=arguments.quiet or arguments.json)
        make_folder(out)
        return _check(arguments, its, file, out)


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


def make_folder(out: Path) -> None:
    """The folder of the files. Raises SettingsError where it cannot be made."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--out {out}: {error.strerror}; expected a folder that can be written") from error


def _check(arguments: argparse.Namespace, settings: Settings, file: Path, out: Path) -> int:
    from bedside.check.report import About, document, is_good, markdown
    from bedside.cli.check_job import checked, job
    from bedside.cli.check_shown import show
    from bedside.cli.steps import Steps

    engine = settings.engines[0]
    with Steps(quiet=arguments.quiet) as steps:
        outcome = checked(settings, file, job(settings, file, out, arguments.frames, arguments.seconds), steps)
    about = About(engine.name, engine.url or engine.path, settings.source.url, clock.wall_ns())
    outcome.files += [out / "check.md", out / "check.json"]
    found = json.dumps(document(outcome, about), indent=1)
    (out / "check.md").write_text(markdown(outcome, about), encoding="utf-8")
    (out / "check.json").write_text(found + "\n", encoding="utf-8")
    if arguments.json:
        print(found)
    else:
        show(outcome, about)
    return 0 if is_good(outcome) else 1
