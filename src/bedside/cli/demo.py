"""`bedside demo`: a synthetic scanner and an example engine, in one go."""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

import bedside
from bedside.cli.ports import Port, free_port
from bedside.cli.up import add_page_options, run_and_show
from bedside.cli.verb import add_verb
from bedside.errors import BedsideError
from bedside.settings import FIRST_ENGINE_PORT
from bedside.settings_tables import ServerSettings, SourceSettings
from bedside.settings_text import commented, engine_at

LOOPBACK = "127.0.0.1"
ENGINE = "picture_quality"
DOC = """\
see it work: a synthetic scanner, an example engine and the page

Needs no settings and no device, and leaves nothing behind but the sessions that were kept.

examples:
  bedside demo
  bedside demo --tablet                            let a tablet in this network open the page, by QR code
  bedside demo --source 'file:clip.mp4?loop=1'     with a recorded clip
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "demo", run, DOC)
    add_page_options(parser)
    parser.add_argument("--source", metavar="URL", default="synthetic:", help="another picture than the synthetic one")
    parser.add_argument("--engine", type=Path, metavar="PATH", help="another engine than the example")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")


def run(arguments: argparse.Namespace) -> int:
    """Run the demo in a folder of its own until told to stop."""
    from bedside.cli.invitation import let_tablets_in

    if arguments.tablet:
        let_tablets_in()
    given = wanted(arguments.engine or shipped_engine(ENGINE), absolute_source(arguments.source))
    folder = Path(tempfile.mkdtemp(prefix="bedside-demo-"))
    try:
        arguments.config = folder / "bedside.toml"
        arguments.config.write_text(commented(given), encoding="utf-8")
        return run_and_show(arguments, opens=not arguments.no_open)
    finally:
        kept = folder / "sessions"
        if kept.exists() and any(not path.name.startswith(".") for path in kept.iterdir()):
            print(f"What was kept is in {kept}\nTo look at it: bedside --config {folder / 'bedside.toml'} review")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def wanted(engine: Path, source: str) -> dict[str, dict[str, Any]]:
    """The demo's settings, with other ports where something else listens on the usual ones."""
    usual = {"source": SourceSettings().port, "server": ServerSettings().port, "engine": FIRST_ENGINE_PORT}
    given: dict[str, dict[str, Any]] = {"source": {"url": source}, "server": {}, "engine": engine_at(engine)}
    for table, port in usual.items():
        if Port(table, LOOPBACK, port).problem:
            given[table]["port"] = free_port(LOOPBACK)
    return given


def absolute_source(url: str) -> str:
    """The address of a source with its file's path made absolute, since the demo has a folder of its own."""
    scheme, colon, rest = url.partition(":")
    path, question, options = rest.partition("?")
    return f"{scheme}{colon}{Path(path).absolute()}{question}{options}" if scheme == "file" else url


def shipped_engine(name: str) -> Path:
    """The folder of an engine that ships with Bedside: in the installed package, or in the checkout."""
    package = Path(bedside.__file__).parent
    for folder in (package / "engines", package.parents[1] / "engines"):
        if (folder / name).exists():
            return folder / name
    raise BedsideError(f"the example engine {name} is not in this installation; name a folder with --engine")
