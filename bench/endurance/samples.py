"""What each process holds, every ten seconds; and whether it stays the same."""

import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import rig
from bench.endurance.world import World
from bench.numbers import slope_per_minute

SHM = Path("/dev/shm")
SETTLE_S = 60.0
"""A process fills its buffers in the first minute of its life."""
LIFE_S = 240.0
"""A shorter life tells no slope."""


@dataclass(frozen=True)
class Sample:
    """One process at one moment."""

    at_s: float
    """Since the start."""
    role: str
    pid: int
    resident_mb: float
    private_mb: float
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Surroundings:
    """The rest, at one moment."""

    at_s: float
    shared_mb: float
    """In shared memory, of this system."""
    shared_objects: int
    zombies: int
    session_mb: float
    painted: int
    heap_mb: float
    """Of the page's script."""


class Sampler:
    """Looks at a world; `processes` and `surroundings` grow."""

    def __init__(self, world: World, others: frozenset[str] = frozenset()) -> None:
        """`others` lay in shared memory before."""
        self.processes: list[Sample] = []
        self.surroundings: list[Surroundings] = []
        self._world = world
        self._start_s = time.monotonic()
        self._others = others

    def look(self) -> None:
        """One moment of everything."""
        at_s = time.monotonic() - self._start_s
        pids = self._world.processes()
        self.processes += [sample for pid, role in pids.items() if (sample := _sample(at_s, role, pid)) is not None]
        objects = [path for name in ours() - self._others if (path := SHM / name).exists()]
        self.surroundings.append(
            Surroundings(
                at_s,
                sum(path.stat().st_size for path in objects) / 1e6,
                len(objects),
                sum(_is_zombie(pid) for pid in rig.children(self._world.up.process.pid)),
                sum(path.stat().st_size for path in self._world.session.rglob("*") if path.is_file()) / 1e6,
                self._world.painted(),
                self._world.heap_mb(),
            )
        )


def ours() -> frozenset[str]:
    """Names of what lies in shared memory and is Bedside's."""
    return frozenset(path.name for path in SHM.iterdir() if "bedside" in path.name and path.is_file())


def _sample(at_s: float, role: str, pid: int) -> Sample | None:
    try:
        resident, private = rig.memory_mb(pid)
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except (OSError, KeyError):
        return None  # it has just gone
    return Sample(round(at_s, 1), role, pid, round(resident, 1), round(private, 1), files, threads)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return False


QUANTITIES = ("private_mb", "descriptors", "threads")


@dataclass(frozen=True)
class Flatness:
    """How one quantity of one role went."""

    role: str
    quantity: str
    first: float
    """The middle of its first settled life."""
    last: float
    """The middle of its last settled life; for a process that lived all the time, of the last quarter."""
    largest: float
    per_hour: float | None
    """The middle of the slopes of all lives that were long enough; None when none was."""


def flatness(samples: Sequence[Sample]) -> list[Flatness]:
    """Every quantity of every role."""
    lives: Mapping[str, Mapping[int, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        lives[sample.role][sample.pid].append(sample)
    return [_flat(role, quantity, of.values()) for role, of in sorted(lives.items()) for quantity in QUANTITIES]


def _flat(role: str, quantity: str, lives: Iterable[list[Sample]]) -> Flatness:
    settled = [life for one in lives if (life := [s for s in one if s.at_s >= one[0].at_s + SETTLE_S])] or [*lives]
    values = [[float(getattr(sample, quantity)) for sample in life] for life in settled]
    slopes = [
        60 * slope_per_minute([sample.at_s for sample in life], of)
        for life, of in zip(settled, values, strict=True)
        if life[-1].at_s - life[0].at_s >= LIFE_S
    ]
    quarter = max(1, len(values[0]) // 4)
    first, last = (values[0][:quarter], values[0][-quarter:]) if len(values) == 1 else (values[0], values[-1])
    largest = max(max(of) for of in values)
    slope = statistics.median(slopes) if slopes else None
    return Flatness(role, quantity, statistics.median(first), statistics.median(last), largest, slope)
