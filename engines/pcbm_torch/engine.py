"""PCBM in PyTorch: the model of ../pcbm as it was trained. Nets, rules and answers are imported from there."""

import os
import sys
from pathlib import Path

import cv2
import torch

PCBM = Path(__file__).resolve().parents[1] / "pcbm"
sys.path.insert(1, str(PCBM))  # behind this folder: there is an engine.py in both

from explain import explain  # noqa: E402
from nets.pcbm import Arrays, load  # noqa: E402

THREADS = int(os.environ.get("PCBM_THREADS", "1"))
"""One is the fastest beside a scanner's picture that is drawn, sent and shown on the same few cores."""


class Engine:
    """The model, loaded once; on a GPU where there is one."""

    def __init__(self, weights=PCBM / "weights" / "pcbm.pt"):
        torch.set_num_threads(THREADS)
        cv2.setNumThreads(THREADS)
        self.nets = Arrays(load(weights).to("cuda" if torch.cuda.is_available() else "cpu"))

    @torch.inference_mode()
    def predict(self, frame, info=None, corrections=None):
        """The plane, its checklist, the anatomy and its measures; `explain` says more."""
        return explain(self.nets, frame, info, corrections)
