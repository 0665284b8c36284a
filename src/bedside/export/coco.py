"""A training set as COCO has it: masks and boxes in `annotations.json`, verdicts and concepts in `labels.csv`.

Fields: https://cocodataset.org/#format-data. A mask is run-length encoded, so that it comes back to the pixel.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.export.png import png_of
from bedside.export.said import Said, Sayings, corrected
from bedside.export.shots import Answered, Selection, Shot, tables
from bedside.export.target import Target
from bedside.review.summary import shown_name, shown_participant
from bedside.session.recorded import Recorded

Advance = Callable[[], None]
BARE = "unlabelled"
"""The category of boxes without a label."""


@dataclass
class TrainingSet:
    """Grows by one picture after the other; one engine's answers."""

    engine: str
    is_corrected: bool
    """Whether people's words take the place of the engine's in `label`, `level` and the concepts."""
    images: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    categories: dict[str, int] = field(default_factory=dict)
    """By name, from 1."""
    labels: list[dict[str, Any]] = field(default_factory=list)
    """Rows of `labels.csv`."""
    codecs: set[str] = field(default_factory=set)
    """Of the videos that pictures came from."""
    left_out: int = 0
    """Pictures without an answer to learn from: none, an error, one whose mask was not kept, or a rejected one."""

    def add(self, shot: Shot, said: Said) -> bool:
        """Takes a picture with its annotations; False when it has no answer to learn from."""
        one = next((one for one in shot.answers if one.engine == self.engine and not one.error), None)
        if one is None or one.mask_missing or said.is_rejected:
            self.left_out += 1
            return False
        height, width = shot.pixels.shape[:2]
        image = {"id": len(self.images) + 1, "file_name": file_name(shot), "width": width, "height": height}
        identity = {"seq": shot.seq, "captured_ns": shot.captured_ns, "signal": shot.signal}
        self.images.append({**image, **identity, "codec": shot.codec or "none"})
        if shot.codec:
            self.codecs.add(shot.codec)
        for name in names_of(one)[1:]:  # all of them, so that sessions of one engine agree
            self.categories.setdefault(name, len(self.categories) + 1)
        for name, mask in label_masks(one, height, width):
            self._annotate(name, int(mask.sum()), box_of(mask), {"segmentation": run_lengths(mask)})
        for name, box, score in boxes(one.answer, height, width):
            self._annotate(name, box[2] * box[3], box, {"segmentation": [], **score})
        self.labels.append(self._label_row(image["file_name"], identity, one, said))
        return True

    def document(self, recorded: Recorded) -> dict[str, Any]:
        """`annotations.json`."""
        return {
            "info": self._info(recorded),
            "licenses": [],
            "images": self.images,
            "annotations": self.annotations,
            "categories": [
                {"id": number, "name": name, "supercategory": self.engine} for name, number in self.categories.items()
            ],
        }

    def _annotate(self, category: str, area: float, box: list[float], more: Mapping[str, Any]) -> None:
        number = self.categories.setdefault(category, len(self.categories) + 1)
        named = {"id": len(self.annotations) + 1, "image_id": self.images[-1]["id"], "category_id": number}
        self.annotations.append({**named, "area": area, "bbox": box, "iscrowd": 0, **more})

    def _info(self, recorded: Recorded) -> dict[str, Any]:
        lossy = f"; pictures in frames/ are of video compressed with a loss ({', '.join(sorted(self.codecs))})"
        start = str(recorded.about.get("start", ""))
        by = "as people corrected them" if self.is_corrected else "as the engine gave them"
        return {
            "description": f"Session {shown_name(recorded)}: pictures of an ultrasound scanner's screen, labels of the "
            f"model {self.engine!r} {by}, not of an expert unless one corrected them{lossy if self.codecs else ''}. "
            "Research use only.",
            "version": str(recorded.about.get("version", "")),
            "year": int(start[:4]) if re.match(r"\d{4}-", start, re.ASCII) else 0,
            "contributor": "",
            "url": "",
            "date_created": start,
            "session": shown_name(recorded),
            "participant": shown_participant(recorded),
            "consent": recorded.about.get("consent"),
            "engine": self.engine,
            "corrected": self.is_corrected,
        }

    def _label_row(self, name: str, identity: Mapping[str, Any], one: Answered, said: Said) -> dict[str, Any]:
        answer = corrected(one.answer, said) if self.is_corrected else one.answer
        label, level, score = verdict(answer)
        row = {"file_name": name, **identity, "engine": self.engine, "label": label, "level": level, "score": score}
        row |= {"engine_label": verdict(one.answer)[0], "person_label": said.verdict.get("label")}
        row |= {f"concept:{concept.get('name')}": concept.get("ok") for concept in tables(answer.get("concepts"))}
        row |= {f"person:{concept}": value for concept, value in said.concepts.items()}
        return row


