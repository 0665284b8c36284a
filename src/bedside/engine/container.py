"""An engine's container: how it is started, where its socket lies, and what its end means.

It has no network. Its runner answers on a socket in a folder that both sides see, and finds the pixels in the shared
memory of this machine. docs/decisions/0011-containers.md has the reasons for each option.
"""

import fcntl
import math
import os
import platform
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import bedside_engine
from bedside.engine.docker import last_line, platform_of, program, trouble
from bedside.engine.limits import THREADS, data_bytes
from bedside.errors import EngineError

PYTHONS = ("python3", "python")
"""Interpreters that are tried in an image when the settings name none."""
RUNNER, CODE, PLACE = "/bedside_engine", "/engine", "/run/bedside"
"""Folders in the container: Bedside's runner, the engine's code, and the socket with the pulse."""
SOCKET, PULSE = "socket", "pulse"
SOCKETS = "BEDSIDE_SOCKETS"
"""Variable with the folder that has a folder for each engine's port, in which its socket lies."""
LONGEST = 70
"""Characters of a folder; the path of a socket must stay under 108."""
THREADS_EACH = 16
"""The kernel counts threads where we count processes, so each process gets room for at least so many."""
NOT_FOUND, REFUSED, KILLED, TERMINATED = 127, 125, 137, 143
FOREIGN = "exec format error"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


@dataclass(frozen=True)
class Container:
    """One engine (or one of its replicas, told apart by `port`), to be run from an image."""

    engine: str
    port: int
    image: str
    file: Path
    """The engine's file; the folder that it lies in is what the container sees of this machine's files."""
    python: str = ""
    options: tuple[str, ...] = ()
    """More options for `docker run`; they come last, so they win."""
    memory_bytes: int = 0
    cpus: float = 0.0
    processes: int = 0
    deadline_s: float = 10.0
    start_deadline_s: float = 300.0
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Of the machine on which it runs."""

    @property
    def name(self) -> str:
        """Its name for Docker, the same at every start."""
        return f"bedside-{os.getuid()}-{self.engine}-{self.port}"

    @property
    def pythons(self) -> tuple[str, ...]:
        """Interpreters to try, one after the other."""
        return (self.python,) if self.python else PYTHONS

    def serve(self, python: str) -> list[str]:
        """The command that serves the engine until it is stopped; its socket lies in a folder of its own."""
        pulse = ("--env", f"BEDSIDE_PULSE={PLACE}/{PULSE}")
        return [
            *self._run("--name", self.name, *_mount(place(self.port), PLACE), *pulse, python=python),
            *self.served_at(f"{PLACE}/{SOCKET}"),
        ]

    def bare(self, python: str) -> list[str]:
        """The command that calls the model on pictures from its stdin, without a server."""
        return [*self._run(python=python), *self._code, "--bare"]

    def lines(self, name: str, python: str, *arguments: str) -> list[str]:
        """The command that has the engine's interpreter run something else in the same surroundings, as `name`."""
        return [*self._run("--name", name, python=python), *arguments]

    def served_at(self, socket: str) -> list[str]:
        """What the interpreter in the container is given, so that it serves the engine on that socket."""
        return [*self._code, "--host", f"unix:{socket}"]

    def confinement(self) -> list[str]:
        """Options of `docker run` that hold wherever it runs, Compose included: no network, no rights, limits, a root
        that cannot be written; the settings' own options come last.
        """
        has_network = any(one.startswith(("--net=", "--network")) or one == "--net" for one in self.options)
        return [
            *(() if has_network else ("--network", "none")),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *self._limits(),
            *("--read-only", "--tmpfs", "/tmp:rw,exec,nosuid,nodev,mode=1777", "--workdir", CODE),
            *self._variables(),
            *self.options,
        ]

    @property
    def _code(self) -> tuple[str, ...]:
        deadlines = ("--deadline", f"{self.deadline_s:g}", "--start-deadline", f"{self.start_deadline_s:g}")
        return (RUNNER, "--path", f"{CODE}/{self.file.name}", "--name", self.engine, *deadlines)

    def _run(self, *more: str, python: str) -> list[str]:
        return [
            *(program(), "run", "--rm", "--init", "--interactive", "--pull", "never", "--log-driver", "none"),
            *("--no-healthcheck", "--entrypoint", python, *more),
            *self._as_caller(),
            *self._files(),
            *self.confinement(),
            self.image,
        ]

    @staticmethod
    def _as_caller() -> list[str]:
        user = ["--user", f"{os.getuid()}:{os.getgid()}"]
        for group in os.getgroups():  # a folder that is readable for a group of ours stays so
            user += ["--group-add", str(group)]
        return user

    def _limits(self) -> list[str]:
        limits = ["--oom-score-adj", "1000", "--ulimit", "core=0"]
        if self.memory_bytes:
            most = str(self.memory_bytes)
            limits += ["--memory", most, "--memory-swap", most, "--ulimit", f"data={data_bytes(self.memory_bytes)}"]
        if self.processes:
            limits += ["--pids-limit", str(self.processes * max(THREADS_EACH, self.cores))]
        if self.cpus:
            limits += ["--cpus", f"{min(self.cpus, self.cores):g}"]
        return limits

    def _files(self) -> list[str]:
        runner = Path(bedside_engine.__file__).parent
        return [
            *_mount(runner, RUNNER, "readonly"),
            *_mount(self.file.parent, CODE),
            *_mount(Path("/dev/shm"), "/dev/shm"),
        ]

    def _variables(self) -> list[str]:
        """No home exists for a user whom the image does not know, and torch asks for the name of the user."""
        variables = {"HOME": "/tmp", "USER": "bedside", "PYTHONUNBUFFERED": "1"}
        variables["BEDSIDE_INSTALL"] = "put into its image: pip install"
        if self.cpus:  # a library sees all cores of the machine, and would start a thread for each
            variables |= dict.fromkeys(THREADS, str(math.ceil(self.cpus)))
        return [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]

    @staticmethod
    def lacks_python(status: int, said: str) -> bool:
        """Whether a container ended because the image has no interpreter of that name; another one is worth a try."""
        return status == NOT_FOUND and FOREIGN not in said.lower()

    def why_it_never_began(self, status: int, said: str) -> str:
        """One sentence on a container that ended before its runner began; `said` is all that was printed."""
        where = f"image {self.image}"
        if sentence := trouble(said):
            return sentence
        if FOREIGN in said.lower():
            return (
                f"{where} is made for {platform_of(self.image)}, and this machine is linux/{architecture()}; "
                "get or build one for this machine"
            )
        if self.lacks_python(status, said):
            wanted = " and no ".join(self.pythons)
            return (
                f"there is no {wanted} in {where}; set python to the interpreter inside, such as /opt/conda/bin/python"
            )
        if status == REFUSED:
            again = "; look at docker_options" if self.options else ""
            return f"docker run refuses {where}: {last_line(said)}{again}"
        return f"{where} ended with exit status {status} before the engine was there; it said last: {last_line(said)}"


