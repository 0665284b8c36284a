"""Questionnaires at the end of a session: written in TOML, checked, and scored. docs/howto/questionnaires.md."""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bedside.errors import SessionError
from bedside.session.names import ITEM, item_name

SHIPPED = Path(__file__).with_name("questionnaires")
SCALE = ("least", "most", "step", "least_text", "most_text")
"""What may stand once for all items, and again in an item that differs."""
ITEM_KEYS = {
    "name": "text",
    "text": "text",
    "least": "number",
    "most": "number",
    "step": "number",
    "least_text": "text",
    "most_text": "text",
    "is_reversed": "boolean",
}
KEYS = ("title", "intro", "source", "scoring", *SCALE)
MOST_ITEMS = 100
MOST_STEPS = 1000


@dataclass(frozen=True)
class Item:
    """One sentence or question, answered by a number from `least` to `most`."""

    name: str
    text: str
    least: float = 1
    most: float = 5
    step: float = 1
    least_text: str = ""
    """What the lowest number means."""
    most_text: str = ""
    is_reversed: bool = False
    """Agreeing with it counts against: it is scored from the other end."""

    def scored(self, answer: float) -> float:
        """The answer as it counts: seen from the other end where the item is reversed."""
        return self.least + self.most - answer if self.is_reversed else answer


@dataclass(frozen=True)
class Questionnaire:
    """What is asked, and how it is scored."""

    name: str
    title: str
    items: tuple[Item, ...]
    scoring: str = "mean"
    intro: str = ""
    source: str = ""
    """Where it comes from."""

    def checked(self, answers: Mapping[str, Any]) -> dict[str, float]:
        """The answers, one to each item. Raises SessionError for one that is missing, unknown or off the scale."""
        known = {item.name for item in self.items}
        for name in answers:
            if name not in known:
                raise SessionError(f"questionnaire {self.name} has no item {str(name)[:40]!r}")
        return {item.name: _checked(item, answers.get(item.name)) for item in self.items}

    def scores(self, answers: Mapping[str, float]) -> dict[str, float]:
        """The scores by name, of answers that were checked; none where it is not scored."""
        return SCORINGS[self.scoring](self, answers)

    def as_json(self) -> dict[str, Any]:
        """The definition, as a page reads it."""
        return asdict(self)


def _checked(item: Item, answer: object) -> float:
    wanted = f"expected a number from {item.least:g} to {item.most:g} in steps of {item.step:g}"
    if answer is None:
        raise SessionError(f"item {item.name} has no answer; {wanted}")
    if isinstance(answer, bool) or not isinstance(answer, int | float) or not item.least <= answer <= item.most:
        raise SessionError(f"the answer to item {item.name} is {str(answer)[:40]!r}; {wanted}")
    steps = (answer - item.least) / item.step
    if not math.isclose(steps, round(steps), abs_tol=1e-6):
        raise SessionError(f"the answer to item {item.name} is {answer:g}; {wanted}")
    return answer


def _mean(asked: Questionnaire, answers: Mapping[str, float]) -> dict[str, float]:
    values = [item.scored(answers[item.name]) for item in asked.items]
    return {"mean": round(sum(values) / len(values), 3)}


def _sus(asked: Questionnaire, answers: Mapping[str, float]) -> dict[str, float]:
    """0 to 100: each of ten answers counts 0 to 4, turned round in the reversed ones; the sum times 2.5.

    Brooke, "SUS: a 'quick and dirty' usability scale", 1996.
    """
    return {"sus": 2.5 * sum(item.scored(answers[item.name]) - item.least for item in asked.items)}


def _raw_tlx(asked: Questionnaire, answers: Mapping[str, float]) -> dict[str, float]:
    """0 to 100: the mean of the six scales, without weights.

    Hart and Staveland, "Development of NASA-TLX", 1988; without weights: Hart, "NASA-TLX; 20 years later", 2006.
    """
    return {"nasa-tlx": round(sum(item.scored(answers[item.name]) for item in asked.items) / len(asked.items), 3)}


SCORINGS: dict[str, Callable[[Questionnaire, Mapping[str, float]], dict[str, float]]] = {
    "mean": _mean,
    "sus": _sus,
    "nasa-tlx": _raw_tlx,
    "none": lambda asked, answers: {},
}


