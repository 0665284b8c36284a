"""Shows on the terminal how far something is that takes long."""

import sys
from contextlib import ExitStack
from typing import Any

from bedside.engine.build import Progress, Say


class Shown:
    """How far something is: a bar where a person looks, a line for each step elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bars: Any = None
        self._stack = ExitStack()

    def __enter__(self) -> "Shown":
        if sys.stdout.isatty() and not self._quiet:
            self._bars = self._stack.enter_context(_bars())
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stack.close()

    def line(self, text: str) -> None:
        """A line that stays."""
        if self._bars is not None:
            self._bars.console.print(text, markup=False, highlight=False)
        elif not self._quiet:
            print(text, flush=True)

    def of(self, name: str) -> Say:
        """Shows the progress of what is built for the engine `name`."""
        if self._bars is None:
            return self._lines(name)
        task = self._bars.add_task(name, total=None, step="", amount="")

        def say(progress: Progress) -> None:
            self._bars.update(
                task,
                step=progress.step,
                amount=_amount(progress),
                completed=progress.done,
                total=progress.total or None,
            )

        return say

    def _lines(self, name: str) -> Say:
        last = ""

        def say(progress: Progress) -> None:
            nonlocal last
            if progress.step != last:
                last = progress.step
                count = f", packages: {progress.total}" if progress.unit == "packages" else ""
                self.line(f"{name}: {progress.step}{count}")

        return say


def _bars() -> Any:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    step = TextColumn("{task.fields[step]}", markup=False)
    amount = TextColumn("{task.fields[amount]}", markup=False)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        step,
        BarColumn(20),
        amount,
        TimeElapsedColumn(),
        transient=True,
    )


def _amount(progress: Progress) -> str:
    if not progress.total:
        return ""
    if progress.unit == "bytes":
        return f"{progress.done / 1e6:.1f} of {progress.total / 1e6:.1f} MB"
    return f"{progress.done} of {progress.total} {progress.unit}"
