"""`bedside compare SESSION A B`: where two engines differ on the same frames."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.cli.replay_shown import Bar
from bedside.cli.verb import add_verb, settings_of
from bedside.cli.which_session import add_session
from bedside.errors import SessionError, SettingsError

if TYPE_CHECKING:
    from bedside.replay.agreement import Agreement
    from bedside.replay.said import Key, Side
    from bedside.report.overlay import Shape

DOC = """\
where two engines differ on the frames of a session

Compares what two sides said about the same frames: a table of how far they agree, and a page of the frames where they
differ most, with both overlays. A side is the name of a replay, or engine:NAME for an engine of the scan; without A the
scan's own engine is compared with B.

examples:
  bedside compare last planes_v2                     the scan and the replay planes_v2
  bedside compare last planes_v2 planes_v3           two replays
  bedside compare last engine:fast engine:exact      two engines of the scan
  bedside compare last planes_v2 --json              for a program, without a page
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "compare", run, DOC)
    add_session(parser)
    parser.add_argument("sides", metavar="[A] B", nargs="+", help="replays, or engines of the scan as engine:NAME")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the page goes (compare-SESSION-A-B.html)")
    parser.add_argument("--cases", type=int, default=24, metavar="N", help="at most so many cases on the page (24)")
    parser.add_argument("--json", action="store_true", help="the numbers, for a program; no page without --out")


def run(arguments: argparse.Namespace) -> int:
    """Compare: 0 it could be, whatever came of it."""
    from bedside.replay.agreement import agreement, pairs_of
    from bedside.replay.cases import cases
    from bedside.replay.said import side
    from bedside.session.recorded import Recorded

    if len(arguments.sides) > 2 or arguments.cases < 0:
        raise SettingsError("expected `bedside compare SESSION B` or `SESSION A B`, and --cases of 0 or more")
    out: Path | None = arguments.out and arguments.out.absolute()
    here = Path.cwd()
    settings, _ = settings_of(arguments)
    recorded = Recorded(arguments.session.folder(Path(settings.session.folder)))
    quiet = arguments.quiet or arguments.json
    a, b = (side(recorded, text) for text in ["", *arguments.sides][-2:])
    with Bar("comparing frames", len(a.said.keys() & b.said.keys()), quiet=quiet) as bar:
        pairs = pairs_of(a, b, bar.advance)
    if not pairs:
        raise SessionError(
            f"no frame of session {recorded.name} was answered by both {a.name} and {b.name}; "
            "`bedside replay` at full speed answers every frame"
        )
    numbers, found = agreement(a, b, pairs), cases(pairs)
    if out is None and not arguments.json:
        out = here / f"compare-{recorded.name}-{_plain(a.name)}-{_plain(b.name)}.html"
    if out is not None:
        from bedside.replay.page import page

        with Bar("pictures", min(arguments.cases, len(found)), quiet=quiet, unit="cases") as bar:
            text = page(recorded, (a, b), numbers, found, arguments.cases, _overlay(), bar.advance)
        _write(out, text)
    if arguments.json:
        print(json.dumps(numbers.as_json(), indent=1))
    else:
        _show(numbers, [a.warning, b.warning])
        assert out is not None
        print(f"{min(arguments.cases, len(found))} of {len(found)} cases in which they differ: {out}")
    return 0


def _overlay() -> "Callable[[Side, Key, int, int], Sequence[Shape]]":
    from bedside.hub.outline import outlines
    from bedside.report.overlay import Inks, shapes

    inks = Inks()

    def overlay(side: "Side", key: "Key", width: int, height: int) -> "Sequence[Shape]":
        line = side.line(key)
        answer, mask = line.get("answer"), side.results.mask(line)
        if not isinstance(answer, dict):
            return []
        if mask is not None:
            labels = answer.get("labels")
            answer["outlines"] = outlines(mask, [str(label) for label in labels] if isinstance(labels, list) else [])
        return shapes(answer, width, height, inks)

    return overlay


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"--out {out} cannot be written: {error.strerror}") from error


def _plain(name: str) -> str:
    return name.replace(":", "-")


def _show(numbers: "Agreement", warnings: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from bedside.replay.page import rows

    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table("", numbers.a, numbers.b, box=box.SIMPLE_HEAD)
    for name, a, b in rows(numbers):
        table.add_row(name, a, b if b is not None else "")
    console.print(table)
    if numbers.confusion:
        columns: list[Any] = list(next(iter(numbers.confusion.values())))
        confusion = Table(f"{numbers.a} \\ {numbers.b}", *columns, box=box.SIMPLE_HEAD, title="who said what, frames")
        for label, counts in numbers.confusion.items():
            confusion.add_row(label, *(str(counts[column]) for column in columns))
        console.print(confusion)
    for warning in filter(None, warnings):
        console.print(warning)