def load(place: str, folder: Path) -> Questionnaire:
    """The questionnaire that `place` names: one of those that are shipped, or a file, relative to `folder`.

    Raises SessionError when it cannot be used.
    """
    shipped = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    path = shipped.get(place) or folder / Path(place).expanduser()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SessionError(
            f"questionnaire {place!r} cannot be read ({error.strerror}); expected {', '.join(shipped)}, or a TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SessionError(f"questionnaire {path} is not TOML: {error}") from error
    return _questionnaire(item_name(path.stem), document)


def load_all(places: tuple[str, ...], folder: Path) -> dict[str, Questionnaire]:
    """All of them by name, in their order. Raises SessionError for one that cannot be used, or two of one name."""
    found: dict[str, Questionnaire] = {}
    for place in places:
        asked = load(place, folder)
        if asked.name in found:
            raise SessionError(f"two questionnaires are called {asked.name}; call one of their files otherwise")
        found[asked.name] = asked
    return found


def _questionnaire(name: str, document: dict[str, Any]) -> Questionnaire:
    where = f"questionnaire {name}"
    items = document.get("item", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise SessionError(f"{where}: an item is written as [[item]], with two brackets")
    if not 1 <= len(items) <= MOST_ITEMS:
        raise SessionError(f"{where} has {len(items)} items; expected 1 to {MOST_ITEMS}, each under [[item]]")
    shared = {key: document[key] for key in SCALE if key in document}
    own = {key: value for key, value in document.items() if key not in (*SCALE, "item")}
    asked = Questionnaire(
        name=name,
        title=str(own.pop("title", name)),
        items=tuple(_item(where, number, shared | item) for number, item in enumerate(items, 1)),
        scoring=str(own.pop("scoring", "mean")),
        intro=str(own.pop("intro", "")),
        source=str(own.pop("source", "")),
    )
    if own:
        raise SessionError(f"{where} has a key {next(iter(own))!r}; expected {', '.join(KEYS)} or [[item]]")
    if asked.scoring not in SCORINGS:
        raise SessionError(f"{where}: scoring is {asked.scoring!r}; expected {', '.join(SCORINGS)}")
    if len({item.name for item in asked.items}) < len(asked.items):
        raise SessionError(f"{where}: two items have one name")
    _refuse_unfit(where, asked)
    return asked


def _item(where: str, number: int, values: dict[str, Any]) -> Item:
    where = f"{where}, item {number}"
    for key, value in values.items():
        if key not in ITEM_KEYS:
            raise SessionError(f"{where} has a key {key!r}; expected {', '.join(ITEM_KEYS)}")
        kind = {"str": "text", "bool": "boolean"}.get(type(value).__name__, "number")
        if kind != ITEM_KEYS[key] or not isinstance(value, str | bool | int | float):
            raise SessionError(f"{where}: {key} is {value!r}; expected a {ITEM_KEYS[key]}")
    item = Item(**{"name": f"q{number}", "text": "", **values})
    if not ITEM.fullmatch(item.name):
        raise SessionError(f"{where}: name is {item.name!r}; expected letters, digits, - and _")
    if not item.text.strip():
        raise SessionError(f"{where} has no text")
    if not (item.least < item.most and item.step > 0 and (item.most - item.least) / item.step <= MOST_STEPS):
        raise SessionError(
            f"{where}: the scale goes from {item.least:g} to {item.most:g} in steps of {item.step:g}; "
            f"expected least below most, and at most {MOST_STEPS} steps"
        )
    return item


def _refuse_unfit(where: str, asked: Questionnaire) -> None:
    """A scoring with a name of its own means its own items: another number of them has another meaning."""
    scales = {(item.least, item.most) for item in asked.items}
    if asked.scoring == "sus" and not (len(asked.items) == 10 and scales == {(1, 5)}):
        raise SessionError(f'{where}: scoring = "sus" needs ten items from 1 to 5; take "mean" for others')
    if asked.scoring == "nasa-tlx" and not (len(asked.items) == 6 and scales == {(0, 100)}):
        raise SessionError(f'{where}: scoring = "nasa-tlx" needs six items from 0 to 100; take "mean" for others')
