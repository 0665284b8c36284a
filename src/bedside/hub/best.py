"""The best frame of each plane: kept by itself, while the scan goes on, when a model says that a frame is good."""

import asyncio
import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from bedside import clock
from bedside.errors import SessionError
from bedside.hub.answer import score_of
from bedside.hub.described import files_of
from bedside.hub.recall import Answered
from bedside.hub.scribe import Scribe
from bedside.session import kept
from bedside.session.names import item_name
from bedside.session.recorded import items
from bedside.threads import background_pool

log = logging.getLogger(__name__)

GOOD = "good"
EVERY_S = 1.0
"""A plane's is written at most once in this time: a model that grows surer frame by frame must not flood the disk."""
MOST_PLANES = 50
"""Of more labels none is kept: a model that makes them up would fill the disk."""


@dataclass(frozen=True, slots=True)
class Written:
    """A best frame that lies on the disk."""

    name: str
    """Of its files."""
    score: float | None
    seq: int


@dataclass(slots=True)
class Best:
    """One plane's."""

    name: str
    """Of its files."""
    score: float | None = None
    """To be beaten; -inf where the verdict has none: then the first one stays. None: there is none yet."""
    written_score: float | None = None
    written_seq: int = 0
    waiting: tuple[Answered, int] | None = None
    """A better one that is not written yet, and its wall time."""
    due_ns: int = 0
    task: asyncio.Task[None] | None = None


class BestFrames:
    """Belongs to one event loop; pictures are written in a thread. At most one picture a plane waits for it."""

    def __init__(self, scribe: Scribe, *, keeps_masks: bool = True) -> None:
        self._scribe = scribe
        self._keeps_masks = keeps_masks
        self._pool = background_pool(1, "bedside-best")
        self._folder: Path | None = None
        self._planes: dict[tuple[str, str], Best] = {}
        self._hurry = asyncio.Event()
        self._failure = ""
        """Why the last writing failed."""

    async def open(self, folder: Path) -> None:
        """Keeps them in `folder` from now on; those that are there already must be beaten."""
        self._planes = await asyncio.get_running_loop().run_in_executor(self._pool, _kept_planes, folder)
        self._folder, self._hurry = folder, asyncio.Event()

    def offer(self, answered: Answered, wall_ns: int) -> None:
        """An answer that may be the best of its plane. Never waits."""
        found = _good(answered)
        if found is None or self._folder is None:
            return
        plane, score = found
        key = (answered.result.engine, plane)
        best = self._planes.get(key)
        if best is None:
            if len(self._planes) >= MOST_PLANES:
                return
            best = self._planes[key] = Best(self._fresh_name(plane))
        elif best.score is not None and score <= best.score:
            return
        best.score, best.waiting = score, (answered, wall_ns)
        if best.task is None or best.task.done():
            best.task = asyncio.create_task(self._write_when_due(plane, best, self._folder), name=f"best {best.name}")

    def written(self, engine: str) -> dict[str, Written]:
        """By plane: what is on the disk of this engine's; of none when no session is kept."""
        if self._folder is None:
            return {}
        return {
            plane: Written(best.name, _finite(best.written_score), best.written_seq)
            for (name, plane), best in self._planes.items()
            if name == engine and best.written_score is not None
        }

    async def flush(self) -> None:
        """Writes those that wait, and keeps nothing more."""
        self._folder = None
        self._hurry.set()
        await asyncio.gather(*(best.task for best in self._planes.values() if best.task is not None))

    def end(self) -> None:
        """Ends the thread after what it is at."""
        self._pool.shutdown(wait=True)

    def _fresh_name(self, plane: str) -> str:
        names = {best.name for best in self._planes.values()}
        name, number = item_name(plane), 1
        while (own := name if number == 1 else f"{name}-{number}") in names:
            number += 1
        return own

    async def _write_when_due(self, plane: str, best: Best, folder: Path) -> None:
        while best.waiting is not None:
            left_s = (best.due_ns - clock.monotonic_ns()) / clock.NS_PER_S
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, left_s)):
                    await self._hurry.wait()
            await self._write(plane, best, best.waiting, folder)

    async def _write(self, plane: str, best: Best, waiting: tuple[Answered, int], folder: Path) -> None:
        (answered, wall_ns), best.waiting = waiting, None
        score = best.score
        best.due_ns = clock.monotonic_ns() + int(EVERY_S * clock.NS_PER_S)
        about = self._about(plane, answered, wall_ns, score)
        try:
            await asyncio.get_running_loop().run_in_executor(
                self._pool, self._write_files, folder, best.name, answered, about
            )
        except Exception as error:  # whatever it is, pictures, answers and the end of the session go on
            self._say(plane, error)
            best.score = best.written_score if best.waiting is None else best.score
            return
        result = answered.result
        best.written_score, best.written_seq, self._failure = score, result.seq, ""
        said: dict[str, Any] = {"plane": plane, "name": best.name, "score": about["score"], "engine": result.engine}
        self._scribe.mark("best", seq=result.seq, captured_ns=result.timing.captured_ns, **said)

    def _say(self, plane: str, error: Exception) -> None:
        """Once, until one is written again: a full disk is met by every plane each second."""
        if str(error) != self._failure:
            is_known = isinstance(error, SessionError | ValueError | cv2.error)
            log.error("the best frame of %s could not be kept: %s", plane, error, exc_info=not is_known)
        self._failure = str(error)

    def _write_files(self, folder: Path, name: str, answered: Answered, about: Mapping[str, Any]) -> None:
        assert answered.pixels is not None
        kept.replace(folder, name, files_of(answered.pixels, answered.result, about, has_mask=self._keeps_masks))

    def _about(self, plane: str, answered: Answered, wall_ns: int, score: float | None) -> dict[str, Any]:
        return {
            "plane": plane,
            "score": _finite(score),
            "seq": answered.result.seq,
            "captured_ns": answered.result.timing.captured_ns,
            "captured_wall_ns": wall_ns,
            "signal": str(answered.frame.signal),
        }


def _good(answered: Answered) -> tuple[str, float] | None:
    """The plane and the score of an answer that says that its frame is good; None for all others."""
    verdict = answered.result.answer.get("verdict")
    if answered.result.error or answered.pixels is None or not isinstance(verdict, Mapping):
        return None
    label, score = verdict.get("label"), score_of(verdict)
    if verdict.get("level") != GOOD or not isinstance(label, str) or not label:
        return None
    return label, -math.inf if score is None else score


def _kept_planes(folder: Path) -> dict[tuple[str, str], Best]:
    """What a server before this one kept. One whose words are missing died while it was replaced: the next one wins."""
    planes: dict[tuple[str, str], Best] = {}
    for item in items(folder):
        result, score = item.about.get("result"), item.about.get("score")
        number = float(score) if isinstance(score, int | float) else -math.inf
        if isinstance(result, Mapping) and "plane" in item.about:
            key = (str(result.get("engine", "")), str(item.about["plane"]))
            seq = item.about.get("seq")
            planes[key] = Best(item.name, number, number, seq if isinstance(seq, int) else 0)
    return planes


def _finite(score: float | None) -> float | None:
    return None if score is None or math.isinf(score) else score
