"""`scripts/bench [SUITE ...] [--seconds N] [--keep]`: measure, show, and with --keep rewrite the docs' tables."""

import argparse
import sys
import traceback
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import kept, machine, report
from bench.figure import Figure, Lacks
from bench.suites import SUITES


def main() -> int:
    """Measure what was asked for, everything by default; 1 when a suite broke off."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], help=f"of {', '.join(SUITES)}; all by default")
    parser.add_argument("--seconds", type=float, default=20, help="how long each measurement lasts")
    parser.add_argument("--keep", action="store_true", help="write bench/results and the tables in README and docs")
    arguments = parser.parse_args()
    console, broken = Console(), []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        names: Sequence[str] = arguments.suites or list(SUITES)
        bar = progress.add_task("", total=len(names))
        for name in names:
            progress.update(bar, description=name)
            try:
                found = SUITES[name](arguments.seconds)
            except Lacks as what:
                console.print(f"{name}: left out, since this machine lacks {what}", highlight=False, markup=False)
            except Exception:  # the other suites' figures are worth having; the exit status says it
                console.print(f"{name}: broke off\n{traceback.format_exc()}", highlight=False, markup=False)
                broken.append(name)
            else:
                show(found, console)
                if arguments.keep:  # at once: a run of hours may be cut off
                    report.publish(kept.keep(name, found, list(SUITES)), machine.describe())
            progress.advance(bar)
    if not arguments.keep:
        console.print(f"on {machine.name()}; --keep writes these into the docs", highlight=False)
    return 1 if broken else 0


def show(found: Sequence[Figure], console: Console) -> None:
    """A line a figure."""
    for figure in found:
        console.print(f"{figure.name}: {figure.value} (asked {figure.asked})", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
