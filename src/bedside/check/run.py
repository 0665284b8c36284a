"""The check itself: rounds of the whole way and of the bare loop on the same pictures, results drawn in between."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from bedside import clock
from bedside.check.bare import BareLoop
from bedside.check.drawing import Drawing, sheet
from bedside.check.findings import Findings
from bedside.check.kept import busy_cores, kept
from bedside.check.numbers import Pair, Row
from bedside.check.video import VideoWriter
from bedside.check.way import Answered, Block, Way
from bedside.engine.ask import Ask
from bedside.engine.drawing import draw
from bedside.engine.picture import Wanted
from bedside.errors import EngineError
from bedside.messages import Pixels, Status, Timing
from bedside.supervisor.plan import Process

ROUNDS = 5
SETTLE = 2
"""So many frames of each block do not count: caches and threads have to wake up after the other one's turn."""
WARM_UP = 4
KEPT_BYTES = 400_000_000
"""Pictures of one block are held in memory, since drawing would disturb what is measured."""
ON_SHEET = 12
MOST_ENDS = 4
"""A model that has ended its process so often is given up."""


class Bar(Protocol):
    """Shows how far something is."""

    def begin(self, step: str, total: int) -> None:
        """A step of `total` parts begins; 0 is unknown."""

    def advance(self) -> None:
        """One part of it is done."""


@dataclass(frozen=True)
class Task:
    """What is to be checked."""

    name: str
    way: Way
    broadcaster: Callable[[float], Process]
    """The process that plays the source, from this share of it on where it is a clip of known length."""
    engine: Process | None
    """None for a server that somebody else keeps running."""
    peak_mb: Callable[[int], float]
    """The most memory that the engine has held, in MB, from the process that is kept for it; 0 where not known."""
    bare: BareLoop | None
    wanted: Wanted
    pixel_spacing_mm: float
    frames: int
    seconds: float
    deadline_s: float
    start_deadline_s: float
    out: Path
    is_drawn: bool = True
    """Whether the results become a video and a sheet."""


@dataclass
class Outcome:
    """What was found."""

    findings: Findings = field(default_factory=Findings)
    rounds: list[tuple[Pair, ...]] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    """Where the time of each counted answer went."""
    answers_per_s: list[float] = field(default_factory=list)
    loaded_s: float = 0.0
    """What loading the model took in the bare loop."""
    engine_mb: float = 0.0
    alone_mb: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    source: Status | None = None
    restarts: int = 0
    busy_cores: list[float] = field(default_factory=list)
    """Processor cores that other programs kept busy, before each round."""
    bare_ends: int = 0
    """How often the model has ended its process in the bare loop, or hung there."""
    empty: int = 0
    """Results without any field."""
    files: list[Path] = field(default_factory=list)
    stopped: str = ""
    """Why it ended early; empty when it did not."""

    @property
    def row(self) -> Row | None:
        """The row of the table; None when nothing could be measured."""
        return Row(tuple(self.rounds)) if self.rounds else None


