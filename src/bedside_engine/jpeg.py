"""JPEG to pixels, by whichever library the engine's environment has; it is imported when the first JPEG comes."""

from __future__ import annotations

import importlib
import importlib.util
import io
import sys
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Tuple

import numpy as np

from bedside_engine import log
from bedside_engine.server import BadRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

Decode = Callable[[Any, bytes], Any]


def _simplejpeg(module: Any, data: bytes) -> Any:
    is_grey = module.decode_jpeg_header(data)[2] == "Gray"
    pixels = module.decode_jpeg(data, colorspace="GRAY" if is_grey else "RGB")
    return pixels[:, :, 0] if is_grey else pixels


def _opencv(module: Any, data: bytes) -> Any:
    pixels = module.imdecode(np.frombuffer(data, np.uint8), module.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("cv2 cannot read it")
    return pixels if pixels.ndim == 2 else module.cvtColor(pixels, module.COLOR_BGR2RGB)


def _pillow(module: Any, data: bytes) -> Any:
    image = module.open(io.BytesIO(data))
    return np.array(image if image.mode == "L" else image.convert("RGB"))


LIBRARIES: List[Tuple[str, str, Decode]] = [
    ("simplejpeg", "simplejpeg", _simplejpeg),
    ("cv2", "cv2", _opencv),
    ("PIL", "PIL.Image", _pillow),
]
"""What to look for, what to import of it, and how it decodes; the fastest first."""


class Jpeg:
    """The environment's way to decode a JPEG, if there is one."""

    def __init__(self) -> None:
        self._found = [library for library in LIBRARIES if _is_there(library[0])]
        self._chosen: Optional[Callable[[bytes], Any]] = None

    @property
    def is_there(self) -> bool:
        """Whether a library was found."""
        return bool(self._found)

    def decode(self, data: bytes) -> NDArray[np.uint8]:
        """uint8 [H, W, 3] in RGB, or [H, W] for a grey one; may be written into. Raises BadRequest."""
        if self._chosen is None:
            self._chosen = self._choose()
        try:
            return self._chosen(data)  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001  each library raises its own
            raise BadRequest(400, "the JPEG of %d bytes does not decode: %s" % (len(data), error))

    def _choose(self) -> Callable[[bytes], Any]:
        while self._found:
            name, module, decode = self._found[0]
            try:
                found = importlib.import_module(module)
            except Exception as error:  # noqa: BLE001  a library that is there and broken
                log.say("%s is there and does not import, so it decodes no JPEG: %r" % (name, error))
                self._found.pop(0)
            else:
                return lambda data: decode(found, data)
        raise BadRequest(
            400, "a JPEG, and nothing here decodes it; install opencv-python-headless or pillow, or send raw"
        )


def _is_there(name: str) -> bool:
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
