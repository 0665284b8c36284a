"""`bedside engine NAME` for an engine in a container: stays as its keeper until it ends.

The supervisor watches this process as if it were the engine: it passes on the runner's signs of life and its output,
ends when the container ends, and takes the container along when it is told to end. Killed with -9 it takes it along,
too: the runner finds that nobody feels its pulse.
"""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from types import FrameType

from bedside import clock
from bedside.engine import docker
from bedside.engine.container import KILLED, PULSE, TERMINATED, Container, own_place
from bedside.engine.environment import engine_file
from bedside.engine.image import image_of
from bedside.errors import BuildFailed
from bedside.settings_tables import EngineSettings
from bedside.supervisor.heartbeat import heartbeat_fd

LAST_LINES = 40
STOP_S = 1
"""Seconds that the engine gets to end by itself; the supervisor gives three."""
AGAIN_S = 0.2


def container_of(engine: EngineSettings, port: int) -> Container:
    """The container for that process of an engine which has this port. Raises SettingsError."""
    file = engine_file(Path(engine.path), engine.name)
    return Container(
        engine.name,
        port,
        image_of(engine.name, file.parent, engine.image, engine.dockerfile).tag,
        file,
        python=engine.python,
        options=engine.docker_options,
        memory_bytes=engine.memory_bytes,
        cpus=engine.cpus,
        processes=engine.most_processes,
        deadline_s=engine.deadline_s,
        start_deadline_s=engine.start_deadline_s,
    )


def keep(container: Container) -> int:
    """Run the container until it ends; returns its exit status. Raises BuildFailed when the engine never began."""
    with own_place(container.port) as place:
        docker.remove(container.name)
        pulse = _Pulse(place / PULSE, heartbeat_fd())
        keeper = _Keeper(container)
        since_ns = clock.wall_ns()
        for python in container.pythons:
            status = keeper.run(python)
            if not container.lacks_python(status, keeper.said) or pulse.was_felt or keeper.is_stopping:
                break
        if keeper.is_stopping:
            return status
        if not pulse.was_felt:
            raise BuildFailed(container.why_it_never_began(status, keeper.said))
        _say_why(container, status, keeper.said, since_ns)
        return status


def _say_why(container: Container, status: int, said: str, since_ns: int) -> None:
    """The last line of the log, which reaches the page: why the container is gone, where docker knows more."""
    if sentence := docker.trouble(said):
        print(sentence, flush=True)
    elif status == KILLED and docker.was_out_of_memory(container.name, since_ns, clock.wall_ns()):
        most = container.memory_bytes / 2**30
        print(f"the container used more memory than its limit, {most:.3g} GB (memory_gb)", flush=True)
    elif status in (KILLED, TERMINATED):
        print("the container was stopped from outside, by hand or by the Docker daemon", flush=True)


class _Keeper:
    """Runs `docker run`, prints what comes from it, and stops the container when this process is told to stop."""

    def __init__(self, container: Container) -> None:
        self.is_stopping = False
        self._container = container
        self._lines: deque[bytes] = deque(maxlen=LAST_LINES)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    @property
    def said(self) -> str:
        """What was printed last."""
        return b"".join(self._lines).decode(errors="replace")

    def run(self, python: str) -> int:
        """One life of the container; returns its exit status."""
        self._lines.clear()
        with subprocess.Popen(
            self._container.serve(python),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,  # so that Ctrl-C reaches this process alone
        ) as running:
            assert running.stdout is not None
            while more := os.read(running.stdout.fileno(), 65536):
                self._lines.extend(more.splitlines(keepends=True))
                sys.stdout.buffer.write(more)
                sys.stdout.buffer.flush()
        return running.returncode

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self.is_stopping:
            self.is_stopping = True
            threading.Thread(target=self._end, name="stop", daemon=True).start()

    def _end(self) -> None:
        """Stop the container; again, since it may be about to begin only."""
        while True:
            stop = (docker.program(), "stop", "-t", str(STOP_S), self._container.name)
            subprocess.run(stop, check=False, stdin=subprocess.DEVNULL, capture_output=True)
            clock.wait_s(AGAIN_S)


class _Pulse:
    """Signs of life: what the runner writes into a pipe with a name in the file system is passed on to the supervisor.

    The runner lives for as long as somebody here has the pipe open for reading, and ends by itself then.
    """

    def __init__(self, path: Path, supervisor: int | None) -> None:
        self.was_felt = False
        self._supervisor = supervisor
        self._fd = os.open(path, os.O_RDWR)  # as a writer, too: so it has no end between two runners
        threading.Thread(target=self._follow, name="pulse", daemon=True).start()

    def _follow(self) -> None:
        while said := os.read(self._fd, 4096):
            self.was_felt = True
            if self._supervisor is not None:
                self._pass_on(self._supervisor, said[-1:])

    def _pass_on(self, supervisor: int, sign: bytes) -> None:
        try:
            os.write(supervisor, sign)
        except BlockingIOError:
            pass  # nobody reads at the moment, which is not our trouble
        except OSError:
            self._supervisor = None
            os.kill(os.getpid(), signal.SIGTERM)
