"""Bring a public data set into the format that train.py reads: scripts/research convert pcbm SET FROM DATA

    hc18           HC18 (van den Heuvel et al., doi 10.5281/zenodo.1327317, CC BY 4.0). FROM is the folder of its
                   training set: NNN_HC.png with NNN_HC_Annotation.png or NNN_HC_Mask.png, and its table of pixel sizes.
                   The skull becomes a band along the head's outline; what is inside, and the concepts, are not known.
    fetal_planes   FETAL_PLANES_DB (Burgos-Artizzu et al., doi 10.5281/zenodo.3904280, CC BY 4.0). FROM is its folder,
                   with FETAL_PLANES_DB_data.csv and Images/. Planes and patients are known, nothing else.
    others         Any folder of videos and pictures that show none of the planes, such as other organs: all of each is
                   background, and no concept is there. A file is a subject, called by its path in FROM. DATA may be a
                   data set already: then they are added to it.

Each picture is laid, whole and unstretched, where the nets look on a scanner's screen. The originals stay as they are.
"""

import argparse
import csv
import json
import re
import sys
from pathlib import Path

import cv2
import numpy as np
from concepts import CLASSES, CONCEPTS, LABEL, PLANES, UNKNOWN
from dataset import DataError, read_head
from frame import COLUMNS, ROWS, SCREEN
from rich.progress import track

BAND_MM = 3.5
"""How thick a skull is drawn: that of the phantom."""
BAND_PX = 14
"""The same, on the original, where a pixel's size is not known: about 0.25 mm a pixel."""
PLANE_OF = {"Fetal brain": "head", "Fetal abdomen": "abdomen", "Fetal femur": "femur", "Maternal cervix": "cervix"}
"""FETAL_PLANES_DB's planes. Its thorax is, for PCBM, no plane; its "Other" is none either."""
NO_PLANE = ("Fetal thorax", "Other")
VIDEOS = (".mp4", ".mov", ".mpeg", ".avi", ".mkv")
IMAGES = (".png", ".jpg", ".jpeg")
FRAMES = 20
"""Of a video, at most so many, at equal distances."""


