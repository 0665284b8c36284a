"""The pictures of a report: each with what the model said over it and beside it, and what people said of that."""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.report.overlay import Inks, Shape, shapes
from bedside.review.answered import is_time
from bedside.review.notes import Notes
from bedside.session.recorded import Item, Recorded

Outlines = Callable[[NDArray[np.uint8], Sequence[str]], list[dict[str, Any]]]
"""Turns a mask with the names of its labels into rings, as hub/outline.py does."""

WIDEST_PX = 960
QUALITY = 88
MOST_PICTURES = 60
STATES = {True: "present", False: "missing", None: "unknown"}


@dataclass(frozen=True)
class Said:
    """One thing that the model said, and what a person said instead."""

    name: str
    model: str
    person: str = ""
    level: str = ""
    """A level, or of a concept present, missing, unknown."""


@dataclass(frozen=True)
class Shown:
    """One picture."""

    kind: str
    """`snapshots` or `best`."""
    name: str
    at_s: float | None
    seq: int | None
    engine: str
    src: str
    """data: URL of a JPEG; empty where the picture cannot be read."""
    width: int
    height: int
    """Of the exact picture."""
    shapes: list[Shape] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    error: str = ""
    text: str = ""
    is_rejected: bool = False
    comment: str = ""

    @property
    def legend(self) -> dict[str, str]:
        """Colour of each label that is drawn."""
        return {shape.label: shape.colour for shape in self.shapes}


def shown(recorded: Recorded, notes: Notes, outlines: Outlines) -> tuple[list[Shown], int, bool]:
    """The pictures, how many were left out, and whether somebody ticked them.

    Those that are ticked in the review; all of them where nothing is. At most MOST_PICTURES.
    """
    items = [("best", item) for item in recorded.best] + [("snapshots", item) for item in recorded.snapshots]
    ticked = [pair for pair in items if f"{pair[0]}/{pair[1].name}" in notes.ticked]
    chosen = (ticked or items)[:MOST_PICTURES]
    inks = Inks()
    live = [mark for mark in recorded.marks if mark.get("mark") == "feedback"]
    found = [_shown(recorded, kind, item, notes, live, outlines, inks) for kind, item in chosen]
    return found, len(items) - len(found), bool(ticked)


def _shown(
    recorded: Recorded, kind: str, item: Item, notes: Notes, live: list[dict[str, Any]], outlines: Outlines, inks: Inks
) -> Shown:
    result = item.about.get("result")
    result = result if isinstance(result, Mapping) else {}
    answer = result.get("answer")
    answer = (
        {name: value for name, value in answer.items() if name != "outlines"} if isinstance(answer, Mapping) else {}
    )
    src, width, height = _picture(item)
    if (mask := _mask(item)) is not None:
        labels = answer.get("labels")
        answer["outlines"] = outlines(mask, [str(label) for label in labels] if isinstance(labels, list) else [])
    seq, captured_ns, engine = item.about.get("seq"), item.about.get("captured_ns"), str(result.get("engine", ""))
    is_known = is_time(seq) and is_time(captured_ns)
    edits = list(notes.edits(int(seq), int(captured_ns), engine)) if is_known else []  # type: ignore[arg-type]
    given = [
        mark
        for mark in live
        if (mark.get("seq"), mark.get("captured_ns"), mark.get("engine")) == (seq, captured_ns, engine)
    ]
    return Shown(
        kind=kind,
        name=item.name,
        at_s=recorded.time_s(captured_ns) if is_time(captured_ns) else None,
        seq=seq if is_time(seq) else None,
        engine=engine,
        src=src,
        width=width,
        height=height,
        shapes=shapes(answer, width, height, inks) if src else [],
        said=said(answer, corrections(given, edits)),
        error=str(result.get("error") or ""),
        text=str(answer.get("text") or ""),
        is_rejected=is_known and notes.is_rejected(int(seq), int(captured_ns), engine),  # type: ignore[arg-type]
        comment=notes.comment_on(f"{kind}/{item.name}"),
    )


