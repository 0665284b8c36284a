"""What of a figure's detail stands in a table: rows of plain values, and ways beside each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bedside.bench.distributions import MULTIPLES, STAGES, TRIALS, WAYS, number, plain, unit_of

MOST_ROWS = 200
MOST_COLUMNS = 16


@dataclass(frozen=True)
class Table:
    """Texts; the first of each row is its name."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def is_wide(self) -> bool:
        """Whether it needs the whole width of a page."""
        return len(self.heads) > 5


def tables(detail: Mapping[str, Any]) -> list[Table]:
    """Of every list of rows and every row by name that holds plain values; what is drawn is left out."""
    known = {key: value for key, value in detail.items() if key not in (*STAGES, WAYS, TRIALS, MULTIPLES)}
    found = [_listed(rows) if isinstance(rows, list) else _named(rows) for rows in known.values()]
    return [table for table in [*found, _named(known)] if table is not None]


def of_ways(figures: Iterable[Mapping[str, Any]]) -> Table | None:
    """Figures below each other, a column for each way; None where none compares ways."""
    rows = [(str(row.get("name", "")), row["detail"][WAYS]) for row in figures if has_ways(row)]
    ways = max((list(values) for _, values in rows), key=len, default=[])
    if not ways:
        return None
    first = {name.partition(": ")[0] + ": " for name, _ in rows}
    about = first.pop() if len(first) == 1 else ""
    lines = [(name.removeprefix(about), *(str(values.get(way, "–")) for way in ways)) for name, values in rows]
    return Table(("", *map(str, ways)), tuple(lines[:MOST_ROWS]))


def has_ways(row: Mapping[str, Any]) -> bool:
    """Whether a figure compares ways."""
    detail = row.get("detail")
    return isinstance(detail, Mapping) and isinstance(detail.get(WAYS), Mapping) and bool(detail[WAYS])


def text(value: Any) -> str:
    """A value for people: three digits of what is no whole number."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e9 else f"{value:.3g}"


def _listed(rows: Sequence[Any]) -> Table | None:
    """Of a list of rows: the first value of each is its name."""
    found = [_plain(row) for row in rows if isinstance(row, Mapping)]
    columns = _columns(found)
    return _table(columns[0], [(text(row.get(columns[0], "")), row) for row in found], columns[1:]) if columns else None


def _named(rows: Any) -> Table | None:
    """Of rows by name; percentiles are none."""
    every = rows.items() if isinstance(rows, Mapping) else ()
    found = [(_head(str(name)), _plain(row)) for name, row in every if isinstance(row, Mapping) and "p50" not in row]
    return _table("", [(name, row) for name, row in found if row], _columns([row for _, row in found]))


def _columns(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))[:MOST_COLUMNS]


def _table(first: str, rows: Sequence[tuple[str, Mapping[str, Any]]], columns: Sequence[str]) -> Table | None:
    """None where there is nothing in it."""
    if not rows or not columns:
        return None
    lines = [(name, *(text(row.get(key, "")) for key in columns)) for name, row in rows]
    return Table((_head(first), *map(_head, columns)), tuple(lines[:MOST_ROWS]))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items() if isinstance(value, str) or number(value) is not None}


def _head(name: str) -> str:
    unit = unit_of(name)
    said = plain(name)
    return f"{said}, {unit}" if unit and said != name else said