def main(words: "list[str] | None" = None) -> int:
    """Convert; 0, or 2 where FROM is not what it should be."""
    parser = argparse.ArgumentParser(
        "convert pcbm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=("hc18", "fetal_planes", "others"))
    parser.add_argument("source", type=Path, metavar="FROM", help="folder of the public data set")
    parser.add_argument("data", type=Path, help="folder to write: dataset.json, frames.csv, images/, labels/")
    args = parser.parse_args(words)
    try:
        check_addable(args.data)
        count = {"hc18": hc18, "fetal_planes": fetal_planes, "others": others}[args.set](args.source, args.data)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{args.data}: {count} frames")
    return 0


def check_addable(data: Path) -> None:
    """A data set to which frames can be added, or none yet; DataError where it is neither."""
    file = data / "frames.csv"
    if not file.is_file():
        return
    read_head(data / "dataset.json")
    with file.open(newline="", encoding="utf-8") as text:
        if "split" in next(csv.reader(text), ()):
            raise DataError(
                f"{file} has a column 'split', which does not say where new frames belong: add them to another folder, "
                "or take the column out and put it back for all"
            )


def hc18(source: Path, data: Path) -> int:
    """Heads with their skull; the number in a file's name is the subject."""
    names = sorted(file.name for file in source.glob("*_*HC.png"))
    if not names:
        raise DataError(f"{source} has no pictures NNN_HC.png: give the folder of HC18's training set")
    sizes = pixel_sizes(source)
    rows = []
    for name in track(names, description="convert"):
        mask = next(
            (
                source / name.replace(".png", f"_{kind}.png")
                for kind in ("Mask", "Annotation")
                if (source / name.replace(".png", f"_{kind}.png")).is_file()
            ),
            None,
        )
        if mask is None:
            raise DataError(f"{source / name} has no {name.replace('.png', '_Annotation.png')} beside it")
        outline = grey(mask)
        band = BAND_MM / sizes[name] if name in sizes else BAND_PX
        label = skull(outline, round(band))
        subject = re.match(r"\d+", name)
        rows.append(write(data, name, grey(source / name), label, subject[0] if subject else name, "head"))
    return finish(data, rows, "HC18, van den Heuvel et al., doi 10.5281/zenodo.1327317, CC BY 4.0")


def pixel_sizes(source: Path) -> "dict[str, float]":
    """mm per pixel by file name, of the table in the folder or beside it; empty where there is none."""
    places = source, source.resolve().parent
    tables = [table for place in places for table in sorted(place.glob("*pixel_size_and_HC.csv"))]
    if not tables:
        return {}
    with tables[0].open(newline="", encoding="utf-8") as text:
        rows = list(csv.reader(text))[1:]
    return {row[0]: float(row[1]) for row in rows}


def skull(outline: np.ndarray, band_px: int) -> np.ndarray:
    """A label map from a head's outline, as a line or filled: the skull is a band just inside of it, what is inside of
    that is not known, and what is outside of the head is background."""
    curves, _ = cv2.findContours((outline > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    head = np.zeros(outline.shape, np.uint8)
    cv2.fillConvexPoly(head, cv2.convexHull(np.vstack(curves)), 1)  # a line that the picture's edge cuts is open
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band_px + 1,) * 2)
    inner = cv2.erode(head, reach, borderValue=0)
    return np.where(inner, UNKNOWN, np.where(head, LABEL["skull"], 0)).astype(np.uint8)


def fetal_planes(source: Path, data: Path) -> int:
    """Pictures with their plane and patient."""
    table = source / "FETAL_PLANES_DB_data.csv"
    if not table.is_file():
        raise DataError(f"{table} is missing: give the folder of FETAL_PLANES_DB, with Images/ in it")
    with table.open(newline="", encoding="utf-8-sig") as text:
        rows = list(csv.DictReader(text, delimiter=";"))
    for column in ("Image_name", "Patient_num", "Plane"):
        if not rows or column not in rows[0]:
            raise DataError(f"{table} has no column {column}, separated by semicolons as in the published file")
    made = []
    for row in track(rows, description="convert"):
        name, plane = row["Image_name"].strip(), row["Plane"].strip()
        if plane not in PLANE_OF and plane not in NO_PLANE:
            raise DataError(
                f"{table}: {name} has the plane {plane!r}, but it is one of {', '.join((*PLANE_OF, *NO_PLANE))}"
            )
        picture = grey(source / "Images" / f"{name}.png")
        made.append(write(data, f"{name}.png", picture, None, row["Patient_num"].strip(), PLANE_OF.get(plane, "")))
    return finish(data, made, "FETAL_PLANES_DB, Burgos-Artizzu et al., doi 10.5281/zenodo.3904280, CC BY 4.0")


def others(source: Path, data: Path) -> int:
    """Frames of what is no plane, added to what is in `data`."""
    files = sorted(file for file in source.rglob("*") if file.suffix.lower() in VIDEOS + IMAGES)
    if not files:
        raise DataError(f"{source} has no videos and no pictures ({', '.join(VIDEOS + IMAGES)})")
    rows = []
    for file in track(files, description="convert"):
        for number, picture in enumerate(frames(file)):
            subject = file.relative_to(source).as_posix()
            name = f"{subject}_{number:02d}.png"
            rows.append((*write(data, name, picture, np.zeros_like(picture), subject, "")[:-1], 0))
    return finish(data, rows, f"no plane: {', '.join(file.name for file in files)}", known=0)


def frames(file: Path) -> "list[np.ndarray]":
    """[H, W] uint8 each: the picture, or at most FRAMES of the video."""
    if file.suffix.lower() in IMAGES:
        return [grey(file)]
    video = cv2.VideoCapture(str(file))
    every = []
    while True:
        is_there, frame = video.read()
        if not is_there:
            break
        every.append(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
    if not every:
        raise DataError(f"{file} cannot be read as a video")
    return [every[place] for place in np.unique(np.linspace(0, len(every) - 1, FRAMES).astype(int))]


def grey(file: Path) -> np.ndarray:
    """[H, W] uint8."""
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise DataError(f"{file} is not there, or is no picture")
    return picture


def write(data: Path, name: str, picture: np.ndarray, label: "np.ndarray | None", subject: str, plane: str) -> tuple:
    """One frame's files; its first cells in frames.csv. Whether it is a standard plane is not known."""
    for folder in ("images", "labels") if label is not None else ("images",):
        (data / folder / name).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(data / "images" / name), fitted(picture, cv2.INTER_AREA))
    if label is not None:
        cv2.imwrite(str(data / "labels" / name), fitted(label, cv2.INTER_NEAREST))
    return f"images/{name}", f"labels/{name}" if label is not None else "", subject, plane, ""


def fitted(picture: np.ndarray, interpolation: int) -> np.ndarray:
    """[720, 960]: the picture as large as it can be where the nets look, in its own proportions."""
    screen = np.zeros(SCREEN, np.uint8)
    window = screen[ROWS, COLUMNS]
    zoom = min(window.shape[0] / picture.shape[0], window.shape[1] / picture.shape[1])
    height, width = (max(1, round(side * zoom)) for side in picture.shape)
    top, left = (window.shape[0] - height) // 2, (window.shape[1] - width) // 2
    window[top : top + height, left : left + width] = cv2.resize(picture, (width, height), interpolation=interpolation)
    return screen


def finish(data: Path, rows: "list[tuple]", origin: str, known: "int | str" = "") -> int:
    """The two tables; `known` is what stands for each concept. Of a data set that is there already, rows are kept."""
    file, header = data / "frames.csv", ["image", "labels", "subject", "plane", "standard"]
    before: list[dict[str, str]] = []
    if file.is_file():
        with file.open(newline="", encoding="utf-8") as text:
            before = [row for row in csv.DictReader(text) if row["image"] not in {one[0] for one in rows}]
        origin = f"{json.loads((data / 'dataset.json').read_text(encoding='utf-8'))['origin']}; {origin}"
    head = {"format": "bedside-planes", "version": 1, "origin": origin, "planes": PLANES, "classes": CLASSES}
    concepts = [{"name": name, "plane": plane, "kind": kind} for name, plane, kind in CONCEPTS]
    (data / "dataset.json").write_text(json.dumps(head | {"concepts": concepts}, indent=1) + "\n", encoding="utf-8")
    names = [name for name, _, _ in CONCEPTS]
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, list(before[0]) if before else [*header, *names], restval="")
        writer.writeheader()
        writer.writerows(before)
        writer.writerows(dict(zip(header, row)) | dict.fromkeys(names, known) for row in rows)
    return len(before) + len(rows)


if __name__ == "__main__":
    sys.exit(main())
