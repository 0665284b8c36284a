"""The command line inside a bundle: `python3 FILE.pyz`."""

import argparse
import signal
import sys
from pathlib import Path

from bedside.bundle.archive import Archive, digest_of
from bedside.bundle.install import Wanted, install
from bedside.bundle.prefix import DEFAULT, Prefix
from bedside.errors import BedsideError

DOC = """\
Installs Bedside from this file, without a network. Research use only.

examples:
  sudo python3 FILE install                   into /opt/bedside, started at boot
  sudo python3 FILE install --lan             the same, open to tablets in the network of its first interface
  python3 FILE install --prefix ~/bedside --no-service
  python3 FILE verify                         is every byte as it was packed?

The same command updates: settings and sessions in PREFIX/data stay as they are, and if the new version does not come
up, the one before is brought back. `bedside install --rollback` brings it back later.
"""


def main(argv: list[str]) -> int:
    """Run; returns 0, 1 where it failed, 2 where it was asked wrongly, 130 where it was interrupted."""
    file = Path(argv[0]).absolute()
    parser = argparse.ArgumentParser(
        file.name,
        description=DOC,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"python3 {file.name} VERB",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("verify", help="check every byte, change nothing")
    add_options(verbs.add_parser("install", help="install, or update"))
    arguments = parser.parse_args(argv[1:])
    for end in (signal.SIGHUP, signal.SIGTERM):  # a closed connection ends it as Ctrl-C does
        if signal.getsignal(end) is signal.SIG_DFL:
            signal.signal(end, signal.default_int_handler)
    try:
        if arguments.verb == "verify":
            return verify(file)
        install(file, Prefix(arguments.prefix.expanduser().absolute()), wanted(arguments), Shown())
    except BedsideError as error:
        print(f"{file.name}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("interrupted; what ran before runs as before. Repeat the command", file=sys.stderr)  # noqa: T201
        return 130
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of an installation."""
    parser.add_argument("--prefix", type=Path, default=DEFAULT, help=f"where to ({DEFAULT})")
    parser.add_argument("--no-service", action="store_true", help="do not start it at boot")
    parser.add_argument("--lan", nargs="?", const="", metavar="INTERFACE", help="let tablets in that network in")


def wanted(arguments: argparse.Namespace) -> Wanted:
    """The options as values."""
    return Wanted(has_service=not arguments.no_service, lan=arguments.lan)


def verify(file: Path) -> int:
    """Check the whole file and say what is in it."""
    shown = Shown()
    archive = Archive(file, shown)
    archive.check(shown)
    manifest = archive.manifest
    shown.line(f"{file.name} is as it was packed: Bedside {manifest.name} for {manifest.machine}")
    shown.line(
        f"for Python {' and '.join(manifest.pythons)}, {len(manifest.parts)} parts, {len(manifest.images)} images"
    )
    shown.line(f"SHA-256 {digest_of(file, 0, shown)}")
    return 0


class Shown:
    """Plain progress: one line that changes on a terminal, one line for each step elsewhere."""

    def __init__(self) -> None:
        self._step = ""
        self._said = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        """`done` of `total`; a `total` of 0 is unknown."""
        if sys.stdout.isatty():
            text = f"  {step} {100 * done // total} %" if total else f"  {step} ..."
            if text != self._said:
                print(f"\r\x1b[K{text}", end="", flush=True)  # noqa: T201
                self._said = text
        elif step != self._step:
            print(f"  {step}", flush=True)  # noqa: T201
        self._step = step

    def line(self, text: str) -> None:
        """A line that stays."""
        print(f"\r\x1b[K{text}" if sys.stdout.isatty() else text, flush=True)  # noqa: T201
        self._said = ""
