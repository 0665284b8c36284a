"""Text: where lines of text stand on a picture. It only finds them: no model that reads is loaded.

Made for a scanner's screen, whose names must be masked: rather a box too many than a name too few. The package with the
model is never imported, only its file is read: what could fetch another model is not there.
"""

import os
from importlib.metadata import files

import cv2
import numpy as np
import onnxruntime

MODEL = "ch_PP-OCRv4_det_infer.onnx"
LINES = 720
"""A picture is brought to so many lines before it is looked at."""
STEP = 32
"""Of which the model's sides are multiples."""
LEVEL = 0.3
"""Text is where the model says at least so much."""
SURE = 0.5
"""Less sure than this on the average, and it is no text."""
GROWN = 1.6
"""The model marks the middle of a line; this makes up for it: times its area, by its outline, on each side."""
MARGIN = 0.15
"""Of a line's height: added on each side, since a mask that cuts a letter leaves it legible."""
TALLEST = 0.15
"""Of the picture's height: what is taller is no line of text, but a fan full of speckle."""


class Engine:
    """The detector, loaded once from what its package brings along."""

    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
        (path,) = (file.locate() for file in files("rapidocr-onnxruntime") if file.name == MODEL)
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def predict(self, frame):
        """Boxes as fractions of `frame`, RGB uint8 [H, W, 3], each with its score."""
        height, width = frame.shape[:2]
        scale = LINES / min(height, width)
        size = [max(STEP, round(side * scale / STEP) * STEP) for side in (width, height)]
        small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        blue_first = small[:, :, ::-1].astype(np.float32) / 127.5 - 1
        likely = self._session.run(None, {self._input: blue_first.transpose(2, 0, 1)[None]})[0][0, 0]
        return {"boxes": list(lines(likely))}


def lines(likely):
    """The lines of text on a map of the model, [H, W]: upright boxes with a margin, and how sure it is of each."""
    height, width = likely.shape
    marked = cv2.dilate((likely > LEVEL).astype(np.uint8), np.ones((2, 2), np.uint8))
    for outline in cv2.findContours(marked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        middle, (a, b), angle = cv2.minAreaRect(outline)
        score = mean_in(likely, cv2.boxPoints((middle, (a, b), angle)).astype(int)) if min(a, b) >= 3 else 0.0
        if score < SURE:
            continue
        grown = GROWN * a * b / (a + b)
        corners = cv2.boxPoints((middle, (a + grown, b + grown), angle))
        margin = MARGIN * float(np.ptp(corners[:, 1]))
        left, top = (corners.min(0) - margin).clip(0) / (width, height)
        right, bottom = (corners.max(0) + margin) / (width, height)
        box = {"x": left, "y": top, "width": min(right, 1.0) - left, "height": min(bottom, 1.0) - top, "score": score}
        if box["height"] < TALLEST:
            yield {key: float(value) for key, value in box.items()}


def mean_in(likely, corners):
    """The mean of a map inside four corners, [4, 2] in px."""
    left, top = corners.min(0).clip(0)
    part = likely[top : corners[:, 1].max() + 1, left : corners[:, 0].max() + 1]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [corners - (left, top)], 1)
    return cv2.mean(part, inside)[0]
