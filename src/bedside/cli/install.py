"""`bedside install`: updates the installation that this Bedside belongs to, or goes back to the version before."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.cli.verb import add_verb
from bedside.clock import NS_PER_S
from bedside.errors import SettingsError

if TYPE_CHECKING:
    from bedside.bundle.prefix import Prefix

DOC = """\
update this installation by a bundle, or go back to the version before

Settings, sessions and devices stay as they are. If the new version does not come up, the one before is brought back.
The first installation is the bundle's own: sudo python3 FILE install

examples:
  bedside install bedside.pyz
  bedside install --list          which versions are there, and which one runs
  bedside install --rollback      run the version before
"""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser) -> None:
    """Put the verb on the command line."""
    parser = add_verb(verbs, shared, "install", run, DOC)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a bundle")
    what.add_argument("--rollback", action="store_true", help="run the version that was installed before")
    what.add_argument("--list", action="store_true", help="show the versions")
    parser.add_argument(
        "--prefix", type=Path, metavar="FOLDER", help="another installation than the one this runs from"
    )
    parser.add_argument("--no-service", action="store_true", help="do not start it at boot")
    parser.add_argument("--lan", nargs="?", const="", metavar="INTERFACE", help="let tablets in that network in")


def run(arguments: argparse.Namespace) -> int:
    """Do it. The bundle's own installer installs it: it knows best what is in it."""
    from bedside.bundle.archive import Archive
    from bedside.bundle.install import roll_back
    from bedside.bundle.prefix import Prefix
    from bedside.bundle.start import Shown

    folder = arguments.prefix or own_prefix()
    prefix = Prefix(folder.expanduser().absolute())
    if arguments.list:
        return show(prefix)
    if arguments.rollback:
        roll_back(prefix, Shown())
        return 0
    Archive(arguments.file, Shown())
    argv = [sys.executable, "-I", str(arguments.file.absolute()), "install", "--prefix", str(prefix.folder)]
    argv += ["--no-service"] if arguments.no_service else []
    argv += [] if arguments.lan is None else ["--lan", *([arguments.lan] if arguments.lan else [])]
    sys.stdout.flush()
    # Not a child: Ctrl-C must reach the installer alone, which goes back.
    return os.execv(sys.executable, argv)


def own_prefix() -> Path:
    """The installation that this runs from. Raises SettingsError when it runs from none."""
    versions = Path(sys.prefix).parent.parent
    if versions.name != "versions":
        raise SettingsError(
            "this Bedside was not installed from a bundle; --prefix names an installation, or see --help"
        )
    return versions.parent


def show(prefix: "Prefix") -> int:
    """The versions, the newest first."""
    found = prefix.installed()
    for one in found:
        when = datetime.fromtimestamp(one.installed_ns / NS_PER_S, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        never = "" if one.came_up_ns else ", never came up"
        print(f"{'*' if one.name == prefix.current_name else ' '} {one.name}  installed {when}{never}")
    if not found:
        print(f"nothing is installed in {prefix.folder}")
    return 0 if found else 1
