"""`bedside build`: makes the environments and images that the engines need, and keeps them tidy."""

import argparse
import sys
from collections.abc import Iterable

from bedside import clock
from bedside.cli import text_engine
from bedside.cli.beforehand import needed_by
from bedside.cli.engine import find
from bedside.cli.live import end_as_by_ctrl_c
from bedside.cli.shown import Shown
from bedside.cli.verb import add_verb, settings_of
from bedside.engine.build import Buildable
from bedside.errors import BuildFailed
from bedside.settings import Settings
from bedside.settings_tables import EngineSettings
from bedside.supervisor.heartbeat import die_with_parent

DAYS = 30
DOC = """\
make the environments and images that the engines need

An engine with requirements gets an environment of its own, made once and kept until its requirements change. `bedside
up` makes what is missing by itself; this does it beforehand, as long as there is a network.

examples:
  bedside build                  everything that bedside.toml needs
  bedside build pcbm             what this engine needs
  bedside build text             the text finder, for the setup page's masks and `bedside audit`
  bedside build --list           all environments of this user, their sizes, and when each was used last
  bedside build --prune          remove those that bedside.toml does not need and that nobody used for 30 days
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "build", run, DOC)
    parser.add_argument("names", metavar="NAME", nargs="*", help="an [[engine]], or text; without one, all of them")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--list", action="store_true", help="show all environments of this user")
    one.add_argument(
        "--prune", type=float, metavar="DAYS", nargs="?", const=DAYS, help="remove those not used for so long (30)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Build what is missing, or list or remove what is there."""
    settings, _ = settings_of(arguments)
    engines = [_named(settings, name) for name in arguments.names] or list(settings.engines)
    if arguments.list or arguments.prune is not None:
        from bedside.cli.environments import prune, show

        needed = [needed_by(engine) for engine in (*settings.engines, text_engine.engine_of(settings))]
        return show(needed) if arguments.list else prune(needed, arguments.prune)
    die_with_parent()
    end_as_by_ctrl_c()
    return 0 if build_all(engines, quiet=arguments.quiet) else 1


def _named(settings: Settings, name: str) -> EngineSettings:
    """The [[engine]] of that name, or the text finder, which needs no setting. Raises SettingsError."""
    return text_engine.engine_of(settings) if name == text_engine.NAME else find(settings, name)


def build_all(engines: Iterable[EngineSettings], *, quiet: bool = False) -> bool:
    """Build what these engines need, one after the other; says on stderr what fails, and goes on with the next."""
    is_well = True
    for engine in engines:
        needed = needed_by(engine)
        try:
            with Shown(quiet=quiet) as shown:
                if needed is None:
                    shown.line(f"{engine.name}: nothing to build")
                else:
                    build(engine.name, needed, shown)
        except BuildFailed as error:
            print(error, file=sys.stderr)
            is_well = False
    return is_well


def build(name: str, needed: Buildable, shown: Shown) -> None:
    """Build one thing and say how long it took. Raises BuildFailed."""
    if needed.is_built:
        shown.line(f"{name}: {needed.what} is there")
        return
    started_ns = clock.monotonic_ns()
    shown.line(f"{name}: needs {needed.what}")
    needed.build(shown.of(name))
    shown.line(f"{name}: done after {clock.age_ms(started_ns) / 1000:.0f} s")
