"""The fields of a result, in one table, and the check that a model's answer passes before anybody sees it.

docs/reference/result.md describes the same table for people.
"""

from __future__ import annotations

from typing import Any, Dict

from bedside_engine.arrays import label_map, picture
from bedside_engine.kinds import (
    BadResult,
    Check,
    as_mapping,
    between,
    choice,
    listing,
    number,
    record,
    show,
    text,
    truth,
)

LEVELS = ("good", "near", "poor", "none")
DIRECTIONS = ("up", "down", "left", "right", "tilt_up", "tilt_down", "rotate_left", "rotate_right", "hold")

_score = between(0.0, 1.0, " (divide per cent by 100)")
_place = between(-1.0, 2.0, ", a fraction of the picture (divide pixels by its width or height)")
_extent = between(0.0, 2.0, ", a fraction of the picture (divide pixels by its width or height)")
_box = {"x": _place, "y": _place, "width": _extent, "height": _extent}
_point = {"x": _place, "y": _place}
_line = {"x1": _place, "y1": _place, "x2": _place, "y2": _place}
_ellipse = {"x": _place, "y": _place, "rx": _extent, "ry": _extent}
_concept: Dict[str, Check] = {"ok": truth, "value": number, "max": number, "hint": text}

FIELDS = {
    "verdict": record({"label": text}, {"level": choice(*LEVELS), "score": _score, "text": text}, short=["label"]),
    "classes": listing(record({"name": text, "score": _score}, {}), ("name", "score"), ["name", "score"]),
    "concepts": listing(record({"name": text}, _concept, keeps_none="ok"), ("name", "ok"), ["name"]),
    "mask": label_map,
    "labels": listing(text),
    "boxes": listing(record(_box, {"label": text, "score": _score}), alone=list(_box)),
    "points": listing(record(_point, {"label": text}, short=["x", "y"]), alone=list(_point)),
    "lines": listing(record(_line, {"label": text}), alone=list(_line)),
    "ellipses": listing(record(_ellipse, {"angle_deg": number, "label": text}), alone=list(_ellipse)),
    "measurements": listing(
        record({"name": text, "value": number}, {"unit": text, "uncertainty": number}),
        ("name", "value"),
        ["name", "value"],
    ),
    "guidance": record({"text": text}, {"direction": choice(*DIRECTIONS), "detail": text}, short=["text"]),
    "images": listing(
        record({"pixels": picture}, {"name": text, "title": text}, short=["pixels"]), ("name", "pixels"), ["pixels"]
    ),
    "text": text,
}

_result = record({}, FIELDS)


def check(result: Any) -> Dict[str, Any]:
    """`result` with plain Python values and contiguous uint8 arrays, defaults filled in.

    Raises BadResult with one sentence that names the field, its value and what was expected.
    """
    try:
        if as_mapping(result) is None:
            raise BadResult("predict returned %s; expected a dict with the result's fields" % show(result))
        return _with_defaults(_result(result, ""))
    except BadResult:
        raise
    except Exception as error:  # noqa: BLE001  objects of other libraries may raise at any touch
        raise BadResult("what predict returned cannot be read: %s" % show(error))


def _with_defaults(found: Dict[str, Any]) -> Dict[str, Any]:
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
