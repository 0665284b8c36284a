"""The pictures of a session's folder that are looked at: of videos every few seconds and where the scene changes."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bedside.messages import Pixels

VIDEOS, STILLS = (".mp4", ".mkv"), (".png", ".jpg", ".jpeg")
TEXTS = (".json", ".jsonl", ".csv")
SCENE = 8.0
"""Mean change in grey levels, of a small copy, that makes another scene."""
SCENE_S = 0.5
"""Scenes are looked at no more often than that, however much a picture flickers."""
PNG = b"\x89PNG\r\n\x1a\n"
MOST_MASKS = 10
"""So many of the masks in one file are looked at, spread over it."""


@dataclass(frozen=True)
class Look:
    """One picture that is looked at."""

    file: str
    """Its file in the session's folder."""
    time_s: float | None
    """In a video: seconds from its beginning."""
    pixels: Pixels


class Pictures:
    """The pictures of `folder`, in order of their files; after the last one `unseen` says what was left out."""

    def __init__(self, folder: Path, every_s: float) -> None:
        self._folder, self._every_s = folder, every_s
        self.unseen: list[str] = []
        """One sentence for each file that was not looked at, or not whole."""

    @property
    def files(self) -> list[Path]:
        """Every file of the folder but links, which lead elsewhere."""
        return sorted(path for path in self._folder.rglob("*") if path.is_file() and not path.is_symlink())

    def of(self, path: Path) -> Iterator[Look]:
        """The pictures of one file; none where it has none."""
        name = str(path.relative_to(self._folder))
        suffix = path.suffix.lower()
        try:
            if suffix in VIDEOS:
                for time_s, pixels in _of_video(path, self._every_s):
                    yield Look(name, time_s, pixels)
            elif suffix in STILLS:
                yield Look(name, None, _decoded(path.read_bytes()))
            elif path.name.startswith("masks") and suffix == ".bin":
                yield from self._of_masks(path, name)
            elif suffix not in TEXTS:
                self.unseen.append(f"{name}: of a kind that is not known")
        except (OSError, av.error.FFmpegError, cv2.error, ValueError, IndexError) as error:
            self.unseen.append(f"{name}: cannot be read: {error}")

    def _of_masks(self, path: Path, name: str) -> Iterator[Look]:
        found = [PNG + one for one in path.read_bytes().split(PNG)[1:]]
        step = max(1, -(-len(found) // MOST_MASKS))
        for number in range(0, len(found), step):
            yield Look(f"{name}#{number}", None, _decoded(found[number]))


def _of_video(path: Path, every_s: float) -> Iterator[tuple[float, Pixels]]:
    before: Any = None
    looked_s = -every_s
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            time_s = float(frame.time or 0.0)
            small = frame.reformat(32, 18, "gray").to_ndarray().astype(np.int16)
            is_scene = before is not None and np.abs(small - before).mean() > SCENE and time_s - looked_s >= SCENE_S
            if before is None or is_scene or time_s - looked_s >= every_s:
                before, looked_s = small, time_s
                yield time_s, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _decoded(data: bytes) -> Pixels:
    """RGB; a mask of few labels is stretched, so that what it shows can be seen. Raises ValueError."""
    pixels = cv2.imdecode(np.frombuffer(io.BytesIO(data).getbuffer(), np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("it is no picture")
    most = int(pixels.max())
    if 0 < most < 32:
        pixels = pixels * (255 // most)
    return np.ascontiguousarray(pixels[:, :, ::-1]).astype(np.uint8)
