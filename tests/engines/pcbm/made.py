"""A tiny data set in the format `bedside-planes`: simple shapes for each plane; what is bright is good."""

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

HERE = Path(__file__).parents[3] / "engines" / "pcbm"
SIZE = (240, 320)
BANDS = {"abdomen": (7, 6), "head": (13, 10)}
"""The class of the band, and of what is in it."""


def tables() -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    """Planes, classes and concepts of engines/pcbm/concepts.py."""
    found: dict[str, object] = {}
    exec((HERE / "concepts.py").read_text(encoding="utf-8"), found)
    return found["PLANES"], found["CLASSES"], found["CONCEPTS"]  # type: ignore[return-value]


def data_set(folder: Path, subjects: int = 6, each: int = 5, seed: int = 0) -> Path:
    """Write it: for every subject `each` frames, one of each plane in turn and then one of no plane."""
    planes, classes, concepts = tables()
    rng = np.random.default_rng(seed)
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    head = {"format": "bedside-planes", "version": 1, "origin": "made for tests", "planes": planes, "classes": classes}
    listed = [{"name": name, "plane": plane, "kind": kind} for name, plane, kind in concepts]
    (folder / "dataset.json").write_text(json.dumps(head | {"concepts": listed}), encoding="utf-8")
    columns = ["image", "labels", "subject", "plane", "standard", *(name for name, _, _ in concepts)]
    with (folder / "frames.csv").open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        for subject in range(subjects):
            for number in range(each):
                plane = (*planes, "")[number % 5]
                good = bool(rng.integers(2))
                picture, label = draw(plane, good, rng)
                name = f"{subject}-{number}.png"
                cv2.imwrite(str(folder / "images" / name), picture)
                cv2.imwrite(str(folder / "labels" / name), label)
                cells = [value_of(kind, good) if of == plane else 0 for _, of, kind in concepts]
                writer.writerow(
                    [f"images/{name}", f"labels/{name}", f"s{subject}", plane, int(good and plane != ""), *cells]
                )
    return folder


def value_of(kind: str, good: bool) -> int:
    """Of a concept of the frame's plane."""
    return int(good) if kind == "binary" else (8 if good else 2)


def draw(plane: str, good: bool, rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """A picture and its label map; what is good is bright."""
    label = np.zeros(SIZE, np.uint8)
    x, y = (int(rng.integers(150, 190)), int(rng.integers(110, 140)))
    if plane in BANDS:
        band, organ = BANDS[plane]
        cv2.ellipse(label, (x, y), (70, 55), 0, 0, 360, band, 8)
        cv2.circle(label, (x - 20, y), 14, organ, -1)
        cv2.circle(label, (x + 20, y), 12, organ + 2, -1)
    elif plane == "femur":
        cv2.line(label, (x - 60, y), (x + 60, y + 10), 5, 10)
    elif plane == "cervix":
        cv2.line(label, (x - 60, y), (x + 60, y), 1, 6)
        cv2.circle(label, (x - 60, y), 16, 2, -1)
        cv2.circle(label, (x + 60, y), 16, 3, -1)
    level = (200 if good else 110) * (label > 0) + 6.0 * label
    return np.clip(rng.normal(30 + level, 12), 0, 255).astype(np.uint8), label


if __name__ == "__main__":
    data_set(Path(sys.argv[1]), *map(int, sys.argv[2:]))
