"""A tiny concept bottleneck model: its verdict is computed from its concepts, which a person may correct."""

from typing import Any

import numpy as np

CONCEPTS = {"skull": 0.5, "midline": 0.25}
"""Each is seen where the picture is brighter than this, 0 to 1."""


def predict(frame: Any, info: Any = None, corrections: Any = None) -> dict[str, Any]:
    """Standard with all concepts, close with one. The left half is "skull" as far as it is bright."""
    told = corrections or {"concepts": {}, "labels": {}}
    seen = {name: float(frame.mean()) / 255 > least for name, least in CONCEPTS.items()}
    mask = np.zeros(frame.shape[:2], np.uint8)
    mask[:, : mask.shape[1] // 2] = frame[:, : mask.shape[1] // 2].any(-1) if frame.ndim == 3 else 1
    if told["labels"].get("skull") is False:
        mask[:] = 0
        seen["skull"] = False
    seen.update({name: value is True or value >= 0.5 for name, value in told["concepts"].items() if name in seen})
    level = {2: "good", 1: "near", 0: "none"}[sum(seen.values())]
    return {
        "verdict": {"label": "Head" if any(seen.values()) else "No plane", "level": level},
        "concepts": [{"name": name, "ok": ok} for name, ok in seen.items()],
        "mask": mask,
        "labels": ["background", "skull"],
        "text": f"frame {info.seq}" if info is not None else "",
    }