def architecture() -> str:
    """This machine's processor, in Docker's words."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def kept_elsewhere() -> bool:
    """Whether the engines of this machine run in containers that are not ours to start, whatever the settings say."""
    return bool(os.environ.get(SOCKETS))


def place(port: int) -> Path:
    """The folder of the socket of the engine that has this port; the port itself is not used.

    Where somebody else keeps the engines' containers, such as Compose, that says in BEDSIDE_SOCKETS where they are.
    """
    if kept_elsewhere():
        return Path(os.environ[SOCKETS]) / str(port)
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
    if len(str(runtime)) > LONGEST or not runtime.is_dir():
        runtime = Path("/tmp")
    return runtime / f"bedside-{os.getuid()}" / str(port)


def address(port: int) -> str:
    """Where a link finds the engine in a container that has this port."""
    return f"unix:{place(port) / SOCKET}"


@contextmanager
def own_place(port: int) -> Iterator[Path]:
    """The folder of the socket, private and ours alone while this lasts, with an idle pulse in it.

    Raises EngineError when another process has it, or it cannot be made.
    """
    folder = made_place(port)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _clear(folder)
        os.mkfifo(folder / PULSE, 0o600)
        yield folder
        _clear(folder)
    except BlockingIOError:
        raise EngineError(
            f"another Bedside runs an engine in a container with port {port}; stop it, or set another port"
        ) from None
    finally:
        os.close(lock)


def made_place(port: int) -> Path:
    """The folder of the socket, made if it is missing; nobody else may look into it. Raises EngineError."""
    folder = place(port)
    for one in (folder.parent, folder):
        try:
            one.mkdir(mode=0o700, exist_ok=True)
            found = one.lstat()
        except OSError as error:
            raise EngineError(
                f"{one}, where the engine's socket is to lie, cannot be made: {error.strerror}"
            ) from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise EngineError(f"{one}, where the engine's socket is to lie, is not a folder of yours alone; remove it")
    return folder


def _clear(folder: Path) -> None:
    for name in (SOCKET, PULSE):
        (folder / name).unlink(missing_ok=True)


def _mount(source: Path, target: str, *more: str) -> list[str]:
    """A folder of this machine in the container; Docker reads the option as CSV."""
    fields = ["type=bind", f"source={source}", f"target={target}", *more]
    return [
        "--mount",
        ",".join('"' + field.replace('"', '""') + '"' if set(field) & set(',"') else field for field in fields),
    ]
