"""What the marks of a session say in numbers: what people said, and what became of the engines' processes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.messages import EngineState
from bedside.review.answered import Numbers, is_time, number

Marks = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class EngineLife:
    """What became of an engine's process."""

    gone: int
    """How often it failed or died."""
    restarts: int
    """How often it was well again after that."""
    gone_s: float
    """How long it was neither ready nor busy after it had failed or died, until the session's end."""


@dataclass(frozen=True)
class FeedbackNumbers:
    """What people said during the scan."""

    thumbs_up: int
    thumbs_down: int
    verdicts: int
    """Corrections of the verdict."""
    concepts: int
    """Corrections of a concept."""
    notes: int


@dataclass(frozen=True)
class Filled:
    """A questionnaire that was filled; of several with one name the last."""

    answers: Mapping[str, float]
    scores: Mapping[str, float]
    """As they were counted when it was filled. SUS: Brooke 1996, 0 to 100, more is better. NASA-TLX without weights:
    Hart and Staveland 1988, Hart 2006, 0 to 100, more is more load. Docs: howto/questionnaires.md."""
    times: int
    """How often it was filled."""


def lives(marks: Marks, end_ns: int) -> dict[str, EngineLife]:
    """Of each engine that the marks speak of; `end_ns` is the session's end."""
    found: dict[str, EngineLife] = {}
    gone_since: dict[str, int] = {}
    for mark in marks:
        engine, at_ns = mark.get("engine"), mark.get("monotonic_ns")
        if mark.get("mark") != "engine" or not isinstance(engine, str) or not is_time(at_ns):
            continue
        life = found.get(engine, EngineLife(0, 0, 0.0))
        if mark.get("state") in (EngineState.FAILED, EngineState.DEAD) and engine not in gone_since:
            gone_since[engine] = int(at_ns)
            life = EngineLife(life.gone + 1, life.restarts, life.gone_s)
        elif mark.get("state") in (EngineState.READY, EngineState.BUSY) and engine in gone_since:
            gone_s = max(0, int(at_ns) - gone_since.pop(engine)) / 1e9
            life = EngineLife(life.gone, life.restarts + 1, life.gone_s + gone_s)
        found[engine] = life
    for engine, since_ns in gone_since.items():
        life = found[engine]
        found[engine] = EngineLife(life.gone, life.restarts, life.gone_s + max(0, end_ns - since_ns) / 1e9)
    return found


def feedback(marks: Marks) -> FeedbackNumbers:
    """Counts of each kind."""
    given = [mark for mark in marks if mark.get("mark") == "feedback"]
    kinds = [str(mark.get("feedback")) for mark in given]
    thumbs = [mark.get("value") for mark in given if mark.get("feedback") == "thumb"]
    return FeedbackNumbers(
        thumbs.count("up"), thumbs.count("down"), kinds.count("verdict"), kinds.count("concept"), kinds.count("note")
    )


def questionnaires(marks: Marks) -> dict[str, Filled]:
    """By name, the last of each."""
    found: dict[str, Filled] = {}
    for mark in marks:
        name = mark.get("questionnaire")
        if mark.get("mark") != "questionnaire" or not isinstance(name, str):
            continue
        times = found[name].times + 1 if name in found else 1
        found[name] = Filled(_floats(mark.get("answers")), _floats(mark.get("scores")), times)
    return found


def _floats(values: object) -> dict[str, float]:
    if not isinstance(values, Mapping):
        return {}
    known = {str(name): number(value) for name, value in values.items()}
    return {name: value for name, value in known.items() if not np.isnan(value)}


def pages(marks: Marks) -> dict[str, int]:
    """How many were open, by view. A server that goes on with a session names its pages anew: each counts once."""
    found: dict[str, set[str]] = {}
    for mark in marks:
        if mark.get("mark") == "page" and mark.get("event") == "opened":
            found.setdefault(str(mark.get("view", "")), set()).add(str(mark.get("page")))
    return {view: len(opened) for view, opened in found.items()}


def shown_ages_ms(marks: Marks) -> Numbers:
    """How old the frame was whenever a page painted another verdict; NaN where that is not known."""
    return np.array([number(mark.get("age_ms")) for mark in marks if mark.get("mark") == "shown"], np.float64)


def results_lost(marks: Marks) -> int:
    """Of those that the server could not write."""
    counts = (mark.get("results_lost") for mark in marks if mark.get("mark") == "problem")
    return sum(max(0, count) for count in counts if is_time(count))
