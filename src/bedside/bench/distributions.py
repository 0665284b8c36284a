"""What of a figure's detail can be drawn: distributions and samples, wherever they stand in it.

A detail comes from a file that anybody may have written: what cannot be drawn is left out.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bedside.bench.spread import spread

UNITS = {"_per_s": "a second", "_per_minute": "a minute", "_ms": "ms", "_s": "s", "_mb": "MB", "fps": "a second"}
"""By how a name ends."""
STAGES = ("stages_ms", "way_ms")
"""Names of what holds stages, one after the other, of one way."""
WAYS, TRIALS, MULTIPLES = "ways", "trials", "multiples"
OF_CHECK = {"mean", "sd", "p50", "p99"}
"""What `bedside check` says of times, which are in milliseconds."""
MANY = 20
"""So many samples are drawn as a distribution; fewer as dots."""
MOST_ROWS = 40
DEEPEST = 6


@dataclass(frozen=True)
class Distribution:
    """One quantity, once measured."""

    p50: float
    p95: float | None = None
    p99: float | None = None
    largest: float | None = None
    n: int | None = None
    quantiles: tuple[float, ...] = ()
    """Evenly from the smallest to the largest; empty where only the above was kept."""
    samples: tuple[float, ...] = ()
    """Each of them, where they are few."""

    @property
    def least(self) -> float:
        """The smallest that is known of it."""
        return min((*self.quantiles[:1], *self.samples, self.p50))

    @property
    def most(self) -> float:
        """Nearly the largest: a few outliers must not press the rest together."""
        return max(*self.samples, self.p50, self.p95 or self.p50, self.p99 or self.p50)


@dataclass(frozen=True)
class Line:
    """What is drawn in one row of a plot: a quantity's name, and it in each round."""

    label: str
    rounds: tuple[Distribution, ...]


@dataclass(frozen=True)
class Plot:
    """Lines on one axis."""

    quantity: str
    unit: str
    lines: tuple[Line, ...]
    is_way: bool = False
    """Whether the lines are stages, one after the other, of one way."""

    @property
    def axis(self) -> str:
        """What stands below the axis."""
        return ", ".join(part for part in (self.quantity, self.unit) if part)


def plots(detail: Mapping[str, Any]) -> list[Plot]:
    """All that can be drawn: the stages of a way first, peers beside each other, then what has the same unit."""
    rest = {key: value for key, value in detail.items() if key not in (*STAGES, WAYS, TRIALS)}
    by_unit: dict[str, dict[tuple[str, ...], Distribution]] = {}
    for path, unit, one in _walk(rest, (), ""):
        by_unit.setdefault(unit, {})[path] = one
    named = {tuple(map(plain, path)) for unit, found in by_unit.items() if unit for path in found}
    found = _stages(detail) + _peers(detail)
    for unit, known in by_unit.items():
        paths = [path for path in known if unit or tuple(map(plain, path)) not in named][:MOST_ROWS]
        lines = [Line(label, (known[path],)) for path, label in zip(paths, _labels(paths), strict=True)]
        found += [Plot("", unit, tuple(lines))] if lines else []
    return found


def unit_of(name: str) -> str:
    """The unit that a name ends with; empty for none."""
    return next((unit for end, unit in UNITS.items() if f"_{name}".endswith(end)), "")


def plain(name: str) -> str:
    """A name for people, without its unit: `age of frame` of `age_of_frame_ms`."""
    end = next((end for end in UNITS if end.startswith("_") and name.endswith(end)), "")
    return name.removesuffix(end).replace("_", " ").strip() or name


