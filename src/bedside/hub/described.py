"""What is written beside a kept picture: which frame it is, and the answer to it."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import cv2
import numpy as np

from bedside import clock
from bedside.hub.answer import png_of
from bedside.hub.scribe import plain_answer
from bedside.messages import Pixels, Result
from bedside.session.results import TIMES


def files_of(pixels: Pixels, result: Result | None, about: Mapping[str, Any], *, has_mask: bool) -> dict[str, bytes]:
    """The files of a kept picture by suffix: `.png`, `.json` and, where there is one, `.mask.png`. Takes long."""
    files = {".png": png_of(pixels), ".json": _text(_described(pixels, result, about))}
    mask = result.answer.get("mask") if result is not None and has_mask else None
    if isinstance(mask, np.ndarray):
        with suppress(ValueError, cv2.error):  # the page says already what is wrong with it
            files[".mask.png"] = png_of(mask)
    return files


def _described(pixels: Pixels, result: Result | None, about: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        **about,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "kept_wall_ns": clock.wall_ns(),
        "result": None,
    }
    if result is not None:
        captured_ns = result.timing.captured_ns
        described["result"] = {
            "engine": result.engine,
            "seq": result.seq,
            "error": result.error,
            "answer": plain_answer(result.answer),
            "missing": dict(result.missing),
            "timing": {"captured_ns": captured_ns} | {name: getattr(result.timing, name) for name in TIMES},
        }
    return described


def _text(described: Mapping[str, Any]) -> bytes:
    text = json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace")  # half a surrogate pair becomes a JSON escape
