"""Turns the outputs of the example model `brightest` into what a page shows. Copy it and write your own."""

import numpy as np

NAMES = ("left", "middle", "right")


def result(outputs):
    """`scores` FP32, how bright each third is; `mask` UINT8 [height, width], 1 where a pixel is bright."""
    scores = outputs["scores"].reshape(-1)
    best = int(np.argmax(scores))
    return {
        "verdict": {"label": f"brightest: {NAMES[best]}", "score": float(scores[best])},
        "classes": [{"name": name, "score": float(score)} for name, score in zip(NAMES, scores, strict=True)],
        "mask": outputs["mask"],
        "labels": ["background", "bright"],
    }