class Check:
    """Runs one check. What was found so far is in `outcome`, also when `run` raises."""

    def __init__(self, task: Task, bar: Bar) -> None:
        self._task = task
        self._bar = bar
        self._draw: _Artist | None = None
        self._last: list[Pixels] = []
        self.outcome = Outcome()

    async def run(self) -> Outcome:
        """Warm up, measure, draw. Raises BedsideError when the engine cannot be loaded, or no picture comes."""
        task = self._task
        async with AsyncExitStack() as stack:
            if task.bare is not None:
                stack.push_async_callback(task.bare.close)
                self._bar.begin("loading the model in a bare loop", 0)
                self.outcome.loaded_s = await task.bare.start(task.start_deadline_s)
            supervisor = await stack.enter_async_context(kept([task.engine])) if task.engine else None
            try:
                await self._rounds()
            except EngineError as error:
                if not self.outcome.findings.frames:
                    raise
                self.outcome.stopped = str(error)
            if supervisor is not None:
                (status,) = supervisor.statuses
                self.outcome.engine_mb = await asyncio.to_thread(task.peak_mb, status.pid)
                self.outcome.restarts = max(0, status.starts - 1)
            if task.bare is not None and not self.outcome.stopped:
                await task.bare.finish()
                self.outcome.alone_mb, self.outcome.versions = task.bare.peak_mb, task.bare.versions
        if self._draw is not None:
            self._bar.begin("writing the sheet", 0)
            self.outcome.files += await asyncio.to_thread(self._draw.finish)
        return self.outcome

    async def _rounds(self) -> None:
        self._bar.begin("first answers", WARM_UP)
        block, pairs = await self._round(WARM_UP, self._task.seconds, 0.0)
        sizes = self._sizes(block, pairs)
        self._bar.begin("measuring and drawing" if self._task.is_drawn else "measuring", sum(sizes))
        for at, size in enumerate(sizes):
            self.outcome.busy_cores.append(await busy_cores())
            block, pairs = await self._round(size, 2 * self._task.seconds / len(sizes) + 1, at / len(sizes))
            if counted := pairs[SETTLE:]:
                self.outcome.rounds.append(tuple(counted))
            good = [one.result.timing for one in block.answered if not one.result.error]
            self.outcome.timings += good[SETTLE:]
            self.outcome.answers_per_s.append(block.fps)

    def _sizes(self, block: Block, pairs: Sequence[Pair]) -> list[int]:
        """How many frames each round gets, by what one took so far, time, and memory for the pictures."""
        task = self._task
        each_s = 1 / block.fps if block.fps else 1.0
        each_s += min((pair.native or 0.0) for pair in pairs) / 1000 if pairs else 0.0
        most = max(ROUNDS * (SETTLE + 1), min(task.frames + ROUNDS * SETTLE, int(task.seconds / each_s)))
        picture = max((one.pixels.nbytes for one in block.answered if one.pixels is not None), default=1)
        size = max(SETTLE + 1, min(-(-most // ROUNDS), KEPT_BYTES // picture))
        return [size] * max(1, round(most / size))

    async def _round(self, frames: int, seconds: float, share: float) -> tuple[Block, list[Pair]]:
        """The whole way, then the bare loop on the same pictures, then drawing. Only answered frames have a pair."""
        task = self._task
        async with kept([task.broadcaster(share)]):
            block = await task.way.run(frames, seconds, self._bar.advance)
        self.outcome.source = block.source
        pairs = []
        for one in block.answered:
            native_ms, wrong = await self._alone(one)
            self.outcome.findings.add([one.result.error, *wrong] if one.result.error else wrong)
            self.outcome.empty += not one.result.answer and not one.result.error
            if not one.result.error:
                pairs.append(replace(one.pair, native=native_ms))
        if task.is_drawn:
            await asyncio.to_thread(self._drawn, block, self.outcome.findings.frames - len(block.answered) + 1)
        return block, pairs

    async def _alone(self, one: Answered) -> tuple[float | None, list[str]]:
        """Milliseconds in the bare loop and what is wrong with its result; None where there is no bare loop."""
        task = self._task
        if task.bare is None or one.pixels is None:
            return None, []
        deadline_s = (
            task.deadline_s if self.outcome.rounds else task.start_deadline_s
        )  # kernels may be compiled at first
        try:
            return await task.bare.ask(self._seen(one, one.pixels), deadline_s)
        except EngineError as error:
            self.outcome.bare_ends += 1
            if self.outcome.bare_ends >= MOST_ENDS:
                raise
            await task.bare.close()
            await task.bare.start(task.start_deadline_s)
            return None, [str(error)]

    def _seen(self, one: Answered, pixels: Pixels) -> Ask:
        """The picture as the engine gets it; a window is made of the last answered ones."""
        look = self._task.wanted.look(one.frame.width, one.frame.height)
        seen = np.empty(look.shape, np.uint8)
        draw(pixels, seen, look)
        window = self._task.wanted.window
        count = max(1, window)
        self._last = [*[each for each in self._last if each.shape == seen.shape], seen][-count:]
        frames = [self._last[0]] * (count - len(self._last)) + self._last
        seconds = one.frame.wall_ns / clock.NS_PER_S
        info = {
            "seqs": [one.frame.seq - count + 1 + at for at in range(count)],
            "times_s": [seconds] * count,
            "state": str(one.frame.signal),
            **look.told(self._task.pixel_spacing_mm),
        }
        return Ask(one.frame.seq, np.stack(frames) if window else seen, info, window > 0)

    def _drawn(self, block: Block, first: int) -> None:
        for number, one in enumerate(block.answered, first):
            if one.pixels is None:
                continue
            if self._draw is None:
                fps = min(30.0, max(1.0, block.fps))
                size = (one.pixels.shape[1], one.pixels.shape[0])
                self._draw = _Artist(self._task.name, self._task.out, size, fps)
            self._draw.add(number, one)


class _Artist:
    """Draws results into a video as they come, and keeps some for the sheet."""

    def __init__(self, name: str, out: Path, size: tuple[int, int], fps: float) -> None:
        self._drawing = Drawing(*size, f"{name}, research use only")
        self._files = [out / "results.mp4", out / "sheet.png"]
        self._video = VideoWriter(self._files[0], self._drawing.size, fps)
        self._chosen: list[Pixels] = []
        self._every, self._count = 1, 0

    def add(self, number: int, one: Answered) -> None:
        """One more result, the `number`-th of all."""
        assert one.pixels is not None
        pair = one.pair
        times = f"model {pair.model:.1f} ms, added {pair.added:.1f} ms"
        caption = f"result {number}: frame {one.frame.seq}, {one.frame.signal}, {times}"
        canvas = self._drawing.draw(one.pixels, one.result.answer, caption, one.result.error)
        self._video.add(canvas)
        if self._count % self._every == 0:
            self._chosen.append(canvas)
        self._count += 1
        if len(self._chosen) >= 2 * ON_SHEET:
            self._chosen, self._every = self._chosen[::2], self._every * 2

    def finish(self) -> list[Path]:
        """Close the video and write the sheet; the files."""
        self._video.close()
        at = np.linspace(0, len(self._chosen) - 1, min(ON_SHEET, len(self._chosen))).round().astype(int)
        whole: Any = cv2.cvtColor(sheet([self._chosen[one] for one in at]), cv2.COLOR_RGB2BGR)
        if not cv2.imwrite(str(self._files[1]), whole):
            raise OSError(f"{self._files[1]} cannot be written")
        return self._files
