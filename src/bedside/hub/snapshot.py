"""A snapshot: the exact pixels of the frame that a person saw, with the answer to it, kept in the session."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import PurePath
from typing import Any, TypeVar

import cv2
import numpy as np

from bedside import clock
from bedside.hub.answer import plain, png_of
from bedside.hub.feed import Feed
from bedside.hub.recall import Gone
from bedside.messages import Frame, Pixels, Result
from bedside.session.folder import Session

T = TypeVar("T")


class Snapshots:
    """Keeps snapshots in one session, in one thread of its own."""

    def __init__(self, feed: Feed, session: Session, about: Mapping[str, Any] | None = None) -> None:
        """`about` is written beside every snapshot, such as the settings in use."""
        self._feed = feed
        self._session = session
        self._about = dict(about or {})
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bedside-snapshot")

    async def keep(self, seq: int | None, engine: str | None, view: str) -> dict[str, Any]:
        """Keeps frame `seq` (None: the newest) with the answer of `engine`. Returns `path`, `seq`, `name`, and the
        `engine` whose answer was still known, or None.

        Raises Gone when the pixels are lost, SessionError when they cannot be written.
        """
        if seq is None:
            if self._feed.frame is None:
                raise Gone("there is no picture yet; wait until one is on the screen")
            seq = self._feed.frame.seq
        recall = self._feed.recall
        pixels, frame = recall.pixels(seq), recall.frame(seq)
        result = next((item.result for item in recall.answers(seq) if item.result.engine == engine), None)
        return await self._run(lambda: self._keep(seq, pixels, frame, result, view))

    async def listed(self) -> list[dict[str, Any]]:
        """This session's snapshots, oldest first."""
        return await self._run(self._session.snapshots)

    async def png(self, name: str) -> bytes:
        """A snapshot's picture. Raises SessionError when there is none of this name."""
        return await self._run(lambda: self._session.snapshot_png(name))

    def close(self) -> None:
        """Ends the thread after what it is at."""
        self._thread.shutdown(wait=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _keep(
        self, seq: int, pixels: Pixels | None, frame: Frame | None, result: Result | None, view: str
    ) -> dict[str, Any]:
        pixels = self._feed.recall.fetch(frame) if pixels is None else pixels
        name = f"{seq}_{result.engine}" if result else str(seq)
        files = {".png": png_of(pixels)}
        if result is not None and isinstance(mask := result.answer.get("mask"), np.ndarray):
            with suppress(ValueError, cv2.error):  # the page says already what is wrong with it
                files[".mask.png"] = png_of(mask)
        about = self._described(seq, result, view, pixels)
        text = json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False)
        files[".json"] = text.encode(errors="backslashreplace")  # half a surrogate pair becomes a JSON escape
        engine = result.engine if result else None
        path = self._session.keep_snapshot(name, files, {"seq": seq, "engine": engine, "view": view})
        return {"path": path, "seq": seq, "name": PurePath(path).stem, "engine": engine}

    def _described(self, seq: int, result: Result | None, view: str, pixels: Pixels) -> dict[str, Any]:
        described: dict[str, Any] = {
            **self._about,
            "seq": seq,
            "view": view,
            "width": pixels.shape[1],
            "height": pixels.shape[0],
            "kept_wall_ns": clock.wall_ns(),
            "captured_wall_ns": self._feed.recall.wall_ns(seq),
            "signal": str(self._feed.recall.signal(seq) or self._feed.status.signal),
            "result": None,
        }
        if result is not None:
            fields = {name: _kept(value) for name, value in result.answer.items() if name not in ("mask", "images")}
            timing = {
                name: getattr(result.timing, name)
                for name in (
                    "captured_ns",
                    "published_ns",
                    "taken_ns",
                    "asked_ns",
                    "answered_ns",
                    "model_ms",
                    "added_ms",
                )
            }
            described["result"] = {
                "engine": result.engine,
                "seq": result.seq,
                "error": result.error,
                "answer": fields,
                "missing": dict(result.missing),
                "timing": timing,
            }
        return described


def _kept(value: Any) -> Any:
    try:
        return plain(value)
    except (TypeError, ValueError, RecursionError) as error:
        return f"not kept: {error}"
