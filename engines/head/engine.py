"""Fetal head: its outline, head circumference (HC), BPD and OFD on one B-mode picture.

picture -> fitted into 192x288 -> U-Net -> outline and presence -> ellipse -> millimetres.
Trained on HC18 (van den Heuvel et al., CC BY 4.0). Research use only.
"""

from pathlib import Path

import cv2
import onnxruntime
from answer import head_answer, no_head
from measure import Measuring
from outline import letterboxed, network_input, outlined, probability

WEIGHTS = Path(__file__).resolve().parent / "weights"
HEAD_FROM = 0.5
"""Score from which it is a head: presence, overlap of outline and ellipse, and certainty of the outline, multiplied."""


class Engine:
    """The network on one core, and what was measured on the last pictures."""

    def __init__(self, weights=WEIGHTS):
        cv2.setNumThreads(1)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._net = onnxruntime.InferenceSession(
            str(Path(weights) / "head.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._measuring = Measuring()

    def look(self, grey):
        """Score 0 to 1, outline or None, its mask, and how the picture was fitted; uint8 [height, width]."""
        placed = letterboxed(grey)
        logits, presence = self._net.run(None, {"picture": network_input(placed.grey)})
        found, mask = outlined(logits[0, 0], placed)
        present = float(probability(presence[0]))
        score = 0.0 if found is None else present * found.agreement * found.certainty
        return score, found, mask, placed

    def predict(self, frame, info=None):
        """The answer about `frame`, RGB uint8 [height, width, 3] or grey [height, width], of any size."""
        grey = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        score, found, mask, placed = self.look(grey)
        if score < HEAD_FROM:
            self._measuring.forget()
            return no_head(score)
        spacing_mm = getattr(info, "pixel_spacing_mm", None)
        time_s = getattr(info, "time_s", 0.0)
        measured = self._measuring.add(found, spacing_mm, time_s) if spacing_mm else None
        return head_answer(found, mask, placed, score, measured)
