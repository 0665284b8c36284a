"""A replay on the terminal: how far it is, how fast, and what came of it. Progress goes to stderr."""

import sys
from pathlib import Path
from typing import Any


class Bar:
    """A bar with speed and time left where a person looks, a line elsewhere."""

    def __init__(self, what: str, total: int, *, quiet: bool, unit: str = "frames") -> None:
        self._bars: Any = None
        self._what, self._total, self._quiet, self._unit = what, total, quiet, unit

    def __enter__(self) -> "Bar":
        if sys.stderr.isatty() and not self._quiet:
            self._bars = _bars(self._unit)
            self._bars.start()
            self._task = self._bars.add_task(self._what, total=self._total)
        elif not self._quiet:
            print(f"{self._what}: {self._total} {self._unit}", file=sys.stderr, flush=True)
        return self

    def __exit__(self, *trouble: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def advance(self) -> None:
        """One more is done."""
        if self._bars is not None:
            self._bars.advance(self._task)


def sentences(about: dict[str, Any], file: Path) -> list[str]:
    """What came of a replay, for a person."""
    seconds = max(about["seconds"], 1e-6)
    length_s = about["to_s"] - about["from_s"]
    said = [
        f"{about['results']} results to {about['frames']} frames in {seconds:.1f} s: "
        f"{about['results'] / seconds:.1f} a second, {length_s / seconds:.1f} times as fast as the scan"
    ]
    kinds = {
        "errors": "results that are errors (`error` in their lines says why)",
        "not_asked": "frames that were not asked about (not the engine's turn, its window not full, or it was busy)",
        "missing": "frames that have a row and are not in the video",
        "late": "frames that could not be decoded in time",
        "restarts": "starts anew of an engine",
    }
    said += [f"{text}: {about[kind]}" for kind, text in kinds.items() if about[kind]]
    if not about["is_exact"]:
        said.append(
            f"the pixels went through {', '.join(about['codecs']) or 'a codec'}: near answers may differ a little"
        )
    if about["engines_changed"]:
        said.append("an engine's files were changed meanwhile: not all answers are of one model")
    said += [f"{', '.join(about['logs'])}: what the engine printed"] if about["logs"] else []
    return [
        *said,
        f"in {file}",
        f"`bedside compare {about['session']} {file.stem.removeprefix('results-')}` compares it",
    ]


def _bars(unit: str) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )

    class Speed(ProgressColumn):
        """So many a second."""

        def render(self, task: "Task") -> Any:
            from rich.text import Text

            return Text(f"{task.speed:.1f} {unit}/s" if task.speed else "")

    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(24), MofNCompleteColumn(), Speed(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
