"""What a check has found, on stdout."""

from pathlib import Path

from bedside.check.report import HEADS, MEANING, About, is_good, notes, rows, verdict
from bedside.check.run import Outcome


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
