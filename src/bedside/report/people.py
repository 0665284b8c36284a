"""What people said, as lines of tables: during the scan, in the review, and in questionnaires."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.messages import EngineState
from bedside.report.shown import spoken
from bedside.report.svg import clock_text
from bedside.review.answered import is_time
from bedside.review.notes import Notes
from bedside.review.summary import Gathered, Summary
from bedside.session.questionnaire import Item, Questionnaire
from bedside.session.recorded import Recorded

MOST_ENDS = 20
MEANING = {
    "sus": "The score goes from 0 to 100; more is better.",
    "nasa-tlx": "The score, without weights, goes from 0 to 100; more is a higher load.",
    "mean": "The score is the mean of the answers; those to reversed items count from the other end.",
}
THUMBS = {"up": "thumb up", "down": "thumb down"}


@dataclass(frozen=True)
class Line:
    """One thing that was said of one frame, or of the session."""

    at: str
    engine: str
    seq: str
    model: str
    """What the engine's verdict was on this frame; empty where that is not known."""
    person: str


@dataclass(frozen=True)
class FilledForm:
    """A questionnaire with its answers."""

    title: str
    scores: list[tuple[str, str]]
    items: list[tuple[str, str, str]]
    """Text, answer, scale."""
    note: str


def given(recorded: Recorded, known: Gathered) -> list[Line]:
    """The feedback during the scan, in its order."""
    marks = [mark for mark in recorded.marks if mark.get("mark") == "feedback"]
    return [_line(recorded, known, mark, _feedback(mark)) for mark in marks]


def noted(recorded: Recorded, known: Gathered) -> list[Line]:
    """Corrections, rejections and comments of the review that count."""
    raw = recorded.notes()
    notes = Notes(raw)
    frames: dict[tuple[int, int, str], None] = {}
    for note in raw:
        if note.get("note") in ("edit", "reject") and not note.get("replay") and _names_a_result(note):
            frames[note["seq"], note["captured_ns"], note["engine"]] = None
    found = []
    for seq, captured_ns, engine in frames:
        about = {"seq": seq, "captured_ns": captured_ns, "engine": engine}
        found += [_line(recorded, known, about, _edit(edit)) for edit in notes.edits(seq, captured_ns, engine)]
        if notes.is_rejected(seq, captured_ns, engine):
            found.append(_line(recorded, known, about, "rejected: not to be used"))
    comments = (note for note in notes.comments if "item" not in note)
    return found + [_line(recorded, known, note, str(note["text"])) for note in comments]


def _names_a_result(note: Mapping[str, Any]) -> bool:
    return is_time(note.get("seq")) and is_time(note.get("captured_ns")) and isinstance(note.get("engine"), str)


def filled(summary: Summary, asked: Mapping[str, Questionnaire]) -> list[FilledForm]:
    """Each questionnaire with the texts of its items, where it is known which these are."""
    found = []
    for name, one in summary.questionnaires.items():
        definition = asked.get(name)
        items = {item.name: item for item in definition.items} if definition else {}
        scales = {item.name: _scale(item) for item in items.values()}
        shared = set(scales.values()) if len(set(scales.values())) == 1 else set()
        lines = [
            (items[key].text if key in items else key, f"{answer:g}", "" if shared else scales.get(key, ""))
            for key, answer in one.answers.items()
        ]
        notes = [
            *(f"Each from {scale}." for scale in shared),
            MEANING.get(definition.scoring, "") if definition else "",
            f"Filled {one.times} times; this is the last." if one.times > 1 else "",
            f"Source: {definition.source}." if definition and definition.source else "",
            "" if definition else "Its texts are not known here: bedside.toml does not name it.",
        ]
        scores = [(score, f"{value:g}") for score, value in one.scores.items()]
        title = definition.title if definition else f"Questionnaire {name}"
        found.append(FilledForm(title, scores, lines, " ".join(filter(None, notes))))
    return found


def engine_ends(recorded: Recorded) -> list[tuple[str, str, str]]:
    """When which engine failed or died, and what was said of it; the first MOST_ENDS."""
    found, gone = [], set()
    for mark in recorded.marks:
        engine, state, at_ns = (mark.get(key) for key in ("engine", "state", "monotonic_ns"))
        if mark.get("mark") != "engine" or not isinstance(engine, str) or not is_time(at_ns):
            continue
        is_gone = state in (EngineState.FAILED, EngineState.DEAD)
        if is_gone and engine not in gone:
            found.append((clock_text(recorded.time_s(at_ns)), engine, str(mark.get("message") or state)))
            gone.add(engine)
        elif state in (EngineState.READY, EngineState.BUSY):
            gone.discard(engine)
    return found[:MOST_ENDS]


def _scale(item: Item) -> str:
    return f"{item.least:g} {item.least_text} to {item.most:g} {item.most_text}".strip()


def _feedback(mark: Mapping[str, Any]) -> str:
    kind, value = mark.get("feedback"), mark.get("value")
    if kind == "thumb":
        return THUMBS.get(str(value), f"thumb {spoken(value)}")
    if kind == "concept":
        return f"{mark.get('name', '')}: {'taken back' if value is None else spoken(value)}"
    return f"verdict: {spoken(value)}" if kind == "verdict" else spoken(value)


def _edit(edit: Mapping[str, Any]) -> str:
    return f"{edit.get('name') or edit.get('field')}: {spoken(edit.get('value'))}"


def _line(recorded: Recorded, known: Gathered, about: Mapping[str, Any], person: str) -> Line:
    captured_ns, seq, engine = about.get("captured_ns"), about.get("seq"), str(about.get("engine", ""))
    at = clock_text(recorded.time_s(captured_ns)) if is_time(captured_ns) else ""
    model = _verdict(known, engine, captured_ns) if is_time(captured_ns) else ""
    return Line(at, engine, str(seq) if is_time(seq) else "", model, person)


def _verdict(known: Gathered, engine: str, captured_ns: int) -> str:
    answers = known.answers.get(engine)
    if answers is None:
        return ""
    row = int(np.searchsorted(answers.captured_ns, captured_ns))
    if row >= len(answers) or answers.captured_ns[row] != captured_ns:
        return ""
    if answers.is_error[row]:
        return "failed"
    return (
        ", ".join(filter(None, [answers.labels[answers.label[row]], answers.levels[answers.level[row]]]))
        or "no verdict"
    )
