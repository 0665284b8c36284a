"""PCBM in the paper's size with random weights: what a frame of a head costs, and no more can be learnt from it."""

import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

sys.path.insert(1, str(Path(__file__).resolve().parents[3] / "engines" / "pcbm"))

from frame import cropped, normalised
from nets.pcbm import PCBM, Arrays

ORGANS, CALIPERS = 3, 4
"""Passes that a head needs beside the global one; the published code makes 9 and 10 for every frame."""


class Engine:
    """On a GPU where there is one, else on PCBM_THREADS cores (1)."""

    def __init__(self) -> None:
        threads = int(os.environ.get("PCBM_THREADS", "1"))
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        torch.manual_seed(0)
        self.nets = Arrays(PCBM("full").eval().to("cuda" if torch.cuda.is_available() else "cpu"))

    @torch.inference_mode()
    def predict(self, frame: Any) -> dict[str, Any]:
        """Every net as often as a head needs it."""
        x = normalised(cropped(frame))[None, None]
        maps = np.zeros((1, 21, *x.shape[2:]), np.float32)
        self.nets.observer(x)
        self.nets.global_(x, maps)
        self.nets.organs(x.repeat(ORGANS, 0), maps[:, :1].repeat(ORGANS, 0))
        self.nets.calipers(x.repeat(CALIPERS, 0), maps[:, :1].repeat(CALIPERS, 0))
        y = self.nets.predictor(np.zeros((1, 27), np.float32))
        return {"text": f"random weights, for timing only ({y.argmax()})"}
