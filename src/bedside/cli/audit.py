"""`bedside audit SESSION`: looks for text in what a session has kept."""

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.cli.deeds import note
from bedside.cli.verb import add_verb, settings_of
from bedside.cli.which_session import HELP, which
from bedside.errors import BedsideError, SettingsError

if TYPE_CHECKING:
    from bedside.audit.places import Area
    from bedside.source.text import Finds

DOC = """\
look for names in a session: text in its pictures, and free text in its files

Looks at video, clips, snapshots, best frames and masks, and prints where text stands and when; never what it says. The
scanner's own text (depth, gain, ...) is found too: look at the sheet once, then name those areas as known. It needs
`bedside build text` once, reads only, and ends with 1 when something was found. Speech, faces and handwriting it cannot
find, nor text that stood for less than the interval.

examples:
  bedside audit last
  bedside audit last --sheet /tmp/text.html                   with crops to look at; delete it afterwards
  bedside audit last --ignore 0.8,0.1,0.2,0.5                 text in that area is known: x,y,width,height, 0 to 1
  bedside audit last --json > known.json                      after a look at the sheet, all that is there is known ...
  bedside audit SESSION SESSION --known known.json            ... and only other places count
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "audit", run, DOC)
    parser.add_argument("session", metavar="SESSION", type=which, nargs="+", help=HELP)
    parser.add_argument("--every", type=float, default=5.0, metavar="S", help="look at a video every S seconds (5)")
    parser.add_argument("--ignore", action="append", default=[], metavar="X,Y,W,H", help="an area whose text is known")
    parser.add_argument(
        "--known", type=_from_here, metavar="FILE", help="what --json said before; its places are known"
    )
    parser.add_argument("--sheet", type=_from_here, metavar="FILE", help="an HTML page with a crop of each place")
    parser.add_argument("--json", action="store_true", help="what was found, for a program")


def run(arguments: argparse.Namespace) -> int:
    """Audit each session: 0 nothing was found, 1 something was, or something could not be looked at."""
    from bedside.cli.text_finder import finding

    if not arguments.every > 0:
        raise SettingsError(f"--every is {arguments.every:g}; expected seconds above 0")
    settings, _ = settings_of(arguments)
    root = settings.folder / Path(settings.session.folder).expanduser()
    folders = [one.folder(root) for one in arguments.session]
    known = _known(arguments.ignore, arguments.known)
    if arguments.sheet and any(arguments.sheet.resolve().is_relative_to(folder.resolve()) for folder in folders):
        raise SettingsError(f"--sheet {arguments.sheet} lies in the session; name a file elsewhere")
    told, pages = [], []
    with finding(settings) as finds:
        for folder in folders:
            about, page = audit(folder, finds, known, arguments.every, quiet=arguments.quiet)
            told.append(about)
            pages.append(page)
    if arguments.sheet:  # crops of the pictures, to be looked at
        for folder in folders:
            note(settings, "audit", session=folder.name)
        _write(arguments.sheet, "".join(pages))
    print(json.dumps({"sessions": told}, indent=1) if arguments.json else "\n".join(map(_said, told)))
    return 1 if any(one["places"] or one["words"] or one["unseen"] for one in told) else 0


def audit(
    folder: Path, finds: "Finds", known: "Sequence[Area]", every_s: float, *, quiet: bool
) -> tuple[dict[str, Any], str]:
    """What was found in one session, and the page of it. Raises EngineError."""
    from bedside.audit.pictures import TEXTS, Pictures
    from bedside.audit.places import Places
    from bedside.audit.sheet import sheet
    from bedside.audit.words import words
    from bedside.cli.report import bar

    pictures, places = Pictures(folder, every_s), Places(finds, known)
    found = []
    files = pictures.files
    with bar(folder.name, len(files), quiet=quiet) as advance:
        for path in files:
            for look in pictures.of(path):
                places.look(look)
            if path.suffix in TEXTS:
                try:
                    found += list(words(folder, path))
                except (OSError, csv.Error) as error:
                    pictures.unseen.append(f"{path.relative_to(folder)}: cannot be read: {error}")
            advance()
    return {
        "session": folder.resolve().name,
        "pictures": places.pictures,
        "places": [place.told() for place in places.found],
        "known": places.hidden,
        "words": [asdict(word) for word in found],
        "unseen": pictures.unseen,
    }, sheet(folder.name, places.found)


def _known(ignored: Sequence[str], file: Path | None) -> "list[Area]":
    from bedside.audit.places import Area

    found = []
    for text in ignored:
        try:
            x, y, width, height = map(float, text.split(","))
        except ValueError:
            raise SettingsError(f"--ignore is {text!r}; expected x,y,width,height from 0 to 1") from None
        if min(x, y) < 0 or min(width, height) <= 0 or x + width > 1.001 or y + height > 1.001:
            raise SettingsError(f"--ignore is {text!r}; expected x,y,width,height as fractions of the picture, 0 to 1")
        found.append(Area(x, y, width, height))
    if file is None:
        return found
    try:
        sessions = json.loads(file.read_bytes())["sessions"]
        places = [place for one in sessions for place in one["places"]]
        return found + [Area(*(float(place[key]) for key in ("x", "y", "width", "height"))) for place in places]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SettingsError(f"--known {file}: {error}; expected what `bedside audit --json` printed") from error


def _said(one: dict[str, Any]) -> str:
    """For a person: where and when, never what."""
    places, free = one["places"], one["words"]
    lines = [
        f"{one['session']}: {one['pictures']} pictures looked at, text in {len(places)} places, "
        f"{len(free)} pieces of free text to read"
    ]
    for place in places:
        when = "" if place["time_s"] is None else f" at {place['time_s']:.1f} s"
        area = ",".join(f"{place[key]:.3f}" for key in ("x", "y", "width", "height"))
        lines.append(f"  {area}  in {place['pictures']} pictures, first {place['file']}{when}")
    lines += [f"  {word['file']} line {word['line']}, {word['key']}: {word['why']}" for word in free]
    lines += [f"  not looked at: {sentence}" for sentence in one["unseen"]]
    return "\n".join(lines)


def _from_here(text: str) -> Path:
    """Meant from where it was typed."""
    return Path(text).expanduser().absolute()


def _write(out: Path, text: str) -> None:
    from bedside.session.whole import write_whole

    try:
        write_whole(out, text.encode(), mode=0o600)
    except OSError as error:
        raise BedsideError(f"{out} cannot be written: {error.strerror}; name another file with --sheet") from error
