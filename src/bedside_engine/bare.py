"""The bare loop: the model called in its own environment on given pictures, with nothing of Bedside around the call.

`python path/to/bedside_engine --path FOLDER --bare` reads pictures from stdin and answers each with one line of JSON on
stdout. It is what `bedside check` compares the whole way with. What the model prints goes to stderr.

A picture is one line of JSON and its values: `{"id": "7", "shape": [480, 640, 3], "window": false, "parameters":
{"frame_info": ...}}` and then 480 * 640 * 3 bytes. The first line out is `{"ready": true, ...}`, or has `failed`; each
other has `id` and `ms`, and `wrong`, the sentences about what cannot be used; the last one, once stdin has ended,
`peak_mb`. A picture whose head has `"wants": ["boxes"]` is answered with these fields of the result, too.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import sys
import time
from typing import Any, BinaryIO, Dict, List, NoReturn, Tuple

import numpy as np

from bedside_engine import loader, log
from bedside_engine.check import check
from bedside_engine.info import info_of
from bedside_engine.kinds import BadResult
from bedside_engine.tensors import bounded

LIBRARIES = ("torch", "torchvision", "tensorflow", "jax", "onnxruntime", "cv2", "PIL", "numpy")
MARGIN_S = 2.0
"""So much later than its deadline a model is ended; whoever asked has given it up by then, and said so."""


def run(path: str, deadline_s: float, start_deadline_s: float, unusable: str = "") -> NoReturn:
    """Answer the pictures on stdin until it ends. Exit status 1: the model cannot be loaded, or hangs.

    With `unusable`, a sentence, no model is loaded, and that is said.
    """
    pictures, answers = _own_streams()
    started = time.perf_counter()
    _end_after(start_deadline_s)
    try:
        if unusable:
            raise loader.CannotLoad(unusable)
        file = loader.find(path)
        loader.settle(file)
        model = loader.load(file)
    except loader.CannotLoad as error:
        _say(answers, {"failed": str(error)})
        sys.exit(1)
    loaded_s = time.perf_counter() - started
    _say(answers, {"ready": True, "loaded_s": round(loaded_s, 3), "window": model.signature.takes_window})
    patience_s = start_deadline_s  # kernels are compiled for the first picture
    while True:
        faulthandler.cancel_dump_traceback_later()
        head, picture = _next(pictures)
        if not head:
            break
        _end_after(patience_s)
        _say(answers, dict(_answer(model, head, picture), id=head["id"]))
        patience_s = deadline_s
    _say(answers, {"peak_mb": round(_peak_mb(), 1), "versions": _versions()})
    answers.close()
    os._exit(0)  # whatever threads the model has left


def _end_after(deadline_s: float) -> None:
    """From now on, end this process with its stack in the log, also when something holds the interpreter lock."""
    faulthandler.dump_traceback_later(deadline_s + MARGIN_S, exit=True, file=log.stream())


def _own_streams() -> Tuple[BinaryIO, BinaryIO]:
    """stdin and stdout for us alone; the model gets an empty stdin, and prints to stderr."""
    pictures, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return pictures, answers


def _next(pictures: BinaryIO) -> Tuple[Dict[str, Any], Any]:
    """The next head and its picture, uint8, which the model may write into; an empty head at the end."""
    line = pictures.readline()
    if not line.endswith(b"\n"):
        return {}, None
    head = json.loads(line.decode("utf-8"))
    data = bytearray(int(np.prod(head["shape"])))
    if pictures.readinto(data) < len(data):  # type: ignore[attr-defined]
        return {}, None
    return head, np.frombuffer(data, np.uint8).reshape(head["shape"])


def _answer(model: loader.Model, head: Dict[str, Any], picture: Any) -> Dict[str, Any]:
    signature = model.signature
    if signature.takes_window and not head.get("window"):
        picture = picture[np.newaxis]
    more = (info_of(head, picture.shape, signature.takes_window),) if signature.takes_info else ()
    predict = signature.with_corrections(model.predict)
    started = time.perf_counter()
    try:
        result = predict(picture, *more)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  whatever a model raises, exit() too, is this picture's error
        sentence = "predict raised %s" % log.sentence(error, model.folder)
        return {"ms": (time.perf_counter() - started) * 1e3, "wrong": [sentence]}
    ms, wrong = (time.perf_counter() - started) * 1e3, wrong_with(result)
    fields = {} if wrong else {name: check(result).get(name) for name in head.get("wants", ())}
    return dict(fields, ms=ms, wrong=wrong)


def wrong_with(result: Any) -> List[str]:
    """Everything that cannot be used in a result: a sentence for each field, where the runner stops at the first."""
    found: List[str] = []
    if isinstance(result, dict):
        for name, value in result.items():
            beside = {"mask": result["mask"]} if name == "labels" and result.get("mask") is not None else {}
            found += _complaint(dict(beside, **{str(name): value}))
    return list(dict.fromkeys(found)) or _complaint(result)


def _complaint(result: Any) -> List[str]:
    try:
        bounded(check(result))
    except BadResult as error:
        return [str(error)]
    return []


def _peak_mb() -> float:
    """The most memory that this process has held. On Linux getrusage would count what started it, too."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024 / 1e6
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def _versions() -> Dict[str, str]:
    """Python's version, and those of the libraries that the model has imported."""
    found = {"Python": sys.version.split()[0]}
    for name in LIBRARIES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found[name] = str(version)
    return found


def _say(answers: BinaryIO, document: Dict[str, Any]) -> None:
    answers.write(json.dumps(document).encode("utf-8") + b"\n")
    answers.flush()
