"""An engine's answer as the page reads it: plain JSON, arrays turned into outlines and small PNGs."""

import base64
import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.hub.outline import outlines
from bedside.messages import Result

log = logging.getLogger(__name__)

MAX_IMAGE_PX = 640
"""An explanation's image is never larger than this on its longer side."""

MAX_VALUES = 4096
"""A larger array in a field that should hold none is left out."""

BRIEF_PARTS = 200
BRIEF_TEXT = 1000
"""An answer of no more parts, none of them longer, takes less than a tenth of a millisecond."""

_UNFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, cv2.error)
"""What a field of a wrong kind, shape or depth raises."""


def page_answer(result: Result) -> tuple[dict[str, Any], str]:
    """The answer as JSON-able fields, and one sentence about what could not be shown (or the result's own error).

    Takes milliseconds: call it in a thread.
    """
    fields: dict[str, Any] = {}
    problem = result.error
    for name, value in result.answer.items():
        if name == "labels":
            continue
        try:
            fields["outlines" if name == "mask" else name] = _field(name, value, result.answer)
        except _UNFIT as error:
            problem = problem or f"The answer's field '{name}' cannot be shown: {error}"
            log.warning("engine %s, frame %d: field %r cannot be shown: %s", result.engine, result.seq, name, error)
    return fields, problem


def is_brief(answer: Mapping[str, Any]) -> bool:
    """Whether it is laid out in less time than a thread takes to begin: a few words and numbers, no arrays."""
    left = BRIEF_PARTS
    waiting: list[Any] = [answer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, np.ndarray | bytes) or (isinstance(value, str) and len(value) > BRIEF_TEXT):
            return False
        if isinstance(value, Mapping | list | tuple):
            left -= len(value)
            if left < 0:
                return False
            waiting += value.values() if isinstance(value, Mapping) else value
    return True


def score_of(verdict: Mapping[str, Any]) -> float | None:
    """A verdict's score; None where it has none, or one that is no finite number."""
    score = verdict.get("score")
    try:
        number = float(score) if isinstance(score, int | float) else math.nan
    except OverflowError:  # whole numbers have no end in JSON
        number = math.nan
    return number if math.isfinite(number) else None


def text_of(value: Any) -> str:
    """Compact JSON that every browser can parse."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def plain(value: Any) -> Any:
    """`value` with numpy's types as Python's and without NaN or infinity, which JSON does not know."""
    if isinstance(value, np.ndarray):
        if value.size > MAX_VALUES:
            raise ValueError(f"an array of {value.size} numbers; expected at most {MAX_VALUES} here")
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"a {type(value).__name__}; expected text, numbers, lists or tables")


def _field(name: str, value: Any, answer: Mapping[str, Any]) -> Any:
    special: dict[str, Callable[[], Any]] = {
        "mask": lambda: outlines(np.asarray(value), [str(label) for label in answer.get("labels", ())]),
        "images": lambda: _images(value),
    }
    return special[name]() if name in special else plain(value)


def _images(images: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    shown = []
    for image in images:
        png = png_of(_small(np.asarray(image["pixels"])))
        src = "data:image/png;base64," + base64.b64encode(png).decode()
        shown.append({"name": str(image.get("name", "")), "title": str(image.get("title", "")), "src": src})
    return shown


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    longer = max(pixels.shape[:2])
    if longer <= MAX_IMAGE_PX:
        return pixels
    scale = MAX_IMAGE_PX / longer
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Lossless PNG of grey [h, w], RGB [h, w, 3] or RGBA [h, w, 4] pixels, uint8. Raises ValueError for others."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[-1] if pixels.ndim == 3 else 0
    if pixels.dtype != np.uint8 or channels not in (1, 3, 4) or not pixels.size:
        raise ValueError(f"a picture is {pixels.dtype} {list(pixels.shape)}; expected uint8 [height, width, 3]")
    turn = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(channels)
    stored = pixels if turn is None else cv2.cvtColor(pixels, turn)
    ok, data = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not ok:
        raise ValueError("a picture could not be written as PNG")
    return bytes(data)
