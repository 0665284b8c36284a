"""Reader of the data set format `bedside-planes` (docs/howto/train-on-your-data.md), and the split by subject."""

import csv
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from concepts import CLASSES, CONCEPTS, PLANES, UNKNOWN
from frame import HEIGHT, WIDTH, cropped, cropped_label

SPLITS = ("train", "validation", "test")
SHARES = (0.70, 0.15, 0.15)


class DataError(Exception):
    """What is wrong with a data set, in one sentence that says where and what to do."""


@dataclass(frozen=True)
class Table:
    """The rows of frames.csv, column by column; N frames."""

    folder: Path
    origin: str
    images: tuple[Path, ...]
    labels: "tuple[Path | None, ...]"  # None where a frame has no label map
    subjects: np.ndarray  # [N] str
    planes: np.ndarray  # [N] int: place in PLANES, -1 for none
    standard: np.ndarray  # [N] float: 0, 1, or NaN where not known
    concepts: np.ndarray  # [N, 27] float32, NaN where not known
    split: "np.ndarray | None"  # [N] str, or None where the trainer is to make it

    @property
    def verdicts(self) -> np.ndarray:
        """[N] int, the predictor's classes: the plane, + 4 where it is not a standard plane, -1 where not known."""
        known = (self.planes >= 0) & ~np.isnan(self.standard)
        return np.where(known, self.planes + len(PLANES) * (self.standard != 1), -1)

    @property
    def groups(self) -> np.ndarray:
        """[N] int: what a class-balanced sampler draws equally often; the verdicts, and all frames without one."""
        return np.where(self.verdicts >= 0, self.verdicts, 2 * len(PLANES) + (self.planes >= 0))


def read(folder: "str | Path") -> Table:
    """The table of a data set; DataError says in one sentence what is wrong with it."""
    folder = Path(folder)
    origin = read_head(folder / "dataset.json")
    file = folder / "frames.csv"
    if not file.is_file():
        raise DataError(f"{file} is missing: it has one row for each picture")
    with file.open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    if not rows:
        raise DataError(f"{file} has no rows: it needs one for each picture")
    needed = ["image", "labels", "subject", "plane", "standard", *(name for name, _, _ in CONCEPTS)]
    missing = [name for name in needed if name not in rows[0]]
    if missing:
        raise DataError(
            f"{file} has no column {missing[0]!r}: its first line names {', '.join(needed[:5])} and 27 concepts"
        )
    parsed = [parse(row, f"{file}, line {line}", folder) for line, row in enumerate(rows, 2)]
    images, labels, subjects, planes, standard, concepts = zip(*parsed)
    split = np.array([row["split"] for row in rows]) if "split" in rows[0] else None
    check_split(split, np.array(subjects), file)
    return Table(
        folder,
        origin,
        images,
        labels,
        np.array(subjects),
        np.array(planes),
        np.array(standard),
        np.array(concepts, np.float32),
        split,
    )


def read_head(file: Path) -> str:
    """The origin that dataset.json names, once its tables agree with those of concepts.py."""
    if not file.is_file():
        raise DataError(f"{file} is missing: a data set is a folder with dataset.json, frames.csv, images/ and labels/")
    try:
        head = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{file} is not JSON: {error}") from error
    if head.get("format") != "bedside-planes" or head.get("version") != 1:
        said = f"{head.get('format')!r} version {head.get('version')!r}"
        raise DataError(f"{file}: the format is {said}, but this reader knows 'bedside-planes' version 1")
    ours = {"planes": list(PLANES), "classes": list(CLASSES)}
    ours["concepts"] = [{"name": name, "plane": plane, "kind": kind} for name, plane, kind in CONCEPTS]
    for table, expected in ours.items():
        found = head.get(table, [])
        if table == "concepts" and isinstance(found, list):
            found = [{key: one.get(key) for key in ("name", "plane", "kind")} for one in found if isinstance(one, dict)]
        if found != expected:
            at = next(
                (i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), min(len(found), len(expected))
            )
            theirs, wanted = (repr(one[at]) if at < len(one) else "nothing" for one in (found, expected))
            raise DataError(f"{file}: {table}, number {at}, is {theirs}, but concepts.py has {wanted} there")
    return str(head.get("origin", ""))


