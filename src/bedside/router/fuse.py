"""One result out of several, for a pipeline that has nothing more particular to say."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.errors import PredictFailed
from bedside.router.part import Part
from bedside_engine.check import check

FIRST_WINS = ("verdict", "guidance")
JOINED = ("classes", "concepts", "boxes", "points", "lines", "ellipses", "measurements")
MOST_LABELS = 256
"""A mask is uint8; the background is one of them."""
_Layer = tuple[NDArray[np.uint8], Sequence[str]]


def fused(*parts: Part | Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields of docs/reference/result.md of all parts together; those that are missing are passed over.

    A part is an engine's, or a dict with fields of your own. Verdict and guidance are those of the first part that has
    one. Lists follow each other, texts stand on lines of their own. Several masks become one, as large as the largest:
    labels keep their names and get new numbers, and a later part's lie on an earlier one's. Raises PredictFailed when
    they have more than 255 labels, BadResult for a dict that is no result.
    """
    found: dict[str, Any] = {}
    answers = [(_name(part), _fields(part)) for part in parts if part]
    for name in FIRST_WINS:
        first = next((fields[name] for _, fields in answers if name in fields), None)
        if first is not None:
            found[name] = dict(first)
    for name in JOINED:
        items = [item for _, fields in answers for item in fields.get(name, ())]
        if items:
            found[name] = items
    if images := _images(answers):
        found["images"] = images
    if text := "\n".join(fields["text"] for _, fields in answers if fields.get("text")):
        found["text"] = text
    layers = [(fields["mask"], fields["labels"]) for _, fields in answers if "mask" in fields]
    return found | _one_mask(layers)


def _name(part: Part | Mapping[str, Any]) -> str:
    return part.name if isinstance(part, Part) else ""


def _fields(part: Part | Mapping[str, Any]) -> Mapping[str, Any]:
    return part.answer if isinstance(part, Part) else check(dict(part))


def _images(answers: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """All images under names of their own: engines that give no names all say `image 1`."""
    images: list[dict[str, Any]] = []
    taken: set[str] = set()
    for engine, fields in answers:
        for image in fields.get("images", ()):
            name, number = image["name"], 1
            while name in taken:
                number += 1
                name = f"{engine} {image['name']}" if engine and number == 2 else f"{image['name']} {number}"
            taken.add(name)
            images.append({**image, "name": name})
    return images


def _one_mask(layers: Sequence[_Layer]) -> dict[str, Any]:
    """`mask` and `labels` of all layers, the last one on top; nothing when there is none."""
    if len(layers) < 2:
        return {"mask": layers[0][0], "labels": list(layers[0][1])} if layers else {}
    height, width = max((mask.shape for mask, _ in layers), key=lambda shape: shape[0] * shape[1])
    merged = np.zeros((height, width), np.uint8)
    labels = [layers[0][1][0]]
    for mask, names in layers:
        before = len(labels) - 1
        labels += names[1:]
        if len(labels) > MOST_LABELS:
            raise PredictFailed(
                f"the masks have {len(labels) - 1} labels together; expected at most 255: leave one mask out"
            )
        layer = np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
        np.add(layer, before, out=merged, where=layer > 0, casting="unsafe")
    return {"mask": merged, "labels": labels}
