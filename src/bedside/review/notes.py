"""What was said of a session afterwards: ticks for the report, corrections, rejections and comments.

Each is a line of `review.jsonl` and stands beside what the engine said, never over it. The last about a thing counts.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bedside.errors import SessionError
from bedside.session.names import ITEM

TEXT_MOST = 2000
ITEM_KINDS = ("snapshots", "best")
LEVELS = ("good", "near", "poor", "none")
Note = Mapping[str, Any]
Key = tuple[int, int, str, str]
"""Which result: `seq`, `captured_ns`, engine, and the replay's name or nothing."""


class Notes:
    """All notes of a session, and what they come to."""

    def __init__(self, notes: Iterable[Note]) -> None:
        """Of lines of `review.jsonl`, oldest first; what is no note is passed over."""
        self.ticked: set[str] = set()
        """Items for the report, such as `snapshots/4711_pcbm`."""
        self._edits: dict[Key, dict[tuple[str, str], Note]] = {}
        self._rejected: set[Key] = set()
        self._comments: dict[tuple[Any, ...], Note] = {}
        for note in notes:
            try:
                self._take(check(note))
            except SessionError:
                continue  # of a newer version, or damaged

    @property
    def comments(self) -> list[Note]:
        """The comments that count, in the order in which their things were first spoken of."""
        return list(self._comments.values())

    def comment_on(self, item: str) -> str:
        """What was said of an item; empty where nothing was."""
        return str(self._comments.get((item,), {}).get("text", ""))

    def edits(self, seq: int, captured_ns: int, engine: str, replay: str = "") -> list[Note]:
        """The corrections of one result: one of its verdict, and one of each concept."""
        return list(self._edits.get((seq, captured_ns, engine, replay), {}).values())

    def is_rejected(self, seq: int, captured_ns: int, engine: str, replay: str = "") -> bool:
        """Whether a person said that this result is not to be used."""
        return (seq, captured_ns, engine, replay) in self._rejected

    def _take(self, note: dict[str, Any]) -> None:
        match note["note"]:
            case "tick":
                (self.ticked.add if note["ticked"] else self.ticked.discard)(note["item"])
            case "reject":
                (self._rejected.add if note["rejected"] else self._rejected.discard)(_key(note))
            case "edit":
                edits = self._edits.setdefault(_key(note), {})
                place = (note["field"], note.get("name", ""))
                edits.pop(place, None)
                if note["value"] is not None:
                    edits[place] = note
            case "comment":
                about = (note["item"],) if "item" in note else (note.get("seq"), note.get("captured_ns"))
                self._comments.pop(about, None)
                if note["text"]:
                    self._comments[about] = note


def check(note: object) -> dict[str, Any]:
    """The note, with nothing in it but what belongs there. Raises SessionError with what is wrong.

    `wall_ns` is kept where it is whole; who writes a note sets it anew. An edit with the value None takes back the one
    before, and so does a comment without text.
    """
    if not isinstance(note, Mapping):
        raise SessionError(f"a note is {_shown(note)}; expected an object such as {{'note': 'tick', ...}}")
    kind = note.get("note")
    if not isinstance(kind, str) or kind not in KINDS:
        raise SessionError(f"note is {_shown(kind)}; expected {', '.join(KINDS)}")
    fields, optional = KINDS[kind]
    if unknown := [name for name in note if name not in {*fields, *optional, "note", "wall_ns"}]:
        raise SessionError(f"{_a(kind)} has no {_shown(unknown[0])}; it has {', '.join([*fields, *optional])}")
    if missing := [name for name in fields if name not in note]:
        raise SessionError(f"{_a(kind)} needs {missing[0]}; it has {', '.join([*fields, *optional])}")
    checked = {"note": kind} | {name: _checked(kind, name, note[name]) for name in (*fields, *optional) if name in note}
    if kind == "edit" and (checked["field"] == "concept") != ("name" in checked):
        raise SessionError("an edit of a concept needs its name, and one of the verdict has none")
    if ("seq" in checked) != ("captured_ns" in checked):
        raise SessionError("seq and captured_ns name a frame together; expected both or neither")
    if isinstance(wall_ns := note.get("wall_ns"), int):
        checked["wall_ns"] = wall_ns
    return checked


def _checked(kind: str, name: str, value: object) -> Any:
    is_fit, expected = FIELDS[name]
    if not is_fit(value):
        raise SessionError(f"the {name} of {_a(kind)} is {_shown(value)}; expected {expected}")
    return value


def _a(kind: str) -> str:
    return f"an {kind}" if kind == "edit" else f"a {kind}"


def _key(note: Note) -> Key:
    return int(note["seq"]), int(note["captured_ns"]), str(note["engine"]), str(note.get("replay", ""))


def _shown(value: object) -> str:
    return repr(value)[:60]


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_MOST


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_MOST


def _is_item(value: object) -> bool:
    kind, _, name = value.partition("/") if isinstance(value, str) else ("", "", "")
    return kind in ITEM_KINDS and bool(ITEM.fullmatch(name))


def _is_replay(value: object) -> bool:
    return isinstance(value, str) and (not value or bool(ITEM.fullmatch(value)))


def _is_value(value: object) -> bool:
    if isinstance(value, Mapping):
        is_known = bool(value) and set(value) <= {"label", "level", "text"} and all(map(_is_text, value.values()))
        return is_known and value.get("level", "none") in (*LEVELS, "")
    is_number = isinstance(value, int | float) and abs(value) < 2**53 and math.isfinite(value)
    return value is None or _is_text(value) or is_number


Fit = Callable[[object], bool]
FIELDS: dict[str, tuple[Fit, str]] = {
    "item": (_is_item, "snapshots/NAME or best/NAME"),
    "ticked": (lambda value: isinstance(value, bool), "true or false"),
    "rejected": (lambda value: isinstance(value, bool), "true or false"),
    "seq": (_is_number, "the frame's number"),
    "captured_ns": (_is_number, "the frame's monotonic time of capture in nanoseconds"),
    "engine": (_is_name, "an engine's name"),
    "replay": (_is_replay, "a replay's name"),
    "field": (lambda value: value in ("verdict", "concept"), "verdict or concept"),
    "name": (_is_name, "the concept's name"),
    "value": (_is_value, "a text, a number, true, false, {'label': ...}, or null to take an edit back"),
    "text": (_is_text, f"at most {TEXT_MOST} characters"),
}
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tick": (("item", "ticked"), ()),
    "edit": (("seq", "captured_ns", "engine", "field", "value"), ("name", "replay")),
    "reject": (("seq", "captured_ns", "engine", "rejected"), ("replay",)),
    "comment": (("text",), ("item", "seq", "captured_ns")),
}
"""What each kind of note needs and may have."""
