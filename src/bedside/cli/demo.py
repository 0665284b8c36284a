"""`bedside demo`: the phantom scanner and the case study's engine, in one go."""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

import bedside
from bedside.cli.ports import Port, free_port
from bedside.cli.up import add_page_options, run_and_show
from bedside.cli.verb import add_verb
from bedside.engine.build import cache
from bedside.errors import SettingsError
from bedside.settings import FIRST_ENGINE_PORT
from bedside.settings_tables import ServerSettings, SourceSettings
from bedside.settings_text import commented, engine_at

LOOPBACK = "127.0.0.1"
ENGINE = "pcbm"
SOURCE = "phantom:?sweep=1"
PLANES = ["Head", "Abdomen", "Femur", "Cervix"]
CASE = {"requirements": "requirements.txt", "size": [960, 720]}
"""How the engine of the case study runs."""
DOC = """\
see it work: a phantom scanner that you steer, a concept bottleneck model and the page

Needs no device and no settings. The model gets an environment of its own, once, from the package index. Nothing is left
behind but that and the sessions that were kept. On the page, ? tells the keys that move the probe.

examples:
  bedside demo
  bedside demo --lan                               let a tablet in this network open the page, by QR code
  bedside demo --source 'file:clip.mp4?loop=1'     with a recorded clip
  bedside demo --engine picture_quality            another engine that ships; this one needs no network to install
  bedside demo --source synthetic: --engine path/to/mine
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "demo", run, DOC)
    add_page_options(parser)
    parser.add_argument("--source", metavar="URL", default=SOURCE, help="another picture than the phantom's")
    parser.add_argument("--engine", metavar="NAME|PATH", help="another engine: one that ships, or your own")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")


def run(arguments: argparse.Namespace) -> int:
    """Run the demo in a folder of its own until told to stop."""
    from bedside.cli.invitation import let_tablets_in

    given = wanted(arguments.engine, absolute_source(arguments.source))
    if arguments.lan is not None:
        let_tablets_in(arguments.lan)
        given["server"]["access"] = str(cache("demo-access"))  # a tablet that trusts this machine does so next time
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


def wanted(engine: str | None, source: str) -> dict[str, dict[str, Any]]:
    """The demo's settings, with other ports where something else listens on the usual ones."""
    usual = {"source": SourceSettings().port, "server": ServerSettings().port, "engine": FIRST_ENGINE_PORT}
    is_phantom = source.startswith(("phantom:", "synthetic:"))
    given: dict[str, dict[str, Any]] = {
        "source": {"url": source},
        "server": {},
        "session": {"needs_consent": not is_phantom},
        "engine": engine_at(_engine_path(engine or ENGINE)),
    }
    if engine in (None, ENGINE):
        given["engine"] |= CASE
        given["session"]["planes"] = PLANES
    for table, port in usual.items():
        if Port(table, LOOPBACK, port).problem:
            given[table]["port"] = free_port(LOOPBACK)
    return given


def _engine_path(engine: str) -> Path:
    path = Path(engine)
    return path if path.exists() else shipped_engine(engine)


def absolute_source(url: str) -> str:
    """The address of a source with its file's path made absolute, since the demo has a folder of its own."""
    scheme, colon, rest = url.partition(":")
    path, question, options = rest.partition("?")
    return f"{scheme}{colon}{Path(path).absolute()}{question}{options}" if scheme == "file" else url


def shipped_engine(name: str) -> Path:
    """The folder of an engine that ships with Bedside: in the installed package, or in the checkout."""
    package = Path(bedside.__file__).parent
    folders = [folder for folder in (package / "engines", package.parents[1] / "engines") if folder.is_dir()]
    for folder in folders:
        if (folder / name / "engine.py").is_file():
            return folder / name
    there = sorted({path.parent.name for folder in folders for path in folder.glob("*/engine.py")})
    raise SettingsError(
        f"--engine {name}: there is no such path, and of the engines that ship there are {', '.join(there)}"
    )
