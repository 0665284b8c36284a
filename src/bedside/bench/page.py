"""A page of plots: what a file of figures holds, as distributions, with nothing to load and no script."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bedside import __version__
from bedside.bench.distributions import MULTIPLES, WAYS, Plot, number, plots
from bedside.bench.strips import beside, strips
from bedside.bench.tables import Table, has_ways, of_ways, tables

FIRST_FACTS = ("processor", "memory", "accelerator", "system", "python", "bedside")
MOST_FIGURES = 400
MOST_PLOTS = 6
NOT_ASKED = ("", "-")


@dataclass(frozen=True)
class Card:
    """One figure with what there is to see of it."""

    name: str
    value: str
    asked: str
    plots: tuple[tuple[Markup, str], ...]
    """Each with the line that says what it is."""
    tables: tuple[Table, ...]
    how: str
    notes: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but its value."""
        return not (self.plots or self.tables or self.notes or self.how)

    @property
    def is_broad(self) -> bool:
        """Whether it needs the whole width of a page."""
        return any(table.is_wide for table in self.tables)


@dataclass(frozen=True)
class Suite:
    """Figures that were found together."""

    id: str
    title: str
    cards: tuple[Card, ...]
    plain: tuple[Card, ...]
    """Those with nothing to draw, where they are several: they share a table."""
    ways: Table | None

    @property
    def width(self) -> int:
        """How many columns of a wide page it needs; 0 is all of them."""
        if self.plain or self.ways or len(self.cards) > 2 or any(card.is_broad for card in self.cards):
            return 0
        return len(self.cards)


def page(document: Mapping[str, Any]) -> str:
    """The whole page of `document`: `machine`, by name, and `figures`, each with name, value, asked and detail.

    It may come from a file of others: what is odd in it is left out.
    """
    machine = document.get("machine")
    facts = {str(name): str(text) for name, text in machine.items()} if isinstance(machine, Mapping) else {}
    listed = document.get("figures")
    rows = [row for row in listed if isinstance(row, Mapping)] if isinstance(listed, Sequence) else []
    days = sorted({str(row["day"]) for row in rows if row.get("day")})
    suites = _suites(rows[:MOST_FIGURES])
    return (
        _environment()
        .get_template("bench.html")
        .render(
            processor=facts.get("processor", "a machine that is not named"),
            facts=[(name, facts[name]) for name in FIRST_FACTS if name in facts],
            others=[(name, text) for name, text in facts.items() if name not in FIRST_FACTS],
            days=" to ".join(dict.fromkeys((days[0], days[-1]))) if days else "",
            source=str(document.get("source", "")),
            suites=suites,
            counted=min(len(rows), MOST_FIGURES),
            version=__version__,
        )
    )


def _environment() -> Environment:
    return Environment(
        autoescape=True, loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True
    )


def _suites(rows: Sequence[Mapping[str, Any]]) -> list[Suite]:
    """By suite, in the order in which they come; the same numbers are drawn once only."""
    named: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        named.setdefault(str(row.get("suite") or "figures"), []).append(row)
    known: set[Plot] = set()
    names = _names()
    found = []
    for place, (name, its) in enumerate(named.items()):
        made = [_card(row, known, names) for row in its]
        cards = [card for row, card in zip(its, made, strict=True) if card.plots or not has_ways(row)]
        plain = [card for card in cards if card.is_plain]
        plain = plain if len(plain) > 1 else []
        cards = [card for card in cards if card not in plain]
        found.append(Suite(f"suite-{place}", name, tuple(cards), tuple(plain), of_ways(its)))
    return found


def _names() -> Callable[[], str]:
    """Names of plots, each once."""
    counted: Iterator[int] = iter(range(MOST_FIGURES * MOST_PLOTS * 2))
    return lambda: f"plot-{next(counted)}"


def _card(row: Mapping[str, Any], known: set[Plot], names: Callable[[], str]) -> Card:
    given = row.get("detail")
    detail = given if isinstance(given, Mapping) else {}
    new = [plot for plot in plots(detail)[:MOST_PLOTS] if plot not in known]
    known.update(new)
    drawn = [(Markup(strips(plot, names())), _caption(plot)) for plot in new]
    if stages := _multiples(detail):
        caption = "Upper bar: the stage; lower bar: the least that this machine could take for it."
        drawn.append((Markup(beside(stages, names())), caption))
    asked = str(row.get("asked", "")).replace("<=", "≤").replace(">=", "≥")
    notes = detail.get("notes")
    return Card(
        name=str(row.get("name", "")).removeprefix(f"{row.get('suite')}: "),
        value="" if WAYS in detail else str(row.get("value", "")),
        asked="" if asked in NOT_ASKED else asked,
        plots=tuple(drawn),
        tables=tuple(tables(detail)),
        how=str(row.get("how", "")),
        notes=tuple(map(str, notes)) if isinstance(notes, list) else (),
    )


def _multiples(detail: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    rows = detail.get(MULTIPLES)
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, Mapping):
            ours_ms, least_ms = number(row.get("ours_ms")), number(row.get("least_ms"))
            if ours_ms is not None and least_ms is not None:
                found.append((str(row.get("stage", "")), ours_ms, least_ms))
    return found


def _caption(plot: Plot) -> str:
    """What a plot shows, in a line."""
    every = [one for line in plot.lines for one in line.rounds]
    counts = sorted({one.n for one in every if one.n})
    said = []
    if plot.is_way:
        said.append("Stages of one way, one after the other.")
    if max(len(line.rounds) for line in plot.lines) > 1:
        said.append("One curve a round; the numbers are the middle of the rounds.")
    if counts:
        said.append(f"{_span(counts)} samples{' each' if len(every) > 1 else ''}.")
    if any(one.samples for one in every):
        said.append("Each dot is one sample.")
    if any(not one.quantiles and not one.samples for one in every):
        said.append("Of the distribution only percentiles were kept.")
    return " ".join(said)


def _span(counts: Sequence[int]) -> str:
    return " to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1])))
