"""`bedside report SESSION`: one session as a page to read, or many as a table."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.deeds import note
from bedside.cli.verb import add_verb, settings_of
from bedside.cli.which_session import HELP, Which, which
from bedside.errors import BedsideError, SessionError, SettingsError
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.review.summary import Summary
    from bedside.session.questionnaire import Questionnaire

DOC = """\
one session as a page to hand in, or all sessions of a study as a table

The page is one HTML file that needs nothing else and asks nothing of anywhere: who, when and with what, what happened
when, verdicts, latencies, losses, pictures with their explanations, what people said. A browser prints it on A4.
With --study there is one row a session, as CSV for pandas, R or a spreadsheet.

examples:
  bedside report last                              2026-11-23T10-12-33_P1.html in this folder
  bedside report sessions/2026-11-23T10-12-33_P1 -o P1.html
  bedside report last --json                       its numbers, for a program
  bedside report --study -o study.csv              all sessions of [session] folder
  bedside report --study /media/usb/sessions       those in another folder; sessions can be named one by one, too
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "report", run, DOC)
    parser.add_argument("session", metavar="SESSION", type=which, nargs="*", help=f"{HELP}; with --study any number")
    parser.add_argument("--study", action="store_true", help="a table with one row a session")
    parser.add_argument("--json", action="store_true", help="one session's numbers, for a program")
    parser.add_argument(
        "-o", "--out", type=_from_here, metavar="FILE", help="where to (SESSION.html, or study.csv) in this folder"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write it; 1 when a session of a study could not be read."""
    here = Path.cwd()
    if arguments.study and arguments.json:
        raise SettingsError("--json is for one session; a study is a table")
    if not arguments.study and len(arguments.session) != 1:
        raise SettingsError(
            f"{len(arguments.session)} sessions are named; expected one, or --study for a table of them"
        )
    settings, _ = settings_of(arguments)
    if arguments.study:
        return _study(arguments, settings, arguments.out or here / "study.csv")
    folder = arguments.session[0].folder(Path(settings.session.folder))
    note(settings, "report", session=folder.name)
    if arguments.json:
        return _numbers(folder)
    return _page(arguments, settings, folder, here)


def _page(arguments: argparse.Namespace, settings: Settings, folder: Path, here: Path) -> int:
    from bedside.hub.outline import outlines
    from bedside.report.page import STEPS, page
    from bedside.review.summary import shown_name
    from bedside.session.recorded import Recorded

    recorded = Recorded(folder)
    out = arguments.out or here / f"{shown_name(recorded).replace(' ', '-')}.html"
    with bar("report", len(STEPS), quiet=arguments.quiet) as advance:
        text = page(recorded, _questionnaires(settings), outlines, lambda step: advance())
    _write(out, text)
    print(out)
    return 0


def _numbers(folder: Path) -> int:
    from bedside.review.summary import summarise
    from bedside.session.recorded import Recorded

    print(json.dumps(asdict(summarise(Recorded(folder))), indent=2, allow_nan=False))
    return 0


def _study(arguments: argparse.Namespace, settings: Settings, out: Path) -> int:
    from bedside.report.study import MOST_LABELS, labels_left_out, table
    from bedside.review.summary import summarise
    from bedside.session.in_use import reading
    from bedside.session.recorded import Recorded

    folders = _folders(arguments.session, Path(settings.session.folder).expanduser())
    summaries: list[Summary] = []
    broken: list[str] = []
    with bar("sessions", len(folders), quiet=arguments.quiet) as advance:
        for folder in folders:
            try:
                with reading(folder):
                    summaries.append(summarise(Recorded(folder)))
            except SessionError as error:
                broken.append(f"{folder.name} is left out: {error}")
            advance()
    for sentence in broken:
        print(f"bedside report: {sentence}", file=sys.stderr)
    if not summaries:
        raise SessionError(f"no session can be read, of {len(folders)}")
    note(settings, "report", sessions=len(summaries))
    _write(out, table(sorted(summaries, key=lambda summary: summary.session)))
    if left_out := labels_left_out(summaries):
        text = f"{left_out} labels have no column of their own, since {MOST_LABELS} lasted longer; --json has them all"
        print(f"bedside report: {text}", file=sys.stderr)
    print(f"{out}: {len(summaries)} session{'s' if len(summaries) > 1 else ''}")
    return 1 if broken else 0


def _folders(named: list[Which], root: Path) -> list[Path]:
    """Of all sessions that are meant, each once. Raises SessionError for what is neither one nor a folder of some."""
    from bedside.session.recorded import sessions

    if not named:
        found = sessions(root)
        if not found:
            raise SessionError(f"{root.absolute()} has no session; name a folder that has some, or the sessions")
        return found
    folders: dict[Path, None] = {}
    for one in named:
        inside = sessions(one.here / Path(one.text).expanduser()) if one.is_folder_of_sessions else []
        folders.update(dict.fromkeys(path.resolve() for path in inside or [one.folder(root)]))
    return list(folders)


def _questionnaires(settings: Settings) -> "dict[str, Questionnaire]":
    """Those of the settings and those that are shipped, so that the items of both have their texts."""
    from bedside.session.questionnaire import SHIPPED, load, load_all

    shipped = {path.stem: load(path.stem, Path()) for path in sorted(SHIPPED.glob("*.toml"))}
    return shipped | load_all(settings.session.questionnaires, Path())


def _from_here(text: str) -> Path:
    """Meant from where it was typed; a verb that reads settings changes its working folder."""
    return Path(text).expanduser().absolute()


@contextmanager
def bar(text: str, total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal that somebody looks at; what is yielded moves it on by one."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(text, total=total)
        yield lambda: bars.advance(task)


def _write(out: Path, text: str) -> None:
    from bedside.session.whole import write_whole

    try:
        write_whole(out, text.encode(errors="backslashreplace"))
    except OSError as error:
        raise BedsideError(f"{out} cannot be written: {error.strerror}; name another file with -o") from error
