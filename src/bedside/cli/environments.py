"""All environments of this user: which there are, and which may go."""

from collections.abc import Iterable

from bedside.engine.build import Buildable
from bedside.engine.kept import Kept, kept
from bedside.engine.venv import Venv, environments


def show(needed: Iterable[Buildable | None]) -> int:
    """Print them as a table."""
    from rich.console import Console
    from rich.table import Table

    here = _folders(needed)
    found = kept()
    table = Table("environment", "made for", "Python", "size", "used last", "", box=None, pad_edge=False)
    for one in found:
        note = "needed here" if one.folder in here else "" if one.is_complete else "not complete"
        table.add_row(one.folder.name, one.engine, one.python, _size(one.size_bytes), one.used, note)
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(f"{len(found)} in {environments()}, {_size(sum(one.size_bytes for one in found))}")
    return 0


def prune(needed: Iterable[Buildable | None], days: float) -> int:
    """Remove those that are not needed here, not in use, and were not used for so many days."""
    here = _folders(needed)
    gone: list[Kept] = []
    for one in kept():
        is_old = one.age_days >= days or not one.is_complete
        if one.folder not in here and is_old and one.remove():
            gone.append(one)
            print(f"removed {one.folder.name}, made for {one.engine or 'nobody'}, {_size(one.size_bytes)}")
    print(f"{len(gone)} removed, {_size(sum(one.size_bytes for one in gone))}")
    return 0


def _folders(needed: Iterable[Buildable | None]) -> set[object]:
    return {one.folder for one in needed if isinstance(one, Venv)}


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"
