"""A snapshot: the exact pixels of the frame that a person saw, with the answer to it, kept in the session."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import cv2
import numpy as np

from bedside.errors import SessionError
from bedside.hub.described import files_of
from bedside.hub.feed import Feed
from bedside.hub.recall import Gone
from bedside.hub.visit import Visit
from bedside.messages import Frame, Pixels, Result, Signal
from bedside.session import kept
from bedside.session.journal import Journal
from bedside.session.paths import Paths
from bedside.session.recorded import items
from bedside.session.wanted import Clip
from bedside.threads import background_pool

T = TypeVar("T")
SMALL_PX = 480
"""Width of the small picture of a best frame."""


class Snapshots:
    """Keeps snapshots in the running session, in one thread of its own; shows those, and its best frames."""

    def __init__(self, feed: Feed, visit: Visit, about: Mapping[str, Any] | None = None) -> None:
        """`about` is written beside every snapshot, such as the settings in use."""
        self._feed = feed
        self._visit = visit
        self._about = dict(about or {})
        self._thread = background_pool(1, "bedside-snapshot")

    async def keep(self, seq: int | None, engine: str | None, view: str) -> dict[str, Any]:
        """Keeps frame `seq` (None: the newest) with the answer of `engine`; a session starts where none runs.

        Returns `path`, `seq`, `name`, the `engine` whose answer was still known, or None, and whether the recorder
        makes a `clip` of the seconds before. Raises Gone when the pixels are lost, SessionError when they cannot be
        written.
        """
        if seq is None:
            if self._feed.frame is None:
                why = (
                    "is withheld, since names may show"
                    if self._feed.status.signal is Signal.WITHHELD
                    else "is not there"
                )
                raise Gone(f"the picture {why}; wait until one is on the screen")
            seq = self._feed.frame.seq
        recall = self._feed.recall
        pixels, frame = recall.pixels(seq), recall.frame(seq)
        result = next((item.result for item in recall.answers(seq) if item.result.engine == engine), None)
        known, captured_ns = recall.known(seq), recall.captured_ns(seq)
        about = {
            **self._about,
            "seq": seq,
            "captured_ns": captured_ns,
            "captured_wall_ns": known.wall_ns if known else None,
            "view": view,
            "signal": str(known.signal if known else self._feed.status.signal),
        }
        has_mask = self._visit.customs.masks != "none"
        files = await self._run(lambda: self._files(pixels, frame, result, about, has_mask))
        running = await self._visit.ensure()
        name = f"{seq}_{result.engine}" if result else str(seq)
        name = await self._run(lambda: kept.keep(Paths(running.folder).snapshots, name, files))
        clip = captured_ns is not None and await self._visit.ask_clip(Clip(name, captured_ns))
        said = {"seq": seq, "captured_ns": captured_ns, "engine": result.engine if result else None, "view": view}
        await self._visit.mark("snapshot", session=running.name, name=name, **said, clip=clip)
        path = f"{running.name}/snapshots/{name}.png"
        return {"path": path, "seq": seq, "name": name, "engine": said["engine"], "clip": clip}

    async def listed(self) -> list[dict[str, Any]]:
        """The marks of the snapshots of the running session, or of the last one, oldest first."""
        marks = await self._run(lambda: Journal(self._paths().marks).read() if self._visit.shown else [])
        return [mark for mark in marks if mark.get("mark") == "snapshot"]

    async def best(self) -> list[dict[str, Any]]:
        """The best frame of each plane of that session: `plane`, `name`, `score`, `seq` and `label`."""
        found = await self._run(lambda: items(self._paths().best) if self._visit.shown else [])
        return [
            {
                "plane": item.about["plane"],
                "name": item.name,
                "score": item.about.get("score"),
                "seq": item.about.get("seq"),
                "label": item.about["plane"],
            }
            for item in found
            if "plane" in item.about
        ]

    async def png(self, name: str) -> bytes:
        """A snapshot's picture. Raises SessionError when there is none of this name."""
        return await self._run(lambda: kept.picture(self._paths().snapshots, name))

    async def best_png(self, name: str) -> bytes:
        """A best frame's picture. Raises SessionError when there is none of this name."""
        return await self._run(lambda: kept.picture(self._paths().best, name))

    async def best_jpg(self, name: str) -> bytes:
        """The same, small, as JPEG."""
        return await self._run(lambda: _small_jpeg(kept.picture(self._paths().best, name)))

    def close(self) -> None:
        """Ends the thread after what it is at."""
        self._thread.shutdown(wait=True)

    def _paths(self) -> Paths:
        return Paths(self._visit.root / (self._visit.shown or "no session"))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _files(
        self,
        pixels: Pixels | None,
        frame: Frame | None,
        result: Result | None,
        about: Mapping[str, Any],
        has_mask: bool,
    ) -> dict[str, bytes]:
        pixels = self._feed.recall.fetch(frame) if pixels is None else pixels
        return files_of(pixels, result, about, has_mask=has_mask)


def _small_jpeg(png: bytes) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise SessionError("this picture cannot be read; its file is damaged")
    height = round(pixels.shape[0] * SMALL_PX / pixels.shape[1])
    small = cv2.resize(pixels, (SMALL_PX, max(1, height)), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])
