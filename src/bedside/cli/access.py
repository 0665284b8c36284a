"""`bedside access`: who may do what: pair tablets, list and revoke them, and read the access log."""

import argparse
import json
import sys
import urllib.parse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bedside import clock
from bedside.cli.deeds import note
from bedside.cli.health import access_folder, ask_server
from bedside.cli.verb import add_verb, settings_of
from bedside.errors import AccessError, SettingsError
from bedside.loopback import is_loopback
from bedside.settings import Settings

if TYPE_CHECKING:
    from bedside.access.devices import Devices
    from bedside.access.log import AccessLog

DEEDS_SHOWN = 40
DOC = """\
pair tablets, list and revoke them, and read who saw and did what

A tablet is paired once, with a code that is good for ten minutes and for one tablet. Then it is a device with a role:

  viewer     sees the pages, and may hold the picture on its own
  operator   runs sessions, too: snapshots, recording, scale, corrections, review
  admin      sets up, too: masks, devices, this machine

A running server follows at once; none is needed. Whoever shows [server] token may do all, and so may this machine's own
browser and programs where no token is set.

examples:
  bedside access invite operator --label "tablet at bed 2"    a code, and its QR code
  bedside access list                                         who is paired, and when each was last used
  bedside access revoke 3fa2c1                                signed out at once, its pages are closed
  bedside access log                                          the newest deeds
  bedside access log --verify                                 was a line changed or taken out
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "access", run, DOC)
    parser.add_argument("action", choices=("list", "invite", "revoke", "log"), help="what to do")
    parser.add_argument("what", nargs="?", metavar="ROLE|ID", help="invite: viewer, operator or admin; revoke: the id")
    parser.add_argument("--label", default="", help="invite: what the tablet is called; never a person's name")
    parser.add_argument("--verify", action="store_true", help="log: look at every line; 1 where the chain is broken")


def run(arguments: argparse.Namespace) -> int:
    """Do it: 0 it is done, 1 it failed or the log is not whole."""
    from bedside.access.devices import Devices
    from bedside.access.log import AccessLog

    settings, _ = settings_of(arguments)
    folder = access_folder(settings)
    devices, log = Devices(folder, settings.server.signed_in_h), AccessLog(folder)
    match arguments.action:
        case "list":
            return _list(devices, settings)
        case "invite":
            return _invite(devices, settings, _needed(arguments, "a role: viewer, operator or admin"), arguments.label)
        case "revoke":
            return _revoke(devices, settings, _needed(arguments, "an id, as `bedside access list` shows it"))
    return _verify(log) if arguments.verify else _tail(log)


def _needed(arguments: argparse.Namespace, what: str) -> str:
    if not arguments.what:
        raise SettingsError(f"{arguments.action} needs {what}")
    return str(arguments.what)


def _list(devices: "Devices", settings: Settings) -> int:
    now_ns, found = clock.wall_ns(), devices.listed()
    for one in found:
        has_ended = one.has_ended(settings.server.signed_in_h, now_ns)
        state = "signed out" if has_ended else f"used {_day(one.seen_ns)}"
        print(f"{one.id}  {one.role.word:<8}  {one.label or '-':<40}  paired {_day(one.paired_ns)}  {state}")
    if not found:
        print("No tablet is paired. `bedside access invite operator` makes a code for one.")
    return 0


def _invite(devices: "Devices", settings: Settings, word: str, label: str) -> int:
    from bedside.access.devices import role_of
    from bedside.cli.invitation import lead_to_trust

    try:
        role = role_of(word)
    except AccessError as error:
        raise SettingsError(str(error)) from None
    code = devices.invite(role, label)
    note(settings, "invite", role=role.word, label=label)
    url = _where(settings)
    host = urllib.parse.urlsplit(url).hostname or ""
    print(f"Code {code} pairs one tablet as {role.word}, within ten minutes: type it at {url}")
    if sys.stdout.isatty():
        import segno

        segno.make(f"{url}#{code}", error="l").terminal(compact=True, border=2)
    if url.startswith("https"):
        lead_to_trust(settings, host)
    elif is_loopback(host):
        print("This machine alone can open it. To let tablets in this network in: bedside up --lan")
    return 0


def _where(settings: Settings) -> str:
    """Where tablets find the page: what the running server says, since `--lan` stands in no settings."""
    from bedside.cli.invitation import page_url

    try:
        said = json.loads(ask_server(settings, "api/access") or "")["pair_url"]
    except (ValueError, LookupError, TypeError):
        said = ""
    return str(said) or f"{page_url(settings)}pair"


def _revoke(devices: "Devices", settings: Settings, id_: str) -> int:
    device = devices.revoke(id_)
    note(settings, "revoke", device=device.id, label_of_device=device.label)
    print(f"{device.role.word} {device.label or device.id} is signed out; its pages are closed within a second.")
    return 0


def _tail(log: "AccessLog") -> int:
    for entry in log.tail(DEEDS_SHOWN):
        about = ", ".join(f"{name} {value}" for name, value in entry["about"].items() if value not in ("", None))
        who = entry["label"] or entry["id"]
        print(f"{entry['n']:>6}  {entry['at'][:19]}Z  {entry['role']:<8}  {who:<20}  {entry['deed']:<16}  {about}")
    return 0


def _verify(log: "AccessLog") -> int:
    found = log.verify()
    for problem in found.problems:
        print(problem)
    if found.is_torn:
        print("The last line is not whole: the machine stopped while it was written. The next deed takes it out.")
    if found.problems:
        print(f"The log {log.path} is not whole: somebody changed it, or a disk lost it.")
        return 1
    print(f"{found.lines} deeds, none changed and none missing. Newest: {found.newest}")
    return 0


def _day(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / clock.NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M UTC")
