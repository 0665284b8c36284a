"""What engines answered in a session, as a page paints it: as the live page gets it, masks as outlines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bedside.hub.answer import page_answer
from bedside.messages import Result, Timing
from bedside.review.notes import Notes
from bedside.session.recorded import Item
from bedside.session.results import Results

NO_TIMING = Timing(0, 0, 0, 0, 0, 0.0)


def result_json(row: int, line: Mapping[str, Any], results: Results, notes: Notes) -> dict[str, Any]:
    """A line of results; `row` is its frame's. Takes about a millisecond: call it in a thread."""
    seq, captured_ns, engine = line.get("seq", 0), line.get("captured_ns", 0), str(line.get("engine", ""))
    answer, problem = _shown(line.get("answer"), results.mask(line))
    key = (seq, captured_ns, engine, results.replay)
    return {
        "frame": row,
        "seq": seq,
        "captured_ns": captured_ns,
        "engine": engine,
        "error": str(line.get("error", "")) or problem,
        "answer": answer,
        "missing": line.get("missing", {}),
        "timing": {"model_ms": line.get("model_ms"), "added_ms": line.get("added_ms")},
        "notes": {"edits": notes.edits(*key), "is_rejected": notes.is_rejected(*key)},
    }


def item_json(kind: str, item: Item, session: str, notes: Notes) -> dict[str, Any]:
    """A snapshot or a best frame, but for where it lies in the video."""
    name = f"{kind}/{item.name}"
    url = f"/api/sessions/{session}/items/{name}"
    result = item.about.get("result")
    result = result if isinstance(result, Mapping) else {}
    answer, problem = _shown(result.get("answer"), _mask_in(item.mask))
    return {
        "item": name,
        "kind": kind,
        "name": item.name,
        "png": f"{url}.png",
        "clip": f"{url}.mp4" if item.clip else None,
        "seq": item.about.get("seq"),
        "captured_ns": item.about.get("captured_ns"),
        "engine": str(result.get("engine", "")),
        "error": str(result.get("error", "")) or problem,
        "answer": answer,
        "ticked": name in notes.ticked,
        "comment": notes.comment_on(name),
    }


def _shown(answer: object, mask: NDArray[np.uint8] | None) -> tuple[dict[str, Any], str]:
    fields = dict(answer) if isinstance(answer, Mapping) else {}
    if mask is not None:
        fields["mask"] = mask
    return page_answer(Result("", 0, NO_TIMING, fields))


def _mask_in(path: Path | None) -> NDArray[np.uint8] | None:
    mask = None if path is None else cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return None if mask is None else np.asarray(mask, np.uint8)
