"""Text: where lines of text stand on a picture. It only finds them: no model that reads is loaded.

Made for a scanner's screen, whose names must be masked: rather a box too many than a name too few.
"""

import os
from pathlib import Path

import rapidocr_onnxruntime
from rapidocr_onnxruntime.ch_ppocr_det.text_detect import TextDetector

MODEL = Path(rapidocr_onnxruntime.__file__).parent / "models" / "ch_PP-OCRv4_det_infer.onnx"
LINES = 720
"""A smaller picture is enlarged to so many lines: small letters are found better."""
MARGIN = 0.15
"""Of a line's height: added on each side, since a mask that cuts a letter leaves it legible."""


class Engine:
    """The detector, loaded once from what its package brings along; nothing is fetched."""

    def __init__(self):
        self._detector = TextDetector(
            {
                "model_path": str(MODEL),
                "use_cuda": False,
                "use_dml": False,
                "intra_op_num_threads": int(os.environ.get("OMP_NUM_THREADS") or 1),
                "inter_op_num_threads": 1,
                "limit_side_len": LINES,
                "limit_type": "min",
                "mean": [0.5] * 3,
                "std": [0.5] * 3,
                "thresh": 0.3,
                "box_thresh": 0.5,
                "unclip_ratio": 1.6,
            }
        )

    def predict(self, frame):
        """Boxes as fractions of `frame`, RGB uint8 [H, W, 3]."""
        found, _ = self._detector(frame[:, :, ::-1].copy())
        return {"boxes": [box(corners, frame.shape) for corners in (() if found is None else found)]}


def box(corners, shape):
    """The upright rectangle around four corners in pixels, with its margin, inside the picture."""
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    margin = MARGIN * (bottom - top)
    height, width = shape[:2]
    left, right = max(0.0, left - margin) / width, min(width, right + margin) / width
    top, bottom = max(0.0, top - margin) / height, min(height, bottom + margin) / height
    return {"x": float(left), "y": float(top), "width": float(right - left), "height": float(bottom - top)}
