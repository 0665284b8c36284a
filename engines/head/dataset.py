"""HC18 as it lies on the disk, split by subject, and pictures that show no head.

HC18: van den Heuvel et al., doi 10.1371/journal.pone.0200412. A folder has NNN_HC.png, each with
NNN_HC_Annotation.png (the line that was drawn, as it is published) or NNN_HC_Mask.png (filled); the table lies in it
or beside it.
"""

import csv
import random
import re
from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from biometry import circumference

KEPT_WIDTH = 560
"""Pictures are kept this wide: 746 of them are 160 MB, and a head may still be enlarged twofold."""

HELD_OUT_CLIPS = (
    "Cov_convex_volpecelli_sonographic_v1.mov",
    "Reg_Image_182340_crop.mp4",
    "Vir_prospective_file2.mp4",
    "interson-image-annotation.jpg",
    "sonosite-anon-eye1-video.mp4",
    "sonosite-anon-eye1.jpg",
)
"""Clips that the training never sees, so that tests and evaluation may use them."""


@dataclass(frozen=True)
class Head:
    """One annotated picture."""

    name: str
    subject: int
    grey: np.ndarray
    """uint8 [height, width], KEPT_WIDTH wide."""
    ellipse: tuple
    """(x, y), (width, height), angle in degrees, as OpenCV has it, in pixels of `grey`."""
    mm_per_px: float
    """Of `grey`."""
    hc_mm: float
    """As the table has it."""


def hc18(folder):
    """That folder, where it has the table and the pictures that it names: the type of --data."""
    try:
        rows = table(folder)
    except FileNotFoundError as error:
        raise ArgumentTypeError(str(error)) from error
    first = f"{rows[0][0]}.png" if rows else "picture"
    if not (Path(folder) / first).is_file():
        raise ArgumentTypeError(
            f"{folder} has no {first} as the table begins with; give HC18's training_set, the folder of the pictures"
        )
    return folder


def files_in(folders):
    """All files of folders, such as clips and pictures."""
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise NotADirectoryError(f"{folder} is no folder; give one with clips and pictures")
    return [path for folder in map(Path, folders) for path in sorted(folder.iterdir()) if path.is_file()]


def table(folder):
    """Rows of the table: name without ending, mm per pixel, head circumference in mm."""
    places = Path(folder), Path(folder).resolve().parent
    tables = [table for place in places for table in sorted(place.glob("*pixel_size_and_HC.csv"))]
    if not tables:
        raise FileNotFoundError(
            f"{folder}: *pixel_size_and_HC.csv is neither in it nor beside it; give HC18's training_set"
        )
    with tables[0].open(encoding="utf-8") as file:
        return [(row[0].removesuffix(".png"), float(row[1]), float(row[2])) for row in list(csv.reader(file))[1:]]


def subject_of(name):
    """The subject's number: 010_HC and 010_2HC are one subject."""
    return int(re.match(r"\d+", name).group())


def split(subjects, seed):
    """Subject numbers of training, validation and test: 70, 15 and 15 %."""
    shuffled = sorted(set(subjects))
    random.Random(seed).shuffle(shuffled)
    first, second = round(0.70 * len(shuffled)), round(0.85 * len(shuffled))
    return set(shuffled[:first]), set(shuffled[first:second]), set(shuffled[second:])


def read_head(folder, name, mm_per_px, hc_mm):
    """One picture with its ellipse.

    The masks are about 1.4 pixels larger all around than the ellipse whose circumference the table gives: the line that
    was drawn is part of them. So the ellipse is fitted to the mask's outline and then made to have the table's HC.
    """
    grey = cv2.imread(str(Path(folder) / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise FileNotFoundError(f"{Path(folder) / f'{name}.png'} is missing, or is no picture, but the table names it")
    (x, y), (width, height), angle = outline_of(mask_of(folder, name))
    shrink = (
        circumference(width, height) - hc_mm / mm_per_px
    ) / np.pi  # the same all around, in pixels of the diameter
    scale = KEPT_WIDTH / grey.shape[1]
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    middle = ((x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5)
    ellipse = (middle, ((width - shrink) * scale, (height - shrink) * scale), angle)
    return Head(name, subject_of(name), grey, ellipse, mm_per_px / scale, hc_mm)


def mask_of(folder, name):
    """The head that comes with a picture, filled: bool [height, width]."""
    filled, line = (Path(folder) / f"{name}_{kind}.png" for kind in ("Mask", "Annotation"))
    if filled.is_file():
        return cv2.imread(str(filled), cv2.IMREAD_GRAYSCALE) > 127
    if not line.is_file():
        raise FileNotFoundError(f"{line} is missing: each picture of HC18 has its annotation beside it")
    drawn = cv2.imread(str(line), cv2.IMREAD_GRAYSCALE) > 127
    head = np.zeros(drawn.shape, np.uint8)
    cv2.ellipse(head, outline_of(drawn), 1, -1)  # the picture's edge may leave the line open
    return head > 0


def outline_of(mask):
    """The ellipse through the mask's outline, without the parts where the picture's edge cuts it."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(found, key=len)[:, 0].astype(np.float32)
    last = np.array(mask.shape[::-1]) - 1
    inside = ((points > 1) & (points < last - 1)).all(1)
    return cv2.fitEllipse(points[inside])


def still_pictures(paths, each=12):
    """Some frames of clips and pictures, grey uint8, at most KEPT_WIDTH wide; what cannot be read is an error."""
    found = []
    for path in paths:
        clip = cv2.VideoCapture(str(path))
        frames = []
        while (read := clip.read())[0]:
            frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY))
        if not frames:
            raise ValueError(f"{path}: no frame can be read; expected a clip or a picture")
        for index in np.unique(np.linspace(0, len(frames) - 1, each).round().astype(int)):
            scale = min(1.0, KEPT_WIDTH / frames[index].shape[1])
            found.append(cv2.resize(frames[index], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return found
