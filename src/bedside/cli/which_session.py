"""SESSION on the command line: a session's folder, its name in `[session] folder`, or `last`."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from bedside.errors import SessionError
from bedside.session.in_use import read_until_the_end
from bedside.session.paths import Paths

LAST = "last"
HELP = "a session's folder, its name in [session] folder, or `last`"
NAMED = 3


@dataclass(frozen=True)
class Which:
    """What was typed, and where: a verb that reads settings changes its working folder."""

    text: str
    here: Path

    @property
    def is_folder_of_sessions(self) -> bool:
        """Whether it is a folder, but not a session itself."""
        folder = self.here / Path(self.text).expanduser()
        return self.text != LAST and folder.is_dir() and not Paths(folder).session.is_file()

    def folder(self, root: Path) -> Path:
        """The session's folder; `root` is the one of all sessions. Raises SessionError when there is no such session.

        A folder that is there wins over a name; `last` is the newest session of `root`, also while it runs. It is not
        deleted until this process ends.
        """
        folder = self._folder(root.expanduser())
        read_until_the_end(folder)
        return folder

    def _folder(self, root: Path) -> Path:
        if self.text == LAST:
            return _last(root)
        for folder in (self.here / Path(self.text).expanduser(), root / self.text):
            if Paths(folder).session.is_file():
                return folder.absolute()
        from bedside.session.recorded import sessions

        known = [path.name for path in sessions(root)]
        there = f"; the newest in {root} are {', '.join(known[:NAMED])}" if known else f"; {root} has none"
        raise SessionError(f"there is no session {self.text!r}: expected {HELP}{there}")


def which(text: str) -> Which:
    """For argparse: `type=which`."""
    return Which(text, Path.cwd())


def add_session(parser: argparse.ArgumentParser, *, nargs: str | None = None) -> None:
    """The positional SESSION of a verb; `arguments.session` is a Which, or a list of them where `nargs` says so."""
    parser.add_argument("session", metavar="SESSION", type=which, nargs=nargs, help=HELP)


def _last(root: Path) -> Path:
    from bedside.session.recorded import sessions

    if found := sessions(root):
        return found[0].absolute()
    raise SessionError(
        f"{root.absolute()} has no session; go to the folder of bedside.toml, name it with --config, "
        "or name a session's folder"
    )
