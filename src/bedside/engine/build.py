"""What is made once before an engine can start, an environment or an image, and how its making is heard.

In: a command line. Out: each line that it prints, and silence twice a second, so that whoever waits can show progress.
"""

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from bedside.errors import BuildFailed, SettingsError

TICK_S = 0.5


def cache(kind: str) -> Path:
    """The folder of what is built of one kind for this user. Raises SettingsError for a user who has no home."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "bedside" / kind
    except RuntimeError:
        raise SettingsError(
            f"user {os.getuid()} has no home folder, where environments are kept; set XDG_CACHE_HOME to a folder"
        ) from None


@dataclass(frozen=True)
class Progress:
    """How far a build is."""

    step: str
    """What is being done now, for a person."""
    done: int = 0
    total: int = 0
    """0 is unknown."""
    unit: str = ""
    """Of `done` and `total`: packages or bytes."""


Say = Callable[[Progress], None]
"""Called at least twice a second while something is built, also when nothing has changed."""


class Buildable(Protocol):
    """Something that an engine needs and that is made once."""

    @property
    def what(self) -> str:
        """What it is, for a person."""

    @property
    def is_built(self) -> bool:
        """Whether an engine can start with it."""

    @property
    def failure(self) -> str:
        """Why its last build failed, as long as that is too fresh to try again; else empty."""

    def build(self, say: Say) -> None:
        """Make it, unless it is there; returns once it is. Raises BuildFailed with one sentence."""

    def use(self) -> None:
        """Keep it from being removed while this process lives, also beyond an exec. Raises BuildFailed."""


def run(
    argv: Sequence[str],
    hear: Callable[[str], None],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: IO[str],
    keep: Sequence[int] = (),
) -> int:
    """Run a program to its end and return its exit status; `hear` gets each line, and "" twice a second.

    Everything goes to `log` too. The program inherits the file descriptors in `keep`, and is killed with all that
    it has started when this is interrupted. Raises BuildFailed when it cannot be started.
    """
    log.write(f"$ {' '.join(argv)}\n")
    log.flush()
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            pass_fds=keep,
            process_group=0,
        )
    except OSError as error:
        raise BuildFailed(f"{argv[0]} cannot be run: {error.strerror}") from error
    with process:
        assert process.stdout is not None
        try:
            for line in _lines(process.stdout.fileno()):
                if line:
                    log.write(line + "\n")
                    log.flush()
                hear(line)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # with what it has started: venv runs pip, and pip compilers
            raise
    return process.returncode


def _lines(fd: int) -> Iterator[str]:
    """Whole lines, and an empty one whenever there was nothing to read for a while."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while True:
            if not selector.select(TICK_S):
                yield ""
                continue
            data = os.read(fd, 65536)
            *whole, rest = (rest + data).replace(b"\r", b"\n").split(b"\n")
            for line in whole if data else [*whole, rest]:
                if line.strip():
                    yield line.decode(errors="replace").rstrip()
            if not data:
                return
