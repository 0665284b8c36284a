"""`scripts/bench [SUITE ...] [--seconds N] [--keep]`: measure, show, and with --keep rewrite the docs' tables."""

import argparse

from rich.console import Console
from rich.progress import track

from bench import machine, report
from bench.figure import Lacks
from bench.suites import SUITES


def main() -> None:
    """Measure what was asked for, everything by default."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], help=f"of {', '.join(SUITES)}; all by default")
    parser.add_argument("--seconds", type=float, default=20, help="how long each measurement lasts")
    parser.add_argument("--keep", action="store_true", help="write bench/results and the tables in README and docs")
    arguments = parser.parse_args()
    console = Console()
    figures = []
    for name in track(arguments.suites or list(SUITES), description="measuring", console=console):
        try:
            found = SUITES[name](arguments.seconds)
        except Lacks as what:
            console.print(f"{name}: left out, since this machine lacks {what}", highlight=False)
            continue
        for figure in found:
            console.print(f"{figure.name}: [bold]{figure.value}[/bold] (asked {figure.asked})", highlight=False)
        figures += found
    if arguments.keep:
        console.print(report.keep(figures), highlight=False, markup=False)
    else:
        console.print(f"on {machine.name()}; --keep writes these into the docs")


if __name__ == "__main__":
    main()
