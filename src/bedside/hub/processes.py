"""What runs: from the supervisor where there is one, else from what each process says of itself.

Under `bedside up` the supervisor knows all of it. In containers nobody does: there each process tells by its own
channel that it is there. A broadcaster that has captured fewer frames than before, a recorder with another process
number, an engine's link that counts its returns: each was started again. `since` is then when the server first heard
of it.
"""

import os
from collections import deque
from dataclasses import dataclass, replace

from bedside import clock
from bedside.hub.feed import Feed
from bedside.hub.visit import Visit
from bedside.messages import EngineState, EngineStatus, RecorderState, Signal

MOST_ENDS = 5


@dataclass(frozen=True, slots=True)
class End:
    """One end of a process."""

    wall_ns: int
    why: str


@dataclass(frozen=True, slots=True)
class ProcessNow:
    """One process of Bedside. What is not known is None."""

    name: str
    """broadcast, record, serve or `engine NAME`."""
    state: str
    """running, starting, waiting, or gone where nobody keeps it."""
    since_wall_ns: int | None = None
    """When it was started the last time, or first heard of where no supervisor tells."""
    restarts: int = 0
    ends: tuple[End, ...] = ()
    """The last ones, oldest first."""
    keeps_dying: bool = False
    pid: int | None = None
    memory_bytes: int | None = None
    """Its own, with all that it started."""
    cpu_s: float | None = None
    """Processor time so far, with all that it started."""
    cpu_percent: float | None = None
    """Of one core, since the look before."""

    @property
    def why(self) -> str:
        """Why it ended last; empty when it never did."""
        return self.ends[-1].why if self.ends else ""

    @property
    def is_well(self) -> bool:
        """Whether it runs."""
        return self.state == "running"


class Shares:
    """How much of a core each process takes, between two looks."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, int | None], tuple[int, float]] = {}

    def of(self, processes: list[ProcessNow], now_ns: int) -> list[ProcessNow]:
        """The same, with `cpu_percent` where two looks know it."""
        shared, after = [], {}
        for one in processes:
            key, percent = (one.name, one.pid), None
            if one.cpu_s is not None:
                after[key] = (now_ns, one.cpu_s)
                if (before := self._before.get(key)) and now_ns > before[0]:
                    percent = round(max(0.0, one.cpu_s - before[1]) * 1e11 / (now_ns - before[0]), 1)
            shared.append(replace(one, cpu_percent=percent))
        self._before = after
        return shared


class Heard:
    """What processes say of themselves, where no supervisor tells. Belongs to the feed's event loop."""

    def __init__(self, feed: Feed, visit: Visit | None) -> None:
        self._feed = feed
        self._visit = visit
        self._began_wall_ns = clock.wall_ns()
        self._captured = 0
        self._pid = 0
        self._since: dict[str, int] = {}
        self._restarts: dict[str, int] = {}
        self._ends: dict[str, deque[End]] = {}
        self._message: dict[str, str] = {}

    def look(self) -> list[ProcessNow]:
        """Everything, as of now."""
        status = self._feed.status
        is_there = status.signal is not Signal.OFFLINE
        found = [self._one("broadcast", is_there, status.captured < self._captured, status.message)]
        self._captured = status.captured
        recorder = self._visit.recorder if self._visit else None
        if recorder is not None:
            is_there, is_new = recorder.state is not RecorderState.GONE, self._pid not in (0, recorder.pid)
            found.append(self._one("record", is_there, is_there and is_new, recorder.message))
            self._pid = recorder.pid if is_there else self._pid
        found += [self._engine(engine) for engine in self._feed.engine_statuses]
        return [*found, ProcessNow("serve", "running", self._began_wall_ns, pid=os.getpid())]

    def _one(self, name: str, is_there: bool, is_new: bool, message: str) -> ProcessNow:
        """One that is new, or was gone and is back, was started again."""
        was_gone = bool(self._message.get(name))
        if is_there and name in self._since and (is_new or was_gone):
            self._restarts[name] = self._restarts.get(name, 0) + 1
            del self._since[name]
        if is_there:
            self._since.setdefault(name, clock.wall_ns())
        return self._row(name, "running" if is_there else "gone", "" if is_there else message or "it does not answer")

    def _engine(self, engine: EngineStatus) -> ProcessNow:
        name = f"engine {engine.engine}"
        if engine.state.is_well and (name not in self._since or engine.restarts != self._restarts.get(name, 0)):
            self._since[name] = clock.wall_ns()
        self._restarts[name] = engine.restarts
        if engine.state.is_well:
            return self._row(name, "running", "")
        is_starting = engine.state in (EngineState.NEW, EngineState.STARTING)
        return self._row(name, "starting" if is_starting else "gone", "" if is_starting else engine.message)

    def _row(self, name: str, state: str, message: str) -> ProcessNow:
        """`message` says why it is gone, and counts once for as long as it is."""
        if message and message != self._message.get(name):
            self._ends.setdefault(name, deque(maxlen=MOST_ENDS)).append(End(clock.wall_ns(), message))
        self._message[name] = message
        ends = tuple(self._ends.get(name, ()))
        return ProcessNow(name, state, self._since.get(name), self._restarts.get(name, 0), ends)