def number(value: Any) -> float | None:
    """A finite number; None for all else."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_one and abs(value) < 1e12 else None


def distribution(value: Any) -> Distribution | None:
    """Of percentiles by name, or of a list of samples; None for all else."""
    if isinstance(value, Mapping):
        return _of_percentiles(value)
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) < 2:
        return None
    samples = [one for one in map(number, value) if one is not None]
    if len(samples) < len(value):
        return None
    known = spread(samples)
    is_few = known.n < MANY
    return Distribution(
        known.p50,
        None if is_few else known.p95,
        None if is_few else known.p99,
        known.largest,
        known.n,
        () if is_few else known.quantiles,
        tuple(samples) if is_few else (),
    )


def _of_percentiles(value: Mapping[str, Any]) -> Distribution | None:
    p50, p95, p99, largest = (number(value.get(key)) for key in ("p50", "p95", "p99", "largest"))
    if p50 is None:
        return None
    n = number(value.get("n"))
    if n == 1:
        return Distribution(p50, n=1, samples=(p50,))
    steps = value.get("quantiles")
    quantiles = [number(one) for one in steps] if isinstance(steps, Sequence) and not isinstance(steps, str) else []
    known = tuple(sorted(one for one in quantiles if one is not None))
    if len(known) < max(3, len(quantiles)) or math.isclose(known[0], known[-1]):
        known = ()
    return Distribution(p50, p95, p99, largest, None if n is None else int(n), known)


def _stages(detail: Mapping[str, Any]) -> list[Plot]:
    """What follows each other, in order."""
    stages = next((detail[name] for name in STAGES if name in detail), None)
    named = stages.items() if isinstance(stages, Mapping) else ()
    lines = [Line(str(name), (one,)) for name, value in named if (one := distribution(value))]
    return [Plot("", "ms", tuple(lines[:MOST_ROWS]), is_way=True)] if lines else []


def _peers(detail: Mapping[str, Any]) -> list[Plot]:
    """`trials`: by way, what each round has found; a plot for each quantity that all rounds have as a distribution."""
    trials, ways = detail.get(TRIALS), detail.get(WAYS)
    if not isinstance(trials, Mapping):
        return []
    names = list(ways) if isinstance(ways, Mapping) and len(ways) == len(trials) else list(trials)
    found: dict[str, list[Line]] = {}
    for name, rounds in zip(names, trials.values(), strict=True):
        each = [one for one in rounds if isinstance(one, Mapping)] if isinstance(rounds, Sequence) else []
        for key in each[0] if each else ():
            known = [distribution(one.get(key)) for one in each]
            if drawn := tuple(one for one in known if one is not None):
                found.setdefault(str(key), []).append(Line(str(name), drawn))
    return [Plot(plain(key), unit_of(key), tuple(lines)) for key, lines in found.items()]


def _walk(value: Any, path: tuple[str, ...], unit: str) -> Iterator[tuple[tuple[str, ...], str, Distribution]]:
    """Every distribution below `value`, and every list of numbers with a unit: the names on its way, unit, itself."""
    if path and (one := distribution(value)) is not None:
        if isinstance(value, Mapping):
            unit = unit or ("ms" if set(value) >= OF_CHECK else "")
        if unit or isinstance(value, Mapping):
            yield path, unit, one
    elif isinstance(value, Mapping) and len(path) < DEEPEST:
        for key, below in value.items():
            yield from _walk(below, (*path, str(key)), unit_of(str(key)) or unit)
    elif isinstance(value, list) and len(path) < DEEPEST:
        for place, below in enumerate(value):
            if isinstance(below, Mapping):
                yield from _walk(below, (*path, _name_of(below, place)), unit)


def _name_of(row: Mapping[str, Any], place: int) -> str:
    """What a row of a list is called: by its first value."""
    key, value = next(iter(row.items()), ("", None))
    return f"{plain(str(key))} {value}" if isinstance(value, int | float | str) else str(place + 1)


def _labels(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """What tells them apart: names that all of them have, or that say a unit only, are left out."""
    found = []
    for path in paths:
        told = [name for place, name in enumerate(path) if len({other[place : place + 1] for other in paths}) > 1]
        found.append(", ".join(map(plain, told or path[-1:])) if path != ("ms",) else "time")
    return found