def write_coco(
    target: Target, recorded: Recorded, selection: Selection, sayings: Sayings, made: TrainingSet, advance: Advance
) -> None:
    """`images/`, then `annotations.json` and `labels.csv`. Raises SessionError for a full disk."""
    for shot in selection:
        if shot is not None:
            said = sayings.of(shot.seq, shot.captured_ns, made.engine)
            if made.add(shot, said):
                target.write(f"images/{file_name(shot)}", png_of(shot.pixels))
        advance()
    target.write("annotations.json", json.dumps(made.document(recorded), indent=1, ensure_ascii=False).encode() + b"\n")
    target.write("labels.csv", table(made.labels).encode())


def file_name(shot: Shot) -> str:
    """Of a picture in `images/`."""
    return shot.item.replace("/", "_") + ".png"


def label_masks(one: Answered, height: int, width: int) -> list[tuple[str, NDArray[np.bool_]]]:
    """Each label of a mask that is there, but the background, as bool [height, width] of the picture's size.

    A mask of another size is stretched by its nearest pixel.
    """
    if one.mask is None:
        return []
    rows = np.arange(height) * one.mask.shape[0] // height
    columns = np.arange(width) * one.mask.shape[1] // width
    mask, names = one.mask[rows[:, None], columns], names_of(one)
    found = [int(value) for value in np.unique(mask) if value]
    return [(names[value] if value < len(names) else f"label {value}", mask == value) for value in found]


def names_of(one: Answered) -> list[str]:
    """What the values of a mask mean, the background first."""
    names = one.answer.get("labels")
    return [str(name) for name in names] if isinstance(names, list) else []


def run_lengths(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """COCO's uncompressed run lengths: column by column, how many pixels are out, in, out ..."""
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *edges.tolist(), flat.size]).tolist()
    return {"size": list(mask.shape), "counts": [0, *counts] if flat[0] else counts}


def box_of(mask: NDArray[np.bool_]) -> list[float]:
    """The smallest box around a mask: x, y, width, height in pixels."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]


def boxes(answer: Mapping[str, Any], height: int, width: int) -> list[tuple[str, list[float], dict[str, float]]]:
    """An answer's boxes in pixels, cut at the picture's edge; one that lies outside is left out."""
    found = []
    for box in tables(answer.get("boxes")):
        left, right = (min(max(edge, 0.0), 1.0) * width for edge in (box["x"], box["x"] + box["width"]))
        top, bottom = (min(max(edge, 0.0), 1.0) * height for edge in (box["y"], box["y"] + box["height"]))
        if right > left and bottom > top:
            score = {} if box.get("score") is None else {"score": float(box["score"])}
            edges = [round(value, 2) for value in (left, top, right - left, bottom - top)]
            found.append((str(box.get("label") or BARE), edges, score))
    return found


def verdict(answer: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Label, level and score: of the verdict, else of the class with the highest score."""
    told = answer.get("verdict")
    if isinstance(told, Mapping):
        return told.get("label"), told.get("level"), told.get("score")
    classes = tables(answer.get("classes"))
    if not classes:
        return None, None, None
    top = max(classes, key=lambda one: float(one.get("score") or 0))
    return top.get("name"), None, top.get("score")


def table(rows: list[dict[str, Any]]) -> str:
    """CSV with every column that any row has; truth values as true and false, what nobody said empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: str(value).lower() if isinstance(value, bool) else value for name, value in row.items()})
    return file.getvalue()
