"""A scanner, a broadcaster and a recorder for tests, and what the recorder has left, read back."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from bedside.bus.broadcaster import Broadcaster
from bedside.bus.publisher import Runs
from bedside.bus.subscriber import Subscriber
from bedside.messages import Pixels, RecorderState, RecorderStatus
from bedside.recorder.coding import Coding
from bedside.recorder.intake import Options
from bedside.recorder.recorder import Recorder
from bedside.session.desk import Desk, Who, With
from bedside.session.journal import Journal
from bedside.session.paths import Live, Paths
from bedside.session.rows import Row, RowKind, parsed
from bedside.source import counter
from bedside.source.capture import Capture

NUMBERS = itertools.count(1)
SMALL = "synthetic:?size=640x360&fps=30"
SLOTS = 60
"""Two seconds, so that a busy machine loses nothing."""
WHO = Who("P1", "explain", consent=True)


@dataclass
class Scanner:
    """A broadcaster that runs."""

    port: int
    capture: Any

    @property
    def url(self) -> str:
        """Where its frames are."""
        return f"ws://127.0.0.1:{self.port}/frames"


@asynccontextmanager
async def scanner(capture: Runs | str = SMALL, port: int = 0, ring: str = "") -> AsyncIterator[Scanner]:
    """A broadcaster of this source, in this process."""
    runs = Capture(capture, frozen_after_s=0.3) if isinstance(capture, str) else capture
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    ready: asyncio.Future[int] = loop.create_future()
    name = ring or f"bedside-test-record-{os.getpid()}-{next(NUMBERS)}"
    broadcaster = Broadcaster(runs, host="127.0.0.1", port=port, ring_name=name, slots=SLOTS)
    task = asyncio.create_task(broadcaster.run(stop, ready.set_result))
    try:
        yield Scanner(await ready, runs)
    finally:
        stop.set()
        await task


@dataclass
class Stage:
    """A recorder that runs on a folder of sessions, and who starts them."""

    root: Path
    desk: Desk
    said: list[RecorderStatus]

    @property
    def status(self) -> RecorderStatus:
        """What it said last."""
        return self.said[-1]

    async def start(self, *, recording: bool = True) -> Path:
        """Starts a session; its folder."""
        return self.root / await asyncio.to_thread(self.desk.start, WHO, With(), recording=recording)

    async def says(self, state: RecorderState, frames: int = 0) -> RecorderStatus:
        """Waits until it is in this state, with so many frames in the video."""
        await until(lambda: bool(self.said) and self.status.state is state and self.status.frames >= frames)
        return self.status


def options(**given: Any) -> Options:
    """Small options for tests."""
    return replace(Options(Coding(), reserve_bytes=0, clip_s=0.0), **given)


@asynccontextmanager
async def recorder(root: Path, url: str, **given: Any) -> AsyncIterator[Stage]:
    """A recorder of this broadcaster, in this process; stopped in order at the end."""
    said: list[RecorderStatus] = []
    stop = asyncio.Event()
    root.mkdir(exist_ok=True)  # noqa: ASYNC240
    running = Recorder(root, Subscriber(url, backlog=SLOTS), options(**given), said.append).run(stop)
    task = asyncio.create_task(running)
    try:
        yield Stage(root, Desk(root), said)
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 20) -> None:
    """Waits until something is true."""
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.02)


@dataclass
class Left:
    """What lies in a session's folder."""

    paths: Paths

    @property
    def rows(self) -> list[Row]:
        """All rows."""
        lines = self.paths.frames.read_text("ascii").splitlines(keepends=True) if self.paths.frames.exists() else []
        return [row for line in lines if (row := parsed(line))]

    @property
    def frames(self) -> list[Row]:
        """Of the video."""
        return [row for row in self.rows if row.kind is RowKind.FRAME]

    @property
    def losses(self) -> list[Row]:
        """What is missing."""
        return [row for row in self.rows if row.kind is RowKind.LOSS]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Of segments.jsonl."""
        return Journal(self.paths.segments).read()

    @property
    def whys(self) -> list[str]:
        """Why each segment ended."""
        return [line["why"] for line in self.lines if line["event"] == "closed"]

    def pictures(self, segment: int) -> list[tuple[int, Pixels]]:
        """(pts, picture) of each frame of a segment's file."""
        (path,) = self.paths.folder.glob(f"video-{segment:03d}.*")
        return pictures(path)

    @property
    def ours(self) -> list[Row]:
        """Losses that are not the source's, which passes frames over on a busy machine."""
        return [row for row in self.losses if row.where != "source"]

    def check(self, *, is_ended: bool = True, may_be_blank: bool = False) -> None:
        """Each picture of the video has its row and shows its number; each frame is a picture or a loss."""
        rows = self.frames
        assert rows
        for segment in sorted({row.segment for row in rows}):
            mine = [row for row in rows if row.segment == segment]
            found = self.pictures(segment)
            assert found[0][0] == mine[0].pts == 0
            if is_ended:
                assert len(found) == len(mine)
            in_ms = next(self.paths.folder.glob(f"video-{segment:03d}.*")).suffix == ".mkv"
            for row, (pts, picture) in zip(mine, found, strict=False):
                assert abs(row.pts - pts) <= (45 if in_ms else 0)
                number = counter.read(picture)
                assert number == row.seq or (may_be_blank and number is None)
                assert abs(row.captured_ns - mine[0].captured_ns - row.pts * 1e9 / 90_000) < 1e9 / 90_000
        covered = sorted((row.seq, row.count) for row in (*rows, *self.losses) if row.seq > 0)
        for (seq, count), (after, _) in itertools.pairwise(covered):
            assert seq + count <= after, "a frame has two rows"


def left(folder: Path) -> Left:
    """What the recorder has left in a session's folder."""
    return Left(Paths(folder))


def pictures(path: Path) -> list[tuple[int, Pixels]]:
    """(pts in 1/90000 s, picture as RGB) of each frame of a file."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            assert frame.pts is not None
            assert frame.time_base is not None
            pts = round(float(frame.pts * frame.time_base) * 90_000)
            found.append((pts, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)))
    return found


def live(root: Path) -> Live:
    """The files beside the sessions."""
    return Live(root)
