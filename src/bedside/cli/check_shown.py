"""A check on the terminal: how far it is, and what it has found. Progress goes to stderr, findings to stdout."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bedside.check.report import HEADS, MEANING, About, is_good, notes, rows, verdict
from bedside.check.run import Outcome


class Steps:
    """A bar where a person looks, a line for each step elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bars: Any = None
        self._step: Any = None
        self._stack = ExitStack()

    def __enter__(self) -> "Steps":
        if sys.stderr.isatty() and not self._quiet:
            self._bars = self._stack.enter_context(_bars())
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stack.close()

    def begin(self, step: str, total: int, unit: str = "frames") -> None:
        """A step of `total` parts begins; 0 is unknown."""
        if self._bars is not None:
            if self._step is not None:
                self._bars.remove_task(self._step)
            self._step = self._bars.add_task(step, total=total or None)
        elif not self._quiet:
            count = f", {unit}: {total}" if total else ""
            print(f"{step}{count}", file=sys.stderr, flush=True)

    def advance(self) -> None:
        """One part of it is done."""
        if self._step is not None:
            self._bars.advance(self._step)


def show(outcome: Outcome, about: About) -> None:
    """Print the table and the sentences."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, soft_wrap=True)
    if table_rows := rows(outcome):
        table = Table(
            *HEADS, box=box.SIMPLE_HEAD, title=f"{about.engine}, {outcome.row.frames if outcome.row else 0} frames"
        )
        for column in table.columns[1:]:
            column.justify = "right"
        for row in table_rows:
            table.add_row(*row)
        console.print(table)
        for name, *_ in table_rows:
            console.print(f"{name}: {MEANING[name]}")
    console.print(f"\non {about.machine}")
    for note in notes(outcome):
        console.print(note)
    console.print(f"\n{verdict(outcome)}")
    for finding in outcome.findings.all:
        console.print(f"  {finding.text}")
    console.print("Look at " + ", ".join(_short(path) for path in outcome.files))
    if is_good(outcome):
        console.print("`bedside up` shows it live, when it is an [[engine]] of bedside.toml.")


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _bars() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), text, BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
