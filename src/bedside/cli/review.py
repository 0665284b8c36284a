"""`bedside review`: sessions in the browser, without a server."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.health import access_folder
from bedside.cli.invitation import has_screen
from bedside.cli.live import live
from bedside.cli.ports import Port
from bedside.cli.verb import add_verb, settings_of
from bedside.cli.which_session import add_session
from bedside.errors import SettingsError

if TYPE_CHECKING:
    from bedside.review.listed import Shelf

HOST = "127.0.0.1"
FIRST_PORT = 8730
PORTS = range(FIRST_PORT, FIRST_PORT + 50)
DOC = """\
look at sessions in the browser: play, step, search, correct, tick for the report

Shows all sessions of [session] folder, or one session, wherever its folder was copied. It needs no server and no
scanner, and may run while a scan does; a running server shows the same at /review. This machine alone can open the
page. What is said there is kept in the session's review.jsonl; nothing else is written.

examples:
  bedside review                       all sessions
  bedside review last                  the newest one
  bedside review /media/usb/2026-11-23T10-12-33_P1 --no-open
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "review", run, DOC)
    add_session(parser, nargs="?")
    parser.add_argument("--port", type=int, metavar="N", help=f"listens there (the first free one from {FIRST_PORT})")
    parser.add_argument("--no-open", action="store_true", help="opens no browser")


def run(arguments: argparse.Namespace) -> int:
    """Show them until told to stop."""
    from bedside.review.listed import Shelf

    settings, _ = settings_of(arguments)
    root = Path(settings.session.folder).expanduser().absolute()
    if arguments.session is None:
        shelf, path = Shelf(root), "/review"
    else:
        folder = arguments.session.folder(root)
        shelf = Shelf(root) if folder.parent.resolve() == root.resolve() else Shelf(folder.parent, folder)
        path = f"/review/{shelf.name_of(folder)}"
    port = _free_port(arguments.port)
    return live(
        lambda stop: _show(shelf, port, path, stop, opens=not arguments.no_open, access=access_folder(settings))
    )


def _free_port(asked: int | None) -> int:
    """The port that was asked for, or the first free one. Raises SettingsError when there is none."""
    if asked is not None and not 0 <= asked < 2**16:
        raise SettingsError(f"--port is {asked}; expected 1 to 65535, or 0 for any that is free")
    for number in PORTS if asked is None else (asked,):
        if not (problem := Port("--port", HOST, number).problem):
            return number
    where = f"--port {asked}" if asked is not None else f"each port from {PORTS.start} to {PORTS.stop - 1}"
    raise SettingsError(f"{where} cannot be listened on: {problem}; --port 0 takes any that is free")


async def _show(shelf: "Shelf", port: int, path: str, stop: asyncio.Event, *, opens: bool, access: Path) -> None:
    from bedside.hub.review_app import create_review_app
    from bedside.hub.server import listening

    async with listening(create_review_app(shelf, HOST, access=access), HOST, port) as number:
        url = f"http://{HOST}:{number}{path}"
        print(f"The review: {url}\nThis machine alone can open it. Research use only. Ctrl-C ends it.", flush=True)
        if opens and has_screen():
            import webbrowser

            await asyncio.to_thread(webbrowser.open, url)
        await stop.wait()
