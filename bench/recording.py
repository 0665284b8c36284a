"""What recording costs and loses, at 1080p30 with an engine busy beside it."""

import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bedside.messages import RecorderState, RecorderStatus
from bedside.session import recorder_file
from bedside.session.desk import Desk, Who, With
from bedside.session.paths import Live, Paths
from bedside.session.rows import Row, RowKind, parsed
from bench import rig
from bench.numbers import Spread, spread

ENGINE = "busy_40ms"
KILLS_A_RUN = 3
"""The supervisor waits longer after each death in a minute; of these three 0, 0.25 and 0.5 s are its waiting."""


@dataclass(frozen=True)
class Recorded:
    """One recording, measured from outside its process."""

    seconds: float
    frames: int
    lost: dict[str, int]
    """By where."""
    cores: float
    resident_mb: Spread
    private_mb: Spread
    bytes_a_minute: float


def record(seconds: float) -> Recorded:
    """Records so long beside an engine that never rests."""
    with rig.bedside("up", [ENGINE]) as up:
        rig.answering(up, ENGINE)
        folder = begin(up)
        pid = pid_of(up)
        first, cpu_s, start_s = status(up), rig.cpu_s(pid), time.monotonic()
        memory = []
        while time.monotonic() - start_s < seconds:
            time.sleep(1)
            memory.append(rig.memory_mb(pid))
        cores = (rig.cpu_s(pid) - cpu_s) / (time.monotonic() - start_s)
        last, passed = status(up), time.monotonic() - start_s
        rig.stop(up.process)
        lost: dict[str, int] = {}
        for row in rows(folder):
            if row.kind is RowKind.LOSS:
                lost[row.where] = lost.get(row.where, 0) + row.count
    return Recorded(
        passed,
        last.frames - first.frames,
        lost,
        cores,
        spread([resident for resident, _ in memory]),
        spread([private for _, private in memory]),
        (last.video_bytes - first.video_bytes) / passed * 60,
    )


def kills(runs: int) -> list[tuple[float, float]]:
    """Of each `kill -9`: seconds of pictures before it that are not in the video, and until it records again."""
    found, dice = [], random.Random(1)
    for _ in range(runs):
        with rig.bedside("up", [ENGINE]) as up:
            rig.answering(up, ENGINE)
            folder = begin(up)
            for _ in range(KILLS_A_RUN):
                time.sleep(dice.uniform(1.5, 3))
                found.append(kill(up, folder))
    return found


def kill(up: rig.Rig, folder: Path) -> tuple[float, float]:
    """One of them."""
    before = status(up)
    os.kill(pid_of(up), signal.SIGKILL)
    killed_ns = time.monotonic_ns()
    last = max(row.captured_ns for row in rows(folder) if row.kind is RowKind.FRAME)
    rig.until(lambda: is_back(up, before), "the recorder coming back")
    again = min(row.captured_ns for row in rows(folder) if row.captured_ns > last and row.kind is RowKind.FRAME)
    return (killed_ns - last) / 1e9, (again - killed_ns) / 1e9


def begin(up: rig.Rig) -> Path:
    """Starts a session, once the recorder is there; returns when it is recorded."""
    root = up.folder / "sessions"
    rig.until(lambda: recorder_file.read(Live(root)), "a recorder")
    name = Desk(root, needs_consent=False).start(Who("P1"), With(), recording=True)
    rig.until(lambda: status(up).state is RecorderState.RECORDING and status(up).frames > 60, "a recording")
    return root / name


def status(up: rig.Rig) -> RecorderStatus:
    """What the recorder says."""
    return recorder_file.read(Live(up.folder / "sessions")) or RecorderStatus(RecorderState.GONE)


def is_back(up: rig.Rig, before: RecorderStatus) -> bool:
    """Whether another process records, and has pictures on the disk."""
    now = status(up)
    return now.state is RecorderState.RECORDING and now.pid != before.pid and now.frames > before.frames + 60


def pid_of(up: rig.Rig) -> int:
    """The recorder's process."""
    return next(pid for pid, line in rig.children(up.process.pid).items() if rig.role(line) == "recorder")


def rows(folder: Path) -> Iterator[Row]:
    """Of frames.csv, as far as it is written."""
    return filter(None, map(parsed, Paths(folder).frames.read_text("ascii").splitlines(keepends=True)))
