"""The fields of a result, in one table, and the check that a model's answer passes before anybody sees it.

docs/reference/result.md describes the same table for people.
"""

from __future__ import annotations

from typing import Any, Dict

from bedside_engine.kinds import (
    BadResult,
    between,
    choice,
    label_map,
    listing,
    number,
    picture,
    record,
    show,
    text,
    truth,
)

LEVELS = ("good", "near", "poor", "none")
DIRECTIONS = ("up", "down", "left", "right", "tilt_up", "tilt_down", "rotate_left", "rotate_right", "hold")

_score = between(0.0, 1.0)
_place = between(-1.0, 2.0, ", a fraction of the picture (divide pixels by its width or height)")
_extent = between(0.0, 2.0, ", a fraction of the picture (divide pixels by its width or height)")

FIELDS = {
    "verdict": record({"label": text}, {"level": choice(*LEVELS), "score": _score, "text": text}),
    "classes": listing(record({"name": text, "score": _score}, {})),
    "concepts": listing(
        record({"name": text}, {"ok": truth, "value": number, "max": number, "hint": text}, keeps_none="ok")
    ),
    "mask": label_map,
    "labels": listing(text),
    "boxes": listing(
        record({"x": _place, "y": _place, "width": _extent, "height": _extent}, {"label": text, "score": _score})
    ),
    "points": listing(record({"x": _place, "y": _place}, {"label": text})),
    "lines": listing(record({"x1": _place, "y1": _place, "x2": _place, "y2": _place}, {"label": text})),
    "ellipses": listing(
        record({"x": _place, "y": _place, "rx": _extent, "ry": _extent}, {"angle_deg": number, "label": text})
    ),
    "measurements": listing(record({"name": text, "value": number}, {"unit": text, "uncertainty": number})),
    "guidance": record({"text": text}, {"direction": choice(*DIRECTIONS), "detail": text}),
    "images": listing(record({"pixels": picture}, {"name": text, "title": text})),
    "text": text,
}

_result = record({}, FIELDS)


def check(result: Any) -> Dict[str, Any]:
    """`result` with plain Python values and contiguous uint8 arrays, defaults filled in.

    Raises BadResult with one sentence that names the field, its value and what was expected.
    """
    if not isinstance(result, dict):
        raise BadResult("predict returned %s; expected a dict with the result's fields" % show(result))
    found: Dict[str, Any] = _result(result, "")
    if "verdict" in found:
        found["verdict"].setdefault("level", "none")
    for concept in found.get("concepts", ()):
        concept.setdefault("ok", None)
    for ellipse in found.get("ellipses", ()):
        ellipse.setdefault("angle_deg", 0.0)
    for measurement in found.get("measurements", ()):
        measurement.setdefault("unit", "")
    for number_of, image in enumerate(found.get("images", ())):
        image.setdefault("name", "image %d" % (number_of + 1))
        image.setdefault("title", image["name"])
    _match_labels(found)
    return found


def _match_labels(found: Dict[str, Any]) -> None:
    """Every index in the mask has a name."""
    if "mask" not in found:
        if "labels" in found:
            raise BadResult("labels are there without a mask; return both, or neither")
        return
    highest = int(found["mask"].max())
    labels = found.setdefault("labels", ["background"] + ["label %d" % index for index in range(1, highest + 1)])
    if highest >= len(labels):
        raise BadResult(
            "mask has the index %d and labels has %d names; name every index, the background first"
            % (highest, len(labels))
        )