def parse(row: "dict[str, str]", place: str, folder: Path) -> tuple:
    """One row: image, labels, subject, plane, standard, concepts."""
    image = inside(folder, row["image"], place, "image")
    label = inside(folder, row["labels"], place, "labels") if row["labels"] else None
    if not row["subject"]:
        raise DataError(f"{place}: the subject is empty, but the split needs to know who is the same person")
    if row["plane"] not in ("", *PLANES):
        raise DataError(f"{place}: the plane is {row['plane']!r}, but it is {', '.join(PLANES)}, or empty for none")
    plane = PLANES.index(row["plane"]) if row["plane"] else -1
    standard = number(row["standard"], f"{place}: standard", True)
    concepts = [number(row[name], f"{place}: {name}", kind == "binary") for name, _, kind in CONCEPTS]
    return image, label, row["subject"], plane, standard, concepts


def inside(folder: Path, name: str, place: str, column: str) -> Path:
    """A file of the data set."""
    if not name or not (folder / name).is_file():
        raise DataError(f"{place}: {column} names {name!r}, and there is no such file in {folder}")
    return folder / name


def number(cell: "str | None", place: str, is_binary: bool) -> float:
    """A concept's cell; NaN where it is empty."""
    if cell is None or not cell.strip():
        return float("nan")
    wanted = "0 or 1" if is_binary else "a quality from 0 to 10"
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not (value in (0, 1) if is_binary else 0 <= value <= 10):
        raise DataError(f"{place} is {cell!r}, but it must be {wanted}, or empty where it is not known")
    return value


def check_split(split: "np.ndarray | None", subjects: np.ndarray, file: Path) -> None:
    """A split of one's own keeps each subject in one part."""
    if split is None:
        return
    odd = sorted(set(split) - set(SPLITS))
    if odd:
        raise DataError(f"{file}: a split is {str(odd[0])!r}, but it must be {', '.join(SPLITS)}")
    for subject in np.unique(subjects):
        parts = np.unique(split[subjects == subject])
        if len(parts) > 1:
            raise DataError(
                f"{file}: subject {str(subject)!r} is in {' and in '.join(parts)}, but must be in one split only"
            )


def split(table: Table, seed: int = 42, kept: "dict[str, list[str]] | None" = None) -> "dict[str, np.ndarray]":
    """Rows of train, validation and test: by the column `split`, or 70/15/15 of the subjects, drawn from the seed.

    kept: the subjects of each part, where a training has begun with them. They stay there, whatever was added since:
    another draw would test on those that were learnt from.
    """
    if kept is not None:
        check_kept(table, kept)
    if table.split is not None:
        return {name: np.flatnonzero(table.split == name) for name in SPLITS}
    if kept is not None:
        return {name: np.flatnonzero(np.isin(table.subjects, np.array(kept[name], str))) for name in SPLITS}
    subjects = np.unique(table.subjects)
    if len(subjects) < len(SPLITS):
        raise DataError(f"{table.folder} has {len(subjects)} subjects, but a split into three parts needs 3 or more")
    np.random.default_rng(seed).shuffle(subjects)
    held = [max(1, round(share * len(subjects))) for share in SHARES[1:]]
    parts = np.split(subjects, [len(subjects) - sum(held), len(subjects) - held[1]])
    return {name: np.flatnonzero(np.isin(table.subjects, part)) for name, part in zip(SPLITS, parts)}


def check_kept(table: Table, kept: "dict[str, list[str]]") -> None:
    """Every subject belongs to a part of the training, and to the same one in a split of one's own."""
    parts = {subject: name for name in SPLITS for subject in kept[name]}
    odd = sorted(set(table.subjects) - set(parts))
    if odd:
        count = f"{len(odd)} of the {len(set(table.subjects))} subjects, such as {str(odd[0])!r}"
        raise DataError(
            f"{table.folder}: the run does not know {count}; give the data set that it was trained on, or train in "
            "another --run, or evaluate all of it with --split all"
        )
    for subject, name in zip(table.subjects, table.split if table.split is not None else ()):
        if parts[subject] != name:
            raise DataError(
                f"{table.folder}: subject {str(subject)!r} is in {name}, but the run had it in {parts[subject]}; "
                "give it back its part, or train in another --run"
            )


