"""`bedside export SESSION --as png|coco|dicom`: pictures for other programs, training sets, objects for an archive."""

import argparse
import logging
import math
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bedside.cli.deeds import note
from bedside.cli.steps import Steps
from bedside.cli.verb import add_verb, settings_of
from bedside.cli.which_session import add_session
from bedside.errors import SettingsError

RESULTS = "results"
SECONDS_OF_MINUTE = 60
ONLY = {
    "frames": ("png", "coco"),
    "corrected": ("coco",),
    "with_results": ("dicom",),
    "burned_in": ("dicom",),
    "to_pacs": ("dicom",),
}
"""Which options belong to which kinds."""
DOC = """\
write a session's pictures for other programs: PNG with JSON, a training set (COCO), DICOM, also to an archive

  png    the kept pictures exactly, each with its results and what people said of them as JSON, and its masks as PNG
  coco   a training set: pictures, masks and boxes in annotations.json, verdicts and concepts in labels.csv
  dicom  Ultrasound Image objects of the kept pictures, Ultrasound Multi-frame objects of their clips or of a span

The session itself is not changed. A participant code stands for the person; a name that the pixels show stays in them.

examples:
  bedside export last --as png --ticked                         the pictures that the review ticked
  bedside export last --as png --frames 25 --from 1:30 --to 2:00   and each 25th recorded frame of this half minute
  bedside export last --as coco --engine planes --corrected     labels as people corrected them
  bedside export last --as dicom --to-pacs                      to the archive of [pacs] address
  bedside export last --as dicom --from 10 --to 20 --to-pacs ORTHANC@127.0.0.1:4242
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "export", run, DOC)
    add_session(parser)
    parser.add_argument("--as", dest="kind", choices=("png", "coco", "dicom"), required=True, help="what is written")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to (export-SESSION-KIND); new or empty")
    parser.add_argument("--overwrite", action="store_true", help="replace files of the same name in that folder")
    parser.add_argument("--ticked", action="store_true", help="of the kept pictures, those that the review ticked")
    parser.add_argument(
        "--frames",
        metavar="N|results",
        help="recorded frames too: each N-th, or those with a result (which is what coco takes by itself)",
    )
    parser.add_argument("--from", dest="from_s", metavar="TIME", help="of the recording, from here: 90, or 1:30")
    parser.add_argument("--to", dest="to_s", metavar="TIME", help="and to here")
    parser.add_argument("--engine", metavar="NAME", default="", help="results of this engine alone")
    parser.add_argument("--replay", metavar="NAME", default="", help="results of this replay instead of the scan's")
    parser.add_argument(
        "--corrected", action="store_true", help="coco: what people said stands for what the engine said"
    )
    parser.add_argument("--with-results", action="store_true", help="dicom: the models' verdicts as Image Comments")
    parser.add_argument(
        "--burned-in",
        choices=("yes", "no"),
        help="dicom: whether the pixels tell who it is (no, where the session was masked or cropped)",
    )
    parser.add_argument(
        "--to-pacs", nargs="?", const="", metavar="AE@HOST:PORT", help="dicom: to this archive ([pacs] address)"
    )


@dataclass(frozen=True)
class Asked:
    """The options of an export, checked."""

    kind: str
    overwrite: bool
    ticked: bool
    every: int | None
    """Each so many recorded frames; 0 those with a result, None no frame."""
    from_s: float
    to_s: float
    is_span: bool
    """Whether a part of the recording was named."""
    engine: str
    replay: str
    corrected: bool
    with_results: bool
    burned_in: bool | None


def run(arguments: argparse.Namespace) -> int:
    """Export one session: 0 all is written (and stored), 1 something could not be."""
    asked, here = checked(arguments), Path.cwd()
    settings, _ = settings_of(arguments)
    folder = arguments.session.folder(Path(settings.session.folder))
    with ExitStack() as stack:
        archive = None
        if arguments.to_pacs is not None:
            from bedside.export.pacs import archive_at, echo

            if not arguments.verbose:
                logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)  # what it says, we say in a sentence
            archive = archive_at(arguments.to_pacs or settings.pacs.address, settings.pacs.ae_title)
            echo(archive)
        if archive is not None and arguments.out is None:
            target = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bedside-export-")))
        else:
            target = here / (arguments.out or f"export-{folder.name}-{asked.kind}")
        from bedside.cli.export_job import Job

        job = Job(folder, target, asked, stack.enter_context(Steps(quiet=arguments.quiet)))
        facts = {"archive": str(archive)} if archive is not None else {}
        note(settings, "export", session=folder.name, kind=asked.kind, folder=str(target), **facts)
        job.write()
        if archive is not None:
            job.send(archive)
    for problem in job.problems:
        print(problem, file=sys.stderr)
    if not arguments.quiet:
        print(job.summary)
    return 1 if job.problems else 0


def checked(arguments: argparse.Namespace) -> Asked:
    """What was asked for. Raises SettingsError for what does not fit together."""
    for name, kinds in ONLY.items():
        if getattr(arguments, name) not in (None, False, "") and arguments.kind not in kinds:
            option = "--" + name.replace("_", "-")
            raise SettingsError(f"{option} belongs to --as {' or '.join(kinds)}, not to --as {arguments.kind}")
    is_span = arguments.from_s is not None or arguments.to_s is not None
    from_s, to_s = seconds(arguments.from_s, 0.0), seconds(arguments.to_s, math.inf)
    if not from_s < to_s:
        raise SettingsError(f"--from {arguments.from_s} is not before --to {arguments.to_s}")
    if is_span and arguments.kind == "png" and arguments.frames is None:
        raise SettingsError("--from and --to choose among recorded frames; say with --frames which of them")
    return Asked(
        arguments.kind,
        arguments.overwrite,
        arguments.ticked,
        every(arguments.frames),
        from_s,
        to_s,
        is_span,
        arguments.engine,
        arguments.replay,
        arguments.corrected,
        arguments.with_results,
        arguments.burned_in and arguments.burned_in == "yes",
    )


def seconds(text: str | None, otherwise: float) -> float:
    """`90`, `1:30` or `1:02:03` in seconds. Raises SettingsError."""
    if text is None:
        return otherwise
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not parts or not all(math.isfinite(part) and part >= 0 for part in parts):
        raise SettingsError(f"a time is {text!r}; expected seconds since the session's start, such as 90, or 1:30")
    total = 0.0
    for part in parts:
        total = total * SECONDS_OF_MINUTE + part
    return total


def every(text: str | None) -> int | None:
    """`--frames` as a number; 0 is each frame with a result, None no frame. Raises SettingsError."""
    if text is None:
        return None
    if text == RESULTS:
        return 0
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"--frames is {text!r}; expected a number from 1, or `results`")
    return int(text)
