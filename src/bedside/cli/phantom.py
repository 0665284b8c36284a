"""`bedside phantom`: pictures of the phantom with their truth, one or a data set to train on."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.steps import Steps
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import SettingsError
from bedside.phantom.concepts import PLANES

if TYPE_CHECKING:
    from bedside.phantom.dataset import DataSet
    from bedside.phantom.plan import Shot

MOST_FRAMES = 1_000_000
MOST_SEED = 9999
SAVE_EVERY = 200
"""Rows are written so often: no more is drawn again after a power cut."""
DOC = """\
pictures of the phantom with their truth: a data set to train on, or one picture

The phantom is drawn: of no person, and every label is exact. To steer its probe live, let `[source] url` be "phantom:".

  --dataset N     N pictures with label maps and frames.csv, balanced over the planes and none, and an overview of
                  the first 24; after Ctrl-C the same command goes on where it stopped
  --picture FILE  one picture of a standard plane as PNG; its truth beside it as JSON, and its label map as PNG

examples:
  bedside phantom --dataset 6000 --out planes
  bedside phantom --dataset 600 --out try --seeds 0..19 --processes 2
  bedside phantom --picture head.png --plane head --seed 3
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "phantom", run, DOC)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dataset", type=int, metavar="N", help="make a data set of so many pictures")
    what.add_argument("--picture", type=Path, metavar="FILE", help="make one picture, a PNG")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the data set goes (phantom-dataset)")
    parser.add_argument("--seeds", metavar="A..B", help="the data set's anatomies, A and B among them (0..99)")
    parser.add_argument("--processes", type=int, metavar="P", help="so many processes make the data set (1)")
    parser.add_argument("--plane", choices=PLANES, help="which plane the picture shows (head)")
    parser.add_argument("--seed", type=int, metavar="SEED", help="the picture's anatomy (0)")


def run(arguments: argparse.Namespace) -> int:
    """Make what was asked for: 0 it is whole."""
    here = Path.cwd()
    settings_of(arguments)
    if arguments.picture is not None:
        _refuse(arguments, "--picture", "out", "seeds", "processes")
        seed = _within("--seed", arguments.seed or 0, 0, MOST_SEED)
        _picture(here / arguments.picture, arguments.plane or "head", seed, quiet=arguments.quiet)
        return 0
    _refuse(arguments, "--dataset", "plane", "seed")
    count = _within("--dataset", arguments.dataset, 1, MOST_FRAMES)
    seeds = _seeds(arguments.seeds or "0..99")
    processes = _within("--processes", 1 if arguments.processes is None else arguments.processes, 1, 64)
    _dataset(here / (arguments.out or "phantom-dataset"), count, seeds, processes, quiet=arguments.quiet)
    return 0


def _dataset(folder: Path, count: int, seeds: range, processes: int, *, quiet: bool) -> None:
    import cv2

    from bedside.phantom.contact_sheet import contact_sheet
    from bedside.phantom.dataset import DataSet
    from bedside.phantom.plan import shots

    cv2.setNumThreads(1)  # its threads cost more than they gain on pictures of this size
    made = DataSet(folder, count, seeds)
    missing = [shot for shot in shots(count, seeds) if not made.has(shot.name)]
    try:
        with Steps(quiet=quiet) as steps:
            _make(made, count, seeds, missing, processes, steps)
    except KeyboardInterrupt:
        print(f"{len(made.rows)} of {count} pictures are in {folder}; the same command goes on", file=sys.stderr)
        raise
    finally:
        made.save()
    rows = [made.rows[image] for image in sorted(made.rows)]
    made.save_overview(contact_sheet(folder, rows))
    if not quiet:
        print(f"{count} pictures in {folder}: {_balance(made)}")


def _make(made: "DataSet", count: int, seeds: range, missing: "list[Shot]", processes: int, steps: Steps) -> None:
    """Make what is missing; what is complete is kept in `made`, whatever happens."""
    from bedside.phantom.making import make, make_beside
    from bedside.phantom.studio import Studio

    steps.begin("pictures of the phantom", len(missing), "pictures")

    def keep(row: dict[str, str]) -> None:
        made.keep(row)
        steps.advance()
        if len(made.rows) % SAVE_EVERY == 0:
            made.save()

    if processes > 1:
        make_beside(made.folder, count, seeds, missing, processes, keep)
        return
    for row in make(made.folder, missing, Studio()):
        keep(row)


def _picture(path: Path, plane: str, seed: int, *, quiet: bool) -> None:
    import cv2

    from bedside.phantom.dataset import truth_as_json
    from bedside.phantom.studio import Studio

    if path.suffix.lower() != ".png":
        raise SettingsError(f"--picture is {path.name!r}; expected the name of a PNG file, such as {plane}.png")
    studio = Studio()
    truth = studio.truth(studio.choose(seed)[plane])
    about = {"format": "bedside-phantom", "version": 1, "seed": seed, **truth_as_json(truth)}
    try:
        path.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        for file, pixels in (
            (path, cv2.cvtColor(studio.picture(0.0, 0), cv2.COLOR_RGB2BGR)),
            (path.with_suffix(".labels.png"), truth.label),
        ):
            file.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    except OSError as error:
        raise SettingsError(f"--picture {path} cannot be written: {error.strerror}") from error
    if not quiet:
        standard = "standard" if truth.is_standard else "not standard"
        print(f"{path}: {truth.plane or 'no plane'}, {standard}; its truth is in {path.with_suffix('.json').name}")


def _balance(made: "DataSet") -> str:
    """`head 1200 (620 standard), ... no plane 1200`."""
    parts = []
    for plane in (*PLANES, ""):
        rows = [row for row in made.rows.values() if row["plane"] == plane]
        standard = sum(row["standard"] == "1" for row in rows)
        parts.append(f"{plane} {len(rows)} ({standard} standard)" if plane else f"no plane {len(rows)}")
    return ", ".join(parts)


def _seeds(text: str) -> range:
    """`A..B` or one number. Raises SettingsError."""
    found = re.fullmatch(r"(\d{1,4})(?:\.\.(\d{1,4}))?", text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise SettingsError(f"--seeds is {text!r}; expected two numbers from 0 to {MOST_SEED} such as 0..99")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def _within(option: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise SettingsError(f"{option} is {value}; expected a number from {least} to {most}")
    return value


def _refuse(arguments: argparse.Namespace, what: str, *others: str) -> None:
    """Raise SettingsError for options that belong to the other kind of work."""
    for name in others:
        if getattr(arguments, name) is not None:
            raise SettingsError(f"--{name} does not belong to {what}; leave it away")