def pictures(table: Table, progress=lambda done, total: None) -> np.ndarray:
    """[N, 2, 224, 288] uint8, the pictures and their label maps as the nets see them; read from a cache where it fits.

    The cache is DATA/cache.npy, made once; it is made anew when a file of the data set has changed.
    """
    file, stamp = table.folder / "cache.npy", table.folder / "cache.key"
    key = fingerprint(table)
    if file.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return np.load(file, mmap_mode="r")
    stamp.unlink(missing_ok=True)
    cache = np.lib.format.open_memmap(file, "w+", np.uint8, (len(table.images), 2, HEIGHT, WIDTH))
    with ThreadPoolExecutor(2) as pool:
        for done, pair in enumerate(pool.map(load, table.images, table.labels)):
            cache[done] = pair
            progress(done + 1, len(table.images))
    cache.flush()
    stamp.write_text(key, encoding="utf-8")
    return np.load(file, mmap_mode="r")


def load(image: Path, label: "Path | None") -> np.ndarray:
    """[2, 224, 288] uint8: one frame's picture and label map (all unknown where it has none)."""
    picture = cv2.imread(str(image), cv2.IMREAD_COLOR)
    if picture is None:
        raise DataError(f"{image} cannot be read as a picture")
    both = np.full((2, HEIGHT, WIDTH), UNKNOWN, np.uint8)
    both[0] = cropped(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    if label is not None:
        ids = cv2.imread(str(label), cv2.IMREAD_UNCHANGED)
        if ids is None or ids.ndim != 2 or ids.dtype != np.uint8 or ids.shape != picture.shape[:2]:
            found = "no picture" if ids is None else f"{ids.dtype} {'x'.join(map(str, ids.shape))}"
            height, width = picture.shape[:2]
            raise DataError(
                f"{label} is {found}, but a label map is one channel of 8 bit, {height}x{width} as its picture"
            )
        both[1] = cropped_label(ids)
        odd = np.setdiff1d(both[1], [*range(len(CLASSES)), UNKNOWN])
        if odd.size:
            raise DataError(
                f"{label} has the class {odd[0]}, but classes go from 0 to {len(CLASSES) - 1}, and 255 is unknown"
            )
    return both


def fingerprint(table: Table) -> str:
    """Changes with any file of the data set, and with the size that the nets see."""
    text = hashlib.sha256(f"{HEIGHT}x{WIDTH}".encode())
    for file in [*table.images, *filter(None, table.labels)]:
        found = file.stat()
        text.update(f"{file.relative_to(table.folder)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return text.hexdigest()


@dataclass(frozen=True)
class Data:
    """All that the three stages need."""

    table: Table
    rows: "dict[str, np.ndarray]"  # of train, validation and test
    pictures: np.ndarray  # [N, 2, 224, 288] uint8: picture and label map
    seen: np.ndarray  # [N, 14] bool: which classes a frame shows; none where it has no label map

    @property
    def subjects(self) -> "dict[str, list[str]]":
        """Of train, validation and test."""
        return {name: sorted(map(str, set(self.table.subjects[rows]))) for name, rows in self.rows.items()}


def load_all(folder: "str | Path", seed: int = 42, progress=lambda done, total: None, kept=None) -> Data:
    """Table, split, pictures, and what is seen in them; `kept` as `split` has it."""
    table = read(folder)
    rows = split(table, seed, kept)
    cache = pictures(table, progress)
    seen = np.stack([np.bincount(label.ravel(), minlength=256)[: len(CLASSES)] > 0 for label in cache[:, 1]])
    return Data(table, rows, cache, seen)


def usable(data: Data, stage: str, mask: np.ndarray, what: str) -> "dict[str, np.ndarray]":
    """Rows of train, validation and test that a stage can use; DataError where one of the first two has none.

    mask: [N] bool, the frames that have `what` the stage needs.
    """
    rows = {name: own[mask[own]] for name, own in data.rows.items()}
    for name in SPLITS[:2]:
        if not len(rows[name]):
            raise DataError(
                f"{data.table.folder}: the {stage} needs {what}, and none of the {len(data.rows[name])} {name} frames "
                "has that; add such frames, or train another stage (--stage)"
            )
    return rows


def balanced(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many places as there are groups' members, each group about equally often, in random order."""
    names, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    chances = 1 / counts[place] / len(names)
    return rng.choice(len(groups), len(groups), p=chances)
