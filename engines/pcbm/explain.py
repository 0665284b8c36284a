"""A frame to its explained answer, whatever runs the nets: what both engine folders do."""

import numpy as np
from answer import answer, nothing
from bottleneck import forward
from checklist import corrected
from concepts import LABEL
from frame import cropped, normalised
from geometry import Geometry
from plausible import is_plausible


def explain(nets, frame, info=None, corrections=None):
    """The result for a frame, uint8 [H, W, 3] RGB or [H, W]; never an error, whatever is on it.

    `info` is what the runner knows of it. `corrections` is None or {"concepts": {shown name: True, False or a number},
    "labels": {class: False}}: what a person has said of the answer to this very frame.
    """
    picture = cropped(frame)  # uint8 [224, 288]
    if not is_plausible(frame, picture):
        return nothing()
    said = corrections or {}
    removed = [LABEL[name] for name, there in said.get("labels", {}).items() if not there and name in LABEL]

    def on_s(label):
        return np.where(np.isin(label, removed), 0, label).astype(np.uint8)

    def on_c(plane):
        return corrected(plane, said.get("concepts", {}))

    concluded = forward(nets, normalised(picture)[None, None], on_s, on_c)  # x [1, 1, 224, 288]
    return answer(concluded, Geometry(frame.shape, info))
