"""What people said of the engines' answers: feedback during the scan, and edits in the review, which came later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bedside.export.shots import tables, whole
from bedside.review.notes import Notes
from bedside.session.recorded import Recorded

YES = ("visible", "present", "yes", "true")
NO = ("not visible", "missing", "absent", "no", "false")
Key = tuple[int, int, str]
"""`seq`, `captured_ns` and engine."""


@dataclass
class Said:
    """What people said of one answer."""

    verdict: dict[str, Any] = field(default_factory=dict)
    """`label` and `level`, where somebody said another one."""
    concepts: dict[str, Any] = field(default_factory=dict)
    """By name, as it was said: true, false, a text such as `not visible`, or a number."""
    thumb: str = ""
    notes: list[str] = field(default_factory=list)
    is_rejected: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """As JSON, without what nobody said."""
        told = {"verdict": self.verdict, "concepts": self.concepts, "thumb": self.thumb, "notes": self.notes}
        return {name: value for name, value in {**told, "rejected": self.is_rejected}.items() if value}


class Sayings:
    """Of one session: of the scan's answers, or of a replay's."""

    def __init__(self, recorded: Recorded, replay: str = "") -> None:
        """Raises SessionError for files that cannot be read."""
        self._notes, self._replay = Notes(recorded.notes()), replay
        self._feedback: dict[Key, list[Mapping[str, Any]]] = {}
        for mark in recorded.marks:
            if mark.get("mark") == "feedback" and not replay:
                self._feedback.setdefault(_key(mark), []).append(mark)

    def of(self, seq: int, captured_ns: int, engine: str) -> Said:
        """What was said of this engine's answer to this frame; the last word on each thing counts."""
        said = Said()
        for mark in self._feedback.get((seq, captured_ns, engine), ()):
            _take(said, str(mark.get("feedback", "")), mark.get("name"), mark.get("value"))
        for edit in self._notes.edits(seq, captured_ns, engine, self._replay):
            _take(said, str(edit.get("field", "")), edit.get("name"), edit.get("value"))
        said.is_rejected = self._notes.is_rejected(seq, captured_ns, engine, self._replay)
        return said


def corrected(answer: Mapping[str, Any], said: Said) -> dict[str, Any]:
    """The answer with people's verdict and concepts in the place of the engine's; the rest of it stays."""
    answer = dict(answer)
    if said.verdict:
        before = answer.get("verdict")
        kept = dict(before) if isinstance(before, Mapping) else {}
        kept.pop("score", None)  # it was the engine's, of another label
        answer["verdict"] = kept | said.verdict
    if said.concepts:
        concepts = [dict(concept) for concept in tables(answer.get("concepts"))]
        for name, value in said.concepts.items():
            concepts = [concept for concept in concepts if concept.get("name") != name]
            concepts.append({"name": name, "ok": truth(value)})
        answer["concepts"] = concepts
    return answer


def truth(value: object) -> bool | None:
    """What a person said of a concept, as present, missing or unknown, which is what any other word comes to."""
    text = str(value).strip().lower()
    return True if text in YES else False if text in NO else None


def _take(said: Said, kind: str, name: object, value: object) -> None:
    if kind == "verdict":
        said.verdict |= dict(value) if isinstance(value, Mapping) else {"label": str(value)}
    elif kind == "concept" and isinstance(name, str) and value is None:  # taken back
        said.concepts.pop(name, None)
    elif kind == "concept" and isinstance(name, str):
        said.concepts[name] = value
    elif kind == "thumb":
        said.thumb = str(value)
    elif kind == "note":
        said.notes.append(str(value))


def _key(mark: Mapping[str, Any]) -> Key:
    return whole(mark.get("seq")), whole(mark.get("captured_ns")), str(mark.get("engine") or "")
