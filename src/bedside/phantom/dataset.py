"""A folder of pictures with their truth, in the format that engines/pcbm trains on (docs/howto/train-on-your-data.md).

DATA/dataset.json       what the columns and labels mean, and of what it was made
DATA/frames.csv         a row for each picture
DATA/images/NAME.png    8 bit grey
DATA/labels/NAME.png    8 bit, each pixel's place in CLASSES
"""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bedside.errors import SettingsError
from bedside.messages import Pixels
from bedside.phantom.concepts import CLASSES, CONCEPTS, PLANES
from bedside.phantom.truth import Truth

FORMAT, VERSION = "bedside-planes", 1
ORIGIN = "bedside phantom: drawn, of no person; every label is exact"
COLUMNS = (
    *("image", "labels", "subject", "plane", "standard"),
    *(concept.name for concept in CONCEPTS),
    *("x_mm", "z_mm", "rotate_deg", "tilt_deg", "rock_deg", "depth_mm", "mm_per_px", "offset_mm", "offset_deg"),
)
Row = dict[str, str]
PNG_PARAMETERS = (cv2.IMWRITE_PNG_COMPRESSION, 3, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
"""As small as the best for speckle, in a third of its time."""


class DataSet:
    """The folder; opened anew it goes on where it was left.

    `frames` and `seeds` are what it shall hold. Raises SettingsError for a folder that holds something else, and, as
    all that writes here, for one that cannot be written.
    """

    def __init__(self, folder: Path, frames: int, seeds: range) -> None:
        self.folder = folder
        self._made_of = {"frames": frames, "seeds": [seeds[0], seeds[-1]]}
        _refuse_foreign(folder, self._made_of)
        with _written_to(folder):
            for part in ("images", "labels"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            _write(folder / "dataset.json", json.dumps(_about(self._made_of), indent=1) + "\n")
        self.rows = {row["image"]: row for row in _rows_in(folder) if _is_whole(folder, row)}
        """What is complete, by the image's path inside of the folder."""

    def has(self, name: str) -> bool:
        """Whether this picture is complete."""
        return _image(name) in self.rows

    def keep(self, row: Row) -> None:
        """One more picture is complete; its row is written by `save`."""
        self.rows[row["image"]] = row

    def save(self) -> None:
        """Write `frames.csv`, whole."""
        path = self.folder / "frames.csv"
        part = path.with_suffix(".part")
        with _written_to(self.folder):
            with part.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(self.rows[image] for image in sorted(self.rows))
            part.replace(path)

    def save_overview(self, sheet: Pixels) -> None:
        """Write `contact.png`: some of the pictures side by side, RGB uint8 [height, width, 3]."""
        with _written_to(self.folder):
            _write_png(self.folder / "contact.png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def write_pair(folder: Path, name: str, seed: int, pixels: Pixels, truth: Truth) -> Row:
    """Write a picture, RGB uint8 [height, width, 3], with its labels; gives its row of `frames.csv`.

    Raises SettingsError when the disk does not take it.
    """
    row = _row_of(name, seed, truth)
    with _written_to(folder):
        _write_png(folder / row["image"], cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        _write_png(folder / row["labels"], truth.label)
    return row


def _row_of(name: str, seed: int, truth: Truth) -> Row:
    pose = {key: f"{value:.2f}" for key, value in asdict(truth.view.pose).items()}
    concepts = {
        concept.name: f"{int(value)}" if concept.is_binary else f"{value:.1f}"
        for concept, value in zip(CONCEPTS, truth.concepts, strict=True)
    }
    return {
        "image": _image(name),
        "labels": f"labels/{name}.png",
        "subject": f"phantom-{seed}",
        "plane": truth.plane,
        "standard": f"{int(truth.is_standard)}",
        **concepts,
        **pose,
        "depth_mm": f"{truth.view.depth_mm:g}",
        "mm_per_px": f"{truth.mm_per_px:.4f}",
        "offset_mm": f"{truth.offset.distance_mm:.2f}",
        "offset_deg": f"{truth.offset.angle_deg:.2f}",
    }


def truth_as_json(truth: Truth) -> dict[str, Any]:
    """What is true of one picture, but for its labels."""
    return {
        "plane": truth.plane,
        "is_standard": truth.is_standard,
        "concepts": {
            concept.name: bool(value) if concept.is_binary else round(float(value), 2)
            for concept, value in zip(CONCEPTS, truth.concepts, strict=True)
            if concept.plane == truth.plane
        },
        "view": asdict(truth.view),
        "offset": asdict(truth.offset),
        "mm_per_px": truth.mm_per_px,
    }


def _about(made_of: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "origin": ORIGIN,
        "made_of": made_of,
        "planes": PLANES,
        "classes": CLASSES,
        "concepts": [
            {
                "name": concept.name,
                "plane": concept.plane,
                "kind": "binary" if concept.is_binary else "quality",
            }
            for concept in CONCEPTS
        ],
    }


def _refuse_foreign(folder: Path, made_of: dict[str, Any]) -> None:
    """Raise SettingsError for a folder with other things in it, or with another data set."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        before = about["made_of"]
    except (OSError, ValueError, LookupError, TypeError):
        raise SettingsError(
            f"{folder} holds something else than a data set of the phantom; name a new or empty folder with --out"
        ) from None
    if before != made_of:
        raise SettingsError(
            f"{folder} was begun as {_said(before)}, and {_said(made_of)} were asked for; "
            "ask for the same to go on with it, or name another folder with --out"
        )


def _said(made_of: Any) -> str:
    try:
        return f"{made_of['frames']} frames of the seeds {made_of['seeds'][0]}..{made_of['seeds'][1]}"
    except (LookupError, TypeError):
        return f"{made_of!r}"


def _rows_in(folder: Path) -> list[Row]:
    try:
        with (folder / "frames.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []


def _is_whole(folder: Path, row: Row) -> bool:
    files = (folder / row[part] for part in ("image", "labels") if row.get(part))
    return set(row) == set(COLUMNS) and all(file.is_file() and file.stat().st_size > 0 for file in files)


def _image(name: str) -> str:
    return f"images/{name}.png"


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    """What the disk does not take is one sentence."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be written: {error.strerror}; make room there or name another folder with --out, "
            "and ask again: what is complete stays"
        ) from error


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _write_png(path: Path, pixels: "np.ndarray[Any, Any]") -> None:
    """Whole or not at all."""
    ok, png = cv2.imencode(".png", pixels, PNG_PARAMETERS)
    if not ok:
        raise ValueError(f"{path}: a picture of shape {pixels.shape}, {pixels.dtype} is no PNG")
    part = path.with_suffix(".part")
    part.write_bytes(png.tobytes())
    part.replace(path)
