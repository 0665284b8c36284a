"""One process that is kept alive."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bedside.clock import age_ms, monotonic_ns
from bedside.errors import BedsideError
from bedside.supervisor.backoff import Backoff
from bedside.supervisor.excess import excess
from bedside.supervisor.families import MARK, Families
from bedside.supervisor.log_file import LogFile
from bedside.supervisor.plan import Process

HEARTBEAT_FD = "BEDSIDE_HEARTBEAT_FD"
"""In a child's environment: the number of the file descriptor into which it writes a byte twice a second."""
STARTING = b"s"
"""The sign of life of a child that may still be silent for as long as its start may take; any other byte ends that."""
LOOK_S = 0.25
log = logging.getLogger(__name__)


class ChildState(StrEnum):
    """What a kept process is doing."""

    WAITING = "waiting"
    """Not running; it is started when its time has come."""
    STARTING = "starting"
    """Runs, and has not given a sign of life yet."""
    RUNNING = "running"
    STOPPED = "stopped"
    """Stopped for good."""


@dataclass(frozen=True, slots=True)
class ChildStatus:
    """What one kept process is doing; reported on every change."""

    name: str
    state: ChildState = ChildState.WAITING
    pid: int = 0
    starts: int = 0
    ends: int = 0
    """How often it has ended, or could not be started."""
    is_flapping: bool = False
    """It died too often in the last minute, and is started slowly."""
    message: str = ""
    """Why it died the last time; empty when it never did."""


class Child:
    """Starts one process, listens to its heart, and starts it again whenever it ends, until `stop()`."""

    def __init__(
        self, process: Process, changed: Callable[[], None], backoff: Backoff | None = None, *, families: Families
    ) -> None:
        self.process = process
        self.state = ChildState.WAITING
        self._changed = changed
        self._backoff = backoff or Backoff()
        self._families = families
        self._log = LogFile(process.log) if process.log else None
        self._stopping = asyncio.Event()
        self._running: asyncio.subprocess.Process | None = None
        self._beaten_ns = 0
        self._patience_s = process.start_s
        self._starts = 0
        self._ends = 0
        self._excess = ""
        self._message = ""

    @property
    def status(self) -> ChildStatus:
        """What it is doing now."""
        flapping = self._backoff.is_flapping
        return ChildStatus(self.process.name, self.state, self.pid, self._starts, self._ends, flapping, self._message)

    @property
    def pid(self) -> int:
        """Its process, 0 while there is none."""
        return self._running.pid if self._running else 0

    async def keep(self) -> None:
        """Keep the process alive; returns once it has been stopped."""
        while not self._stopping.is_set():
            try:
                reason = await self._live()
            except (OSError, BedsideError) as error:
                reason = f"cannot be started: {error}"
            if self._stopping.is_set():
                break
            await self._mourn(reason)
        self._enter(ChildState.STOPPED)

    def retire(self) -> None:
        """Do not start it again, whenever it ends."""
        self._stopping.set()

    async def stop(self, grace_s: float) -> None:
        """Ask the process to end, wait for `grace_s` seconds, then kill it with everything that it started."""
        self.retire()
        running = self._running
        if running is None:
            return
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        try:
            await asyncio.wait_for(running.wait(), grace_s)
        except TimeoutError:
            log.warning("%s does not end within %g s; it is killed", self.process.name, grace_s)
        self.kill()
        await running.wait()

    def kill(self) -> None:
        """SIGKILL to the process and to everything that it has started, now."""
        if self._running is not None:
            self._families.kill(self._running.pid)
            with contextlib.suppress(ProcessLookupError):  # where there is no /proc, families are not known
                os.killpg(self._running.pid, signal.SIGKILL)

    def check(self) -> None:
        """Kill the process when it and what it has started use more than they may."""
        if self._running is None or self._excess:
            return
        self._excess = excess(self.process, self._families.members(self._running.pid))
        if self._excess:
            self.kill()

    async def _live(self) -> str:
        """One life of the process; returns why it ended."""
        heart, child_end = os.pipe()
        os.set_blocking(heart, False)
        os.set_blocking(child_end, False)
        try:
            try:
                running = await self._start(child_end)
            finally:
                os.close(child_end)
            self._running = running
            self._families.begin(running.pid, self._mark)
            self._starts += 1
            self._excess = ""
            self._beaten_ns = monotonic_ns()
            self._patience_s = self.process.start_s
            self._enter(ChildState.STARTING)
            asyncio.get_running_loop().add_reader(heart, self._beat, heart)
            if self._stopping.is_set():  # told to stop while it was being started
                self.kill()
            try:
                return await self._watch(running)
            finally:
                asyncio.get_running_loop().remove_reader(heart)
                self.kill()  # what it started itself must not go on without it
                self._running = None
        finally:
            os.close(heart)

    async def _start(self, child_end: int) -> asyncio.subprocess.Process:
        environ = {**os.environ, **self.process.environ, HEARTBEAT_FD: str(child_end), MARK: self._mark}
        with self._log.open() if self._log else contextlib.nullcontext() as output:
            return await asyncio.create_subprocess_exec(
                *self.process.argv,
                env=environ,
                cwd=self.process.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(child_end,),
                start_new_session=True,
            )

    @property
    def _mark(self) -> str:
        return f"{os.getpid()} {self.process.name} {self._ends}"

    async def _watch(self, running: asyncio.subprocess.Process) -> str:
        while True:
            with contextlib.suppress(TimeoutError):
                code = await asyncio.wait_for(running.wait(), LOOK_S)
                return self._excess or how_it_ended(code)
            if self._log:
                self._log.trim()
            if age_ms(self._beaten_ns) > self._patience_s * 1000 and not self._stopping.is_set():
                self.kill()
                await running.wait()
                return f"hung: no sign of life for {self._patience_s:g} s"

    def _beat(self, heart: int) -> None:
        with contextlib.suppress(BlockingIOError):
            if said := os.read(heart, 4096):
                self._beaten_ns = monotonic_ns()
                self._patience_s = self.process.start_s if said.endswith(STARTING) else self.process.ping_s
                if self.state is ChildState.STARTING:
                    self._enter(ChildState.RUNNING)
            else:  # every writer has closed it; the end of the process itself is noticed elsewhere
                asyncio.get_running_loop().remove_reader(heart)

    async def _mourn(self, reason: str) -> None:
        pause_s = self._backoff.died()
        self._ends += 1
        said = self._log.last_line() if self._log and not self._excess else ""
        self._message = f"{reason}; it said last: {said}" if said else reason
        where = f" (log: {self.process.log})" if self.process.log else ""
        if self._backoff.is_flapping:
            log.error("%s %s%s; it keeps dying, next start in %g s", self.process.name, self._message, where, pause_s)
        else:
            log.warning("%s %s%s; next start in %g s", self.process.name, self._message, where, pause_s)
        self._enter(ChildState.WAITING)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause_s)

    def _enter(self, state: ChildState) -> None:
        self.state = state
        self._changed()


def how_it_ended(code: int) -> str:
    """An exit status as asyncio tells it, in words."""
    if code >= 0:
        return f"ended with exit status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:  # most real-time signals have no name
        return f"was killed by signal {-code}"
