"""What one side of a comparison said about each frame: the scan, one of its engines, or a replay."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.replay.kept import PART, about_of
from bedside.session.names import ITEM
from bedside.session.recorded import Recorded
from bedside.session.results import Results

OF_ENGINE = "engine:"
Key = tuple[int, int]
"""`captured_ns` and `seq` of a frame: who it is, and in this order when it was."""
NO_LABEL = "(none)"
ERROR = "(error)"


@dataclass(frozen=True, slots=True)
class Said:
    """One result."""

    line: int
    """Its place in the file."""
    label: str
    """Of its verdict; NO_LABEL without one, ERROR where there is no answer."""
    level: str
    score: float | None
    concepts: Mapping[str, bool | None]
    """Present, missing or unknown, by name."""
    model_ms: float | None
    has_mask: bool
    error: str = ""


@dataclass
class Side:
    """All results of one engine, by frame."""

    name: str
    engine: str
    results: Results
    said: dict[Key, Said] = field(default_factory=dict)
    warning: str = ""
    """What one should know of it, such as that it was broken off."""

    def line(self, key: Key) -> dict[str, Any]:
        """A result as it lies in the file."""
        return self.results.lines[self.said[key].line]

    def masks(self, key: Key) -> dict[str, NDArray[np.bool_]]:
        """By label, which pixels of the mask have it; the background is left out. Empty without a mask."""
        line = self.line(key)
        mask = self.results.mask(line)
        if mask is None:
            return {}
        answer = line.get("answer")
        labels = answer.get("labels") if isinstance(answer, Mapping) else None
        labels = labels if isinstance(labels, list) else []
        found: dict[str, NDArray[np.bool_]] = {}
        for value in filter(None, np.unique(mask).tolist()):
            label = str(labels[value]) if value < len(labels) else f"label {value}"
            area = mask == value
            found[label] = found[label] | area if label in found else area
        return found


def side(recorded: Recorded, text: str, told: Callable[[], None] = lambda: None) -> Side:
    """What is meant by NAME (a replay, else an engine of the scan), `engine:NAME`, or nothing: the scan's only engine.

    `told` is called after each line. Raises SessionError when there is no such thing.
    """
    engine = text.removeprefix(OF_ENGINE)
    is_replay = not text.startswith(OF_ENGINE) and bool(text) and _has_replay(recorded, text)
    results = Results(recorded.paths, text) if is_replay else recorded.results
    found: dict[str, dict[Key, Said]] = {}
    for number, line in enumerate(results.lines):
        if (key := _key(line)) is not None:
            found.setdefault(str(line.get("engine", "")), {})[key] = _said(number, line)
        told()
    if is_replay:
        name, mine = next(iter(found.items()), ("", {}))
        return Side(text, name, results, dict(sorted(mine.items())), _warning(recorded, text))
    if not engine and len(found) == 1:
        (engine,) = found
    if engine not in found:
        raise SessionError(_missing(recorded, text, sorted(found)))
    return Side(f"{OF_ENGINE}{engine}", engine, results, dict(sorted(found[engine].items())))


def _has_replay(recorded: Recorded, name: str) -> bool:
    return bool(ITEM.fullmatch(name.removesuffix(PART))) and recorded.paths.results(name).is_file()


def _warning(recorded: Recorded, name: str) -> str:
    about = about_of(recorded.paths, name)
    if name.endswith(PART):
        return f"{name} was broken off: it has only the frames that it came to"
    if about and not about.get("is_exact"):
        codecs = ", ".join(map(str, about.get("codecs", []))) or "a codec"
        return f"the pixels of {name} went through {codecs}: where answers are near, they may differ by that alone"
    return ""


def _missing(recorded: Recorded, text: str, engines: list[str]) -> str:
    there = f"of the scan {', '.join(engines) or 'none'}; replays {', '.join(recorded.replays) or 'none'}"
    if not text:
        kind = "several engines: name one of them, as A" if engines else "no results of its own: name two replays"
        return f"session {recorded.name} has {kind} ({there})"
    return f"session {recorded.name} has no results called {text!r}; engines {there}"


def _key(line: Mapping[str, Any]) -> Key | None:
    captured_ns, seq = line.get("captured_ns"), line.get("seq")
    return (captured_ns, seq) if isinstance(captured_ns, int) and isinstance(seq, int) else None


def _said(number: int, line: Mapping[str, Any]) -> Said:
    error, label, level = str(line.get("error") or ""), line.get("label"), line.get("level")
    answer = line.get("answer")
    concepts = answer.get("concepts") if isinstance(answer, Mapping) else None
    return Said(
        number,
        ERROR if error else label if isinstance(label, str) else NO_LABEL,
        level if isinstance(level, str) else "none",
        _number(line.get("score")),
        {str(one["name"]): one.get("ok") for one in concepts if isinstance(one, Mapping) and "name" in one}
        if isinstance(concepts, list)
        else {},
        _number(line.get("model_ms")),
        isinstance(line.get("mask"), Mapping),
        error,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
