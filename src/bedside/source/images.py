"""A folder of images, or one image, as a reel."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bedside.errors import SourceError
from bedside.messages import Pixels
from bedside.source.reel import Still

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")


class Images:
    """Images in the order of their names (2 before 10), `fps` a second; see Reel."""

    color_range = "full"
    complaint = ""

    def __init__(self, path: Path, name: str, fps: float = 10.0) -> None:
        found = sorted(path.iterdir(), key=_natural) if path.is_dir() else [path]
        self._paths = [each for each in found if each.suffix.lower() in SUFFIXES]
        if not self._paths:
            raise SourceError(f"{name}: no images in this folder; expected files that end in {', '.join(SUFFIXES)}")
        self._name, self._fps = name, fps
        self.description = f"{path.name}, {len(self._paths)} images at {fps:g} fps"

    def stills(self, start_s: float) -> Iterator[Still]:
        """See Reel."""
        for number in range(int(start_s * self._fps + 1e-6), len(self._paths)):
            yield Still(number / self._fps, 1 / self._fps, partial(_load, self._paths[number]))

    def close(self) -> None:
        """No file stays open between pictures."""


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    parts = re.findall(r"\d+|\D+", path.name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def load_image(path: Path) -> Pixels:
    """The image as RGB uint8 [height, width, 3]. Raises SourceError when it is none or cannot be read."""
    return _load(path)


def _load(path: Path) -> Pixels:
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    if picture is None:
        raise SourceError(f"{path}: not an image that can be read; remove it from the folder or save it anew as PNG")
    return np.require(picture, np.uint8, ["C"])
