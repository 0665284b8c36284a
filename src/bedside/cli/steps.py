"""How far a long work is, on stderr: a bar where a person looks, a line for each step elsewhere."""

import sys
from contextlib import ExitStack
from typing import Any


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


def _bars() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), text, BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
