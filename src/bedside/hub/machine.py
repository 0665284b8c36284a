"""The machine under it all: how warm it is, how full its disk, whether its clock jumped and its processor is held back.

What a machine does not tell is None; a container or a laptop without sensors is no fault. Everything here blocks, for a
moment: call it in a thread.
"""

import os
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bedside import clock

SYS = Path("/sys")
PROC = Path("/proc")
HOT_C = 90.0
"""Where a machine does not say at which temperature it slows down."""
LOOK_BACK_NS = 60 * clock.NS_PER_S
JUMP_NS = 10 * 60 * clock.NS_PER_S
SETTLED_NS = 500_000_000
"""A clock that is disciplined moves by less between two looks; more is somebody who set it."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """One sensor."""

    name: str
    celsius: float
    limit_c: float | None = None
    """Where it slows the machine down or ends it, as the sensor says."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the sessions."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything at one moment."""

    temperatures: tuple[Temperature, ...] = ()
    disk: Disk | None = None
    memory_bytes: int | None = None
    memory_free_bytes: int | None = None
    load: float | None = None
    """Processes that want the processor, over the last minute."""
    cores: int = 1
    slowed_s: float = 0.0
    """Of the last minute, held back by heat or by a limit of processor time."""
    clock_jump_s: float = 0.0
    """By so much the wall clock was set in the last ten minutes."""

    @property
    def hottest(self) -> Temperature | None:
        """The one that is nearest to its limit."""
        return max(self.temperatures, key=lambda one: one.celsius - (one.limit_c or HOT_C), default=None)


class Machine:
    """Reads it now and then; what it compares with is what it read before. One thread uses it."""

    def __init__(self, folder: Path, sys: Path = SYS, proc: Path = PROC) -> None:
        """`folder` is on the disk that matters, that of the sessions."""
        self._folder = folder
        self._sys = sys
        self._proc = proc
        self._slowed: deque[tuple[int, float]] = deque()
        self._offset_ns: int | None = None
        self._jumps: deque[tuple[int, int]] = deque()

    def read(self) -> Reading:
        """Everything, now."""
        now_ns, memory = clock.monotonic_ns(), _memory(self._proc / "meminfo")
        return Reading(
            tuple(temperatures(self._sys)),
            disk_of(self._folder),
            memory.get("MemTotal"),
            memory.get("MemAvailable"),
            os.getloadavg()[0],
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            self.held_back_s(now_ns),
            self.jumped_s(now_ns, clock.wall_ns()),
        )

    def held_back_s(self, now_ns: int) -> float:
        """How long the processors were held back within the last minute."""
        self._slowed.append((now_ns, slowed_s(self._sys)))
        while len(self._slowed) > 1 and self._slowed[1][0] <= now_ns - LOOK_BACK_NS:
            self._slowed.popleft()
        return max(0.0, self._slowed[-1][1] - self._slowed[0][1])

    def jumped_s(self, now_ns: int, wall_ns: int) -> float:
        """By how much the wall clock was set against the monotonic one within the last ten minutes."""
        offset_ns = wall_ns - now_ns
        if self._offset_ns is not None and abs(offset_ns - self._offset_ns) > SETTLED_NS:
            self._jumps.append((now_ns, offset_ns - self._offset_ns))
        self._offset_ns = offset_ns
        while self._jumps and self._jumps[0][0] <= now_ns - JUMP_NS:
            self._jumps.popleft()
        return sum(by_ns for _, by_ns in self._jumps) / clock.NS_PER_S


def disk_of(folder: Path) -> Disk | None:
    """The disk on which `folder` is, or will be; None where it cannot be looked at."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            usage = shutil.disk_usage(place)
            return Disk(usage.free, usage.total)
    return None


def size_of(folder: Path) -> int:
    """What all files in a folder take on the disk, in bytes."""
    total, waiting = 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:  # deleted meanwhile, or not ours to read: the rest still counts
            continue
    return total


def temperatures(sys: Path = SYS) -> Iterator[Temperature]:
    """Every sensor that tells a believable temperature: the thermal zones, and where there are none, hwmon."""
    zones = sorted((sys / "class/thermal").glob("thermal_zone*"))
    found = [one for zone in zones if (one := _zone(zone)) is not None]
    if not found:
        sensors = sorted((sys / "class/hwmon").glob("hwmon*/temp*_input"))
        found = [one for sensor in sensors if (one := _sensor(sensor)) is not None]
    yield from found


def slowed_s(sys: Path = SYS) -> float:
    """How long the processors were held back since the machine started, by heat (Intel) or by our own limit (cgroup).

    The kernel counts the first in milliseconds for each core, of which the largest counts, the second in microseconds.
    """
    counters = sys.glob("devices/system/cpu/cpu*/thermal_throttle/core_throttle_total_time_ms")
    heat_ms = max((_number(counter) or 0.0 for counter in counters), default=0.0)
    limit_us = 0.0
    for line in _text(sys / "fs/cgroup/cpu.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "throttled_usec" and value.strip().isdecimal():
            limit_us = float(value)
    return heat_ms / 1e3 + limit_us / 1e6


def _zone(zone: Path) -> Temperature | None:
    milli = _number(zone / "temp")
    limits = []
    for kind in zone.glob("trip_point_*_type"):
        value = _number(kind.with_name(kind.name.replace("_type", "_temp")))
        if _text(kind).strip() in ("hot", "critical", "passive") and value is not None and value > 40_000:
            limits.append(value / 1e3)
    return _believable(_text(zone / "type").strip() or zone.name, milli, min(limits, default=None))


def _sensor(sensor: Path) -> Temperature | None:
    label = _text(sensor.with_name(sensor.name.replace("_input", "_label"))).strip()
    chip = _text(sensor.with_name("name")).strip() or sensor.parent.name
    limit = _number(sensor.with_name(sensor.name.replace("_input", "_crit")))
    return _believable(f"{chip} {label}".strip(), _number(sensor), limit / 1e3 if limit and limit > 40_000 else None)


def _believable(name: str, milli: float | None, limit_c: float | None) -> Temperature | None:
    """None for a sensor that is not connected: those say -128, 0 or 255 °C."""
    if milli is None or not 1.0 < milli / 1e3 < 150.0:
        return None
    return Temperature(name, round(milli / 1e3, 1), limit_c)


def _memory(path: Path) -> dict[str, int]:
    lines = (line.split() for line in _text(path).splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) >= 2 and words[1].isdecimal()}


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
