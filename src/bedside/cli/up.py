"""`bedside up`: everything that bedside.toml asks for, on this machine."""

import argparse

from bedside.cli.invitation import invite, let_tablets_in, open_page
from bedside.cli.machine import run_machine
from bedside.cli.verb import add_verb, settings_of
from bedside.supervisor.plan import plan

DOC = """\
run everything that bedside.toml asks for

Builds what the engines lack, as `bedside build` does. Starts the broadcaster, the engines and the server, each its own
process; starts again what dies or hangs; stops everything on Ctrl-C, at once on a second one. What an engine prints is
in logs/engine-NAME.log.

examples:
  bedside up
  bedside up --lan           let tablets in this machine's network open the pages, encrypted, by QR code
  bedside up --lan wlan0     the same, where the machine has several networks; [server] interface does it always
  bedside up --config room2/bedside.toml
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "up", run, DOC)
    add_page_options(parser)
    parser.add_argument("--open", action="store_true", help="open the page in a browser, where there is a screen")


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Options of the verbs that show a page."""
    parser.add_argument(
        "--lan",
        nargs="?",
        const="",
        metavar="INTERFACE",
        help="let tablets in by this network interface, such as wlan0; without a name by the only one",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run everything until told to stop."""
    if arguments.lan is not None:
        let_tablets_in(arguments.lan)
    return run_and_show(arguments, opens=arguments.open)


def run_and_show(arguments: argparse.Namespace, *, opens: bool) -> int:
    """Run everything, print the way to the page once it is there, and open it if wished."""
    settings, file = settings_of(arguments, needs_file=True)
    options = ("-q",) if arguments.quiet else ("-v",) * arguments.verbose

    def greet() -> None:
        invite(settings, arguments.verb)
        if opens:
            open_page(settings)

    return run_machine(plan(settings, file, options), settings, greet, ("--config", str(file), *options))
