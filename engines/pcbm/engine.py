"""PCBM on onnxruntime: which plane of the fetus is on the picture, whether it is a standard plane, and why."""

import os
from pathlib import Path

import cv2
import onnxruntime
from explain import explain

WEIGHTS = Path(__file__).resolve().parent / "weights"
THREADS = int(os.environ.get("PCBM_THREADS", "1"))
"""One is the fastest beside a scanner's picture that is drawn, sent and shown on the same few cores."""


class Engine:
    """The five nets, loaded once."""

    def __init__(self, weights=WEIGHTS):
        cv2.setNumThreads(THREADS)
        self.nets = Sessions(Path(weights))

    def predict(self, frame, info=None, corrections=None):
        """The plane, its checklist, the anatomy and its measures; `explain` says more."""
        return explain(self.nets, frame, info, corrections)


class Sessions:
    """PCBM's nets as functions from numpy arrays to numpy arrays (bottleneck.py lists them)."""

    def __init__(self, folder):
        self.observer = session(folder / "observer.onnx")
        self.global_ = session(folder / "global.onnx")
        self.organs = session(folder / "organs.onnx")
        self.calipers = session(folder / "calipers.onnx")
        self.predictor = session(folder / "predictor.onnx")


def session(file):
    """One ONNX file as a function of its inputs, in order. Raises FileNotFoundError where there is none."""
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing; `scripts/research export pcbm RUN` writes it from a training")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    run = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in run.get_inputs()]
    return lambda *arrays: run.run(None, dict(zip(names, arrays)))[0]
