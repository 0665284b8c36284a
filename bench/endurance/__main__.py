"""`scripts/endurance [--minutes 60] [--every 60] [--keep]`: break something each minute, and see that nothing stays."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bedside.session.rows import RowKind
from bench import machine, rig
from bench import report as docs
from bench.endurance import losses, report
from bench.endurance.faults import Fault, do, in_turn
from bench.endurance.samples import Sampler, flatness, ours
from bench.endurance.world import World, world
from bench.kept import RESULTS

PAGE = Path(__file__).parents[2] / "docs" / "topics" / "endurance.md"
PICTURE = PAGE.parents[1] / "pictures" / "endurance.svg"
SOURCE = "synthetic:?size=1280x720&fps=30"
SAMPLE_S = 10.0
LAST_S = 5.0
"""After the last fault, so that what it cost is on the disk."""


def main() -> int:
    """0 when all came back, each loss is explained, every file plays, and nothing was left behind."""
    parser = argparse.ArgumentParser(prog="scripts/endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long; 1440 is a day")
    parser.add_argument("--every", type=float, default=60, metavar="SECONDS", help="from one fault to the next")
    parser.add_argument("--source", default=SOURCE, help="a synthetic source, which takes the commands")
    parser.add_argument("--viewers", type=int, default=2, help="pages without a browser, beside Chromium's")
    parser.add_argument("--seed", type=int, default=1, help="of the faults' order")
    parser.add_argument("--keep", action="store_true", help="write bench/results and docs/topics/endurance.md")
    arguments = parser.parse_args()
    console = Console()
    before = ours()
    run, pids = endure(arguments, console, before)
    left = [f"/dev/shm/{name}" for name in sorted(ours() - before)]
    left += [f"process {pid}" for pid in pids if Path(f"/proc/{pid}").exists()]
    run = replace(run, left=left)
    console.print(report.markdown(run), highlight=False, markup=False)
    if arguments.keep:
        (RESULTS / f"endurance-{machine.name()}.json").write_text(report.as_json(run), encoding="utf-8")
        report.draw(run, PICTURE)
        docs.rewrite(PAGE, report.markdown(run), "endurance")
    return int(bool(left or run.unplayable or any(not fault.back_ns for fault in run.faults)))


def endure(arguments: argparse.Namespace, console: Console, before: frozenset[str]) -> tuple[report.Run, Sequence[int]]:
    """The run, and the processes that lived at its end."""
    with world(arguments.source, arguments.viewers) as its:
        start_ns, sampler = time.monotonic_ns(), Sampler(its, before)
        faults = _faults(its, sampler, arguments, console)
        its.rest(LAST_S)
        sampler.look()
        pids = list(its.processes())
        rig.stop(its.up.process)  # in order, so that the session's files are closed
        rows = losses.rows_of(its.session)
        run = report.Run(
            (time.monotonic_ns() - start_ns) / report.NS_PER_MIN,
            arguments.seed,
            datetime.now(UTC).date().isoformat(),
            start_ns,
            faults,
            sampler.processes,
            sampler.surroundings,
            flatness(sampler.processes),
            losses.explained(rows, faults),
            sum(row.kind is RowKind.FRAME for row in rows),
            losses.unplayable(its.session),
            [],
        )
    return run, pids


def _faults(its: World, sampler: Sampler, arguments: argparse.Namespace, console: Console) -> list[Fault]:
    """One after the other, with a look at everything each ten seconds in between."""
    faults: list[Fault] = []
    end_s = time.monotonic() + arguments.minutes * 60
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("waits for the first fault", total=arguments.minutes * 60)
        for kind in in_turn(arguments.seed):
            due_s = time.monotonic() + arguments.every
            while (left_s := min(due_s, end_s) - time.monotonic()) > 0:
                sampler.look()
                its.rest(min(SAMPLE_S, left_s))
                progress.update(bar, completed=arguments.minutes * 60 - (end_s - time.monotonic()))
            if time.monotonic() >= end_s:
                return faults
            progress.update(bar, description=kind)
            faults.append(do(its, kind))
            back = faults[-1].back_s
            said = "never" if back is None else f"after {back:.1f} s"
            progress.update(bar, description=f"{kind}: back {said}")
            console.print(f"{len(faults)}. {kind}: back {said}", highlight=False)
    return faults


if __name__ == "__main__":
    sys.exit(main())