def corrections(live: Iterable[Mapping[str, Any]], edits: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What people said instead, by concept, of the verdict by ""; a review counts more than what was said live."""
    found: dict[str, str] = {}
    for mark in live:
        if mark.get("feedback") in ("verdict", "concept"):
            name = str(mark.get("name", "")) if mark.get("feedback") == "concept" else ""
            found[name] = f"{spoken(mark.get('value'))} (during the scan)"
            if mark.get("value") is None:
                del found[name]  # taken back
    for edit in edits:
        found[str(edit.get("name", "")) if edit.get("field") == "concept" else ""] = spoken(edit.get("value"))
    return found


def spoken(value: object) -> str:
    """A value of feedback or of a correction in words."""
    if isinstance(value, Mapping):
        return ", ".join(str(value[key]) for key in ("label", "level", "text") if value.get(key))
    if isinstance(value, bool) or value is None:
        return STATES[value]
    return f"{round(value, 3):g}" if isinstance(value, int | float) else str(value)


def said(answer: Mapping[str, Any], instead: Mapping[str, str]) -> list[Said]:
    """Verdict, guidance, concepts, classes and measurements of an answer as lines; corrections beside them."""
    found = []
    verdict = answer.get("verdict")
    if isinstance(verdict, Mapping):
        level = str(verdict.get("level", "none"))
        found.append(Said("verdict", _joined(verdict, "label", "level", "score", "text"), instead.get("", ""), level))
    elif "" in instead:
        found.append(Said("verdict", "none", instead[""]))
    guidance = answer.get("guidance")
    if isinstance(guidance, Mapping):
        found.append(Said("guidance", _joined(guidance, "text", "detail")))
    names = set()
    for concept in _listed(answer, "concepts"):
        name, state = str(concept.get("name", "")), _state(concept.get("ok"))
        names.add(name)
        found.append(Said(name, " ".join([state, _of(concept)]).strip(), instead.get(name, ""), state))
    found += [Said(name, "not said", text) for name, text in instead.items() if name and name not in names]
    for one in sorted(_listed(answer, "classes"), key=lambda one: -_float(one.get("score")))[:3]:
        found.append(Said(f"class {one.get('name', '')}", f"{_float(one.get('score')):.2f}"))
    for one in _listed(answer, "measurements"):
        about = f" ± {_float(one['uncertainty']):.3g}" if "uncertainty" in one else ""
        found.append(
            Said(str(one.get("name", "")), f"{_float(one.get('value')):.4g}{about} {one.get('unit', '')}".strip())
        )
    return found


def _state(ok: object) -> str:
    return STATES[ok] if isinstance(ok, bool) else "unknown"


def _joined(fields: Mapping[str, Any], *keys: str) -> str:
    return ", ".join(spoken(fields[key]) for key in keys if fields.get(key) not in (None, ""))


def _of(concept: Mapping[str, Any]) -> str:
    if not isinstance(concept.get("value"), int | float):
        return ""
    most = f" of {concept['max']:g}" if isinstance(concept.get("max"), int | float) else ""
    return f"({concept['value']:.3g}{most})"


def _listed(answer: Mapping[str, Any], field_: str) -> list[Mapping[str, Any]]:
    values = answer.get(field_)
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _picture(item: Item) -> tuple[str, int, int]:
    """A data: URL of the picture, made smaller, and the exact one's size; an empty one where it cannot be read."""
    pixels = cv2.imread(str(item.picture), cv2.IMREAD_COLOR)
    if pixels is None:
        return "", 0, 0
    height, width = pixels.shape[:2]
    if width > WIDEST_PX:
        pixels = cv2.resize(
            pixels, (WIDEST_PX, max(1, round(height * WIDEST_PX / width))), interpolation=cv2.INTER_AREA
        )
    is_done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return ("data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode() if is_done else "", width, height)


def _mask(item: Item) -> NDArray[np.uint8] | None:
    mask = cv2.imread(str(item.mask), cv2.IMREAD_UNCHANGED) if item.mask is not None else None
    return np.asarray(mask, np.uint8) if mask is not None and mask.ndim == 2 and mask.dtype == np.uint8 else None
