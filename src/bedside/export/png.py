"""Pictures as PNG, each with what is known of it as JSON, and the engines' masks as PNG."""

import json
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.errors import SessionError
from bedside.export.said import Sayings
from bedside.export.shots import Selection, Shot
from bedside.export.target import Target
from bedside.review.summary import shown_name, shown_participant
from bedside.session.names import item_name
from bedside.session.recorded import Recorded

Advance = Callable[[], None]


def write_png(target: Target, recorded: Recorded, selection: Selection, sayings: Sayings, advance: Advance) -> None:
    """Each picture as `ITEM.png`, `ITEM.json` and `ITEM.mask.ENGINE.png`. Raises SessionError for a full disk."""
    for shot in selection:
        if shot is not None:
            target.write(f"{shot.item}.png", png_of(shot.pixels))
            document = _document(target, recorded, shot, sayings)
            target.write(f"{shot.item}.json", json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")
        advance()


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Lossless PNG of grey [height, width] or RGB [height, width, 3]."""
    stored = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    ok, data = cv2.imencode(".png", stored)
    if not ok:
        raise SessionError("a picture could not be written as PNG")
    return data.tobytes()


def _document(target: Target, recorded: Recorded, shot: Shot, sayings: Sayings) -> dict[str, Any]:
    results = []
    for one in shot.answers:
        mask = None
        if one.mask is not None:
            name = f"{shot.item}.mask.{item_name(one.engine)}.png"
            target.write(name, png_of(one.mask))
            mask = name.rpartition("/")[2]
        said = sayings.of(shot.seq, shot.captured_ns, one.engine).document
        results.append(
            {
                "engine": one.engine,
                "error": one.error,
                "answer": dict(one.answer),
                "mask": mask,
                "mask_missing": one.mask_missing,
                "people": said,
            }
        )
    return {
        "session": shown_name(recorded),
        "participant": shown_participant(recorded),
        "arm": recorded.about.get("arm", ""),
        "item": shot.item,
        "seq": shot.seq,
        "captured_ns": shot.captured_ns,
        "captured_wall_ns": shot.wall_ns,
        "at_s": round(recorded.time_s(shot.captured_ns), 3) if shot.captured_ns > 0 else None,
        "signal": shot.signal,
        "width": shot.pixels.shape[1],
        "height": shot.pixels.shape[0],
        "codec": shot.codec or "none",
        "results": results,
    }
