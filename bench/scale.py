"""One size of a system, run with a recording all the while: what its pages get, and what the recording loses."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bedside.session.rows import RowKind
from bench import recording, rig
from bench.watch import Watched, watch

SETTLE_S = 3.0
WIDTH_PX = 960


@dataclass(frozen=True)
class Cell:
    """What one size came to, per system where there are several: the worst of them."""

    page_fps: float
    """Live pictures a second at the page that got fewest."""
    age_p95_ms: float
    """Of the pictures when they arrived, at the page that is worst off."""
    source_fps: float
    """Pictures a second that the source delivered."""
    recorded_fps: float
    lost: int
    """Frames that the recording lost after the source had delivered them."""
    answers_per_s: float
    """Of the engine that answered least; 0 without one."""
    added_p50_ms: float
    cores: float
    """Of all processes of the systems."""
    client_cores: float
    """Of the viewers, which are one process on the same machine."""
    memory_mb: float


@dataclass(frozen=True)
class System:
    """A running system, and where it records."""

    up: rig.Rig
    session: Path
    engines: tuple[str, ...]


@contextmanager
def recorded(engines: Sequence[str], source: str = rig.SOURCE_1080P30) -> Iterator[System]:
    """`bedside up` that records, once all engines answer."""
    with rig.bedside("up", engines, source) as up:
        names = tuple(Path(engine).name for engine in engines)
        for name in names:
            rig.answering(up, name, 60)
        yield System(up, recording.begin(up), names)


def measured(systems: Sequence[System], viewers: int, seconds: float, width: int = WIDTH_PX) -> Cell:
    """So many viewers of each system for so long, after a while that does not count."""
    pages, start_ns, passed_s, used = asyncio.run(_watched(systems, viewers, seconds, width))
    kept = [_recorded(system, start_ns, passed_s) for system in systems]
    ages = [sorted(age for at, _, age in page.pictures["live"] if at * 1e9 >= start_ns) for page in pages]
    rows = [row for system in systems for row in system.up.health().get("engines", {}).values()]
    return Cell(
        page_fps=min(_fps(page, start_ns) for page in pages),
        age_p95_ms=max(one[int(0.95 * len(one))] if one else float("inf") for one in ages),
        source_fps=min((one.frames + one.lost) / passed_s for one in kept),
        recorded_fps=min(one.frames / passed_s for one in kept),
        lost=sum(one.lost for one in kept),
        answers_per_s=min(used.answers_per_s, default=0.0),
        added_p50_ms=statistics.median(row["added_ms"] for row in rows) if rows else 0.0,
        cores=used.cores,
        client_cores=used.client_cores,
        memory_mb=used.memory_mb,
    )


@dataclass(frozen=True)
class _Kept:
    frames: int
    lost: int


@dataclass(frozen=True)
class _Used:
    cores: float
    client_cores: float
    memory_mb: float
    answers_per_s: list[float]


async def _watched(
    systems: Sequence[System], viewers: int, seconds: float, width: int
) -> tuple[list[Watched], int, float, _Used]:
    """What all viewers got, from when on it counts (monotonic), for how long, and what it took."""
    watching = [
        asyncio.create_task(_patient(system.up.url, seconds + SETTLE_S, width))
        for system in systems
        for _ in range(viewers)
    ]
    await asyncio.sleep(SETTLE_S)
    pids = [pid for system in systems for pid in (system.up.process.pid, *rig.children(system.up.process.pid))]
    answers = await asyncio.to_thread(_answers, systems)
    cpu_s, own_s, start_ns = sum(map(rig.cpu_s, pids)), time.process_time(), time.monotonic_ns()
    await asyncio.sleep(seconds)
    passed_s = (time.monotonic_ns() - start_ns) / 1e9
    cores, own = (sum(map(rig.cpu_s, pids)) - cpu_s) / passed_s, (time.process_time() - own_s) / passed_s
    now = await asyncio.to_thread(_answers, systems)
    per_s = [(after - before) / passed_s for after, before in zip(now, answers, strict=True)]
    used = _Used(cores, own, sum(map(rig.proportional_mb, pids)), per_s)
    return await asyncio.gather(*watching), start_ns, passed_s, used


async def _patient(url: str, seconds: float, width: int) -> Watched:
    """A viewer that takes what comes; one that gets nothing at all has seen nothing."""
    try:
        async with asyncio.timeout(seconds + 5):
            return await watch(url, seconds, view="video", live=width, answer=0)
    except TimeoutError:
        return Watched()


def _answers(systems: Sequence[System]) -> list[int]:
    return [system.up.health()["engines"][name]["answers"] for system in systems for name in system.engines]


def _fps(page: Watched, start_ns: int) -> float:
    times = [at for at, _, _ in page.pictures["live"] if at * 1e9 >= start_ns]
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0


def _recorded(system: System, start_ns: int, passed_s: float) -> _Kept:
    """What the recording has of that time, once it is on the disk."""
    end_ns = start_ns + round(passed_s * 1e9)
    with contextlib.suppress(TimeoutError):  # a recording that stands still has lost what it has lost
        rig.until(lambda: any(row.captured_ns > end_ns for row in recording.rows(system.session)), "the last row", 10)
    rows = [row for row in recording.rows(system.session) if start_ns <= row.captured_ns < end_ns]
    lost = sum(row.count for row in rows if row.kind is RowKind.LOSS and row.where != "source")
    return _Kept(sum(row.kind is RowKind.FRAME for row in rows), lost)
