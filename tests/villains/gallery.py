"""No villain: returns every field of a result, the same for every frame. Pages are tested with it."""

from typing import Any

import numpy as np

LABELS = ["background", "skull", "brain", "thalamus"]


def label_map(height: int, width: int) -> Any:
    """Three ellipses inside each other, one of them with a hole around the next."""
    y, x = np.mgrid[0:height, 0:width]
    mask = np.zeros((height, width), np.uint8)
    for label, (radius_x, radius_y) in enumerate([(0.30, 0.36), (0.27, 0.33), (0.07, 0.09)], start=1):
        inside = ((x / width - 0.5) / radius_x) ** 2 + ((y / height - 0.5) / radius_y) ** 2 <= 1
        mask[inside] = label
    return mask


def predict(frame: Any) -> dict[str, object]:
    """Everything that a result can hold."""
    height, width = frame.shape[:2]
    return {
        "verdict": {"label": "Brain plane", "level": "near", "score": 0.74, "text": "one structure is missing"},
        "classes": [
            {"name": "brain plane", "score": 0.74},
            {"name": "abdomen plane", "score": 0.17},
            {"name": "femur plane", "score": 0.06},
            {"name": "no standard plane", "score": 0.03},
        ],
        "concepts": [
            {"name": "skull", "ok": True, "value": 9.1, "max": 10},
            {"name": "thalami", "ok": True, "value": 8.5, "max": 10},
            {"name": "cavum septi pellucidi", "ok": False, "value": 2.5, "max": 10, "hint": "tilt towards the face"},
            {"name": "angle of insonation", "ok": None, "hint": "not measured on this frame"},
        ],
        "mask": label_map(height, width),
        "labels": LABELS,
        "boxes": [{"x": 0.18, "y": 0.12, "width": 0.64, "height": 0.76, "label": "head", "score": 0.97}],
        "points": [{"x": 0.21, "y": 0.5, "label": "caliper 1"}, {"x": 0.79, "y": 0.5, "label": "caliper 2"}],
        "lines": [
            {"x1": 0.21, "y1": 0.5, "x2": 0.79, "y2": 0.5, "label": "OFD"},
            {"x1": 0.5, "y1": 0.15, "x2": 0.5, "y2": 0.85, "label": "BPD"},
        ],
        "ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.3, "ry": 0.36, "angle_deg": 0.0, "label": "HC"}],
        "measurements": [
            {"name": "HC", "value": 176.4, "unit": "mm", "uncertainty": 3.2},
            {"name": "BPD", "value": 47.1, "unit": "mm", "uncertainty": 1.1},
            {"name": "gestational age", "value": 20.1, "unit": "weeks"},
        ],
        "guidance": {
            "text": "Tilt the probe up",
            "direction": "tilt_up",
            "detail": "until the cavum septi pellucidi comes into view",
        },
        "images": [{"name": "attention", "title": "What the model looked at", "pixels": label_map(96, 128) * 80}],
        "text": "Example values, the same for every frame.",
    }
