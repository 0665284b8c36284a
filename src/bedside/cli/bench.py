"""`bedside bench`: this machine and one's own models, measured and drawn."""

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside import clock
from bedside.cli.alone import alone, build_needed, chosen
from bedside.cli.beforehand import refuse_unknown_source
from bedside.cli.check import full_source, make_folder
from bedside.cli.demo import absolute_source
from bedside.cli.live import end_as_by_ctrl_c
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import BedsideError, EngineError, SettingsError
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings, SourceSettings

if TYPE_CHECKING:
    from bedside.check.run import Bar, Outcome
    from bedside.cli.steps import Steps

DOC = """\
measure this machine and your models: where the time of a frame goes, as distributions, on a page of plots

Shows each engine the same pictures in a bare loop and through the whole of Bedside by turns, then measures what the
machine could do at best, and writes into a folder: bench.html to look at and bench.json for programs. Close other
programs first. A pipeline takes no part: its engines are measured one by one.

examples:
  bedside bench                                every [[engine]] of bedside.toml, on its [source]
  bedside bench planes                         one of them; a folder with engine.py can stand here, too
  bedside bench planes --source clip.mp4 --seconds 300
  bedside bench --out before --json            what was found, for a program
"""
FRAMES = 1_000_000
"""More than fit into any time: it is the time that ends a measurement."""
TYPICAL = (1920, 1080)
"""Width and height where the source does not say its own."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "bench", run, DOC)
    parser.add_argument(
        "engines", metavar="NAME", nargs="*", help="an [[engine]], or a folder with engine.py; else all"
    )
    parser.add_argument("--source", metavar="CLIP|URL", help="a video, a folder of images, or the address of a source")
    parser.add_argument("--seconds", type=float, default=60, metavar="N", help="measure each engine so long (60)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the files go (bench-MACHINE)")
    parser.add_argument("--json", action="store_true", help="what was found, for a program")


def run(arguments: argparse.Namespace) -> int:
    """Measure: 0 everything was measured, 1 an engine could not be, or not to the end."""
    from bedside.bench import machine

    if not arguments.seconds > 0:
        raise SettingsError(f"--seconds {arguments.seconds:g}: expected a number above 0")
    here, url = Path.cwd(), full_source(arguments.source)
    arguments.out = (arguments.out or Path(f"bench-{machine.name()}")).absolute()
    settings, _ = settings_of(arguments)
    if not arguments.verbose:  # engines that start and stop are the everyday of this
        logging.getLogger("bedside").setLevel(logging.CRITICAL)
    engines = _engines(settings, arguments.engines, here)
    source = replace(settings.source, url=url or absolute_source(settings.source.url))
    refuse_unknown_source(replace(settings, source=source))
    make_folder(arguments.out)
    return _bench(arguments, engines, source)


def _bench(arguments: argparse.Namespace, engines: Sequence[EngineSettings], source: SourceSettings) -> int:
    """Measure the engines, then the machine, and write it all. Raises BedsideError when no engine could be measured."""
    from bedside.bench import machine
    from bedside.cli.steps import Steps

    found: dict[str, Outcome] = {}
    failed: dict[str, BedsideError] = {}
    with Steps(quiet=arguments.quiet) as steps:
        for engine in engines:
            try:
                found[engine.name] = _measured(arguments, engine, source, _Named(engine.name, steps))
            except BedsideError as error:  # the others' figures are worth having; the exit status says it
                if len(engines) == 1:
                    raise
                failed[engine.name] = error
        rows = _rows(arguments.seconds, found, steps) if found else []
    for name, reason in failed.items():
        print(f"bedside bench: {name}: {reason}", file=sys.stderr)
    if not found:
        raise EngineError("no engine could be measured")
    _write(arguments, {"machine": machine.describe(), "source": source.url, "figures": rows})
    return 1 if failed or any(outcome.stopped for outcome in found.values()) else 0


def _engines(settings: Settings, names: Sequence[str], here: Path) -> list[EngineSettings]:
    """Those that are named, each once; all without a name. Raises SettingsError when there is none."""
    found = [chosen(settings, name, here / name) for name in names] or list(settings.engines)
    if not found:
        raise SettingsError(
            "there is no [[engine]] in bedside.toml; expected one, or a model's folder: bedside bench path/to/model"
        )
    return list({engine.name: engine for engine in found}.values())


def _measured(arguments: argparse.Namespace, engine: EngineSettings, source: SourceSettings, bar: "Bar") -> "Outcome":
    """What a check of the engine finds; its logs lie in a folder of its name. Raises BedsideError when it cannot be."""
    from bedside.cli.check_job import checked, job

    end_as_by_ctrl_c()  # the check before this one has left the signals to the system
    with alone("bedside-bench-", source, [replace(engine, concurrency=1)]) as (its, file):
        build_needed(its.engines[0], quiet=arguments.quiet or arguments.json)
        out = arguments.out / engine.name
        make_folder(out)
        task = replace(job(its, file, out, FRAMES, arguments.seconds), is_drawn=False)
        outcome = checked(its, file, task, bar)
    if outcome.row is None:
        raise EngineError(f"{engine.name} answered nothing that could be measured; its logs are in {out}")
    return outcome


def _rows(seconds: float, found: Mapping[str, "Outcome"], steps: "Steps") -> list[dict[str, Any]]:
    """Figures of the engines, and of the machine that they ran on."""
    from bedside.bench.limits import NAMES, limits
    from bedside.bench.measure import beside, figures, limit_figures, rounds_of

    sources = [outcome.source for outcome in found.values() if outcome.source and outcome.source.width]
    size = (sources[0].width, sources[0].height) if sources else TYPICAL
    steps.begin("what the machine can do at best", 2 * len(NAMES), "parts")
    best = limits(*size, rounds_of(seconds), steps.advance)
    rows = [row for name, one in found.items() for row in (*figures(name, one), *beside(name, one, best))]
    day = datetime.fromtimestamp(clock.wall_ns() / clock.NS_PER_S, UTC).date().isoformat()
    return [row | {"day": day} for row in [*rows, *limit_figures(best, size)]]


def _write(arguments: argparse.Namespace, document: Mapping[str, Any]) -> None:
    """Both files, and what is said of them."""
    from bedside.bench import document as layout
    from bedside.bench.page import page

    text = layout.text(document)
    (arguments.out / "bench.json").write_text(text, encoding="utf-8")
    (arguments.out / "bench.html").write_text(page(json.loads(text)), encoding="utf-8")
    if arguments.json:
        print(text, end="")
        return
    for row in document["figures"]:
        print(f"{row['name']}: {row['value']}")
    print(f"Look at {arguments.out / 'bench.html'}")


class _Named:
    """The bar of one engine among several."""

    def __init__(self, name: str, steps: "Steps") -> None:
        self._name = name
        self._steps = steps

    def begin(self, step: str, total: int) -> None:
        """A step of `total` parts begins; 0 is unknown."""
        self._steps.begin(f"{self._name}: {step}", total)

    def advance(self) -> None:
        """One part of it is done."""
        self._steps.advance()
