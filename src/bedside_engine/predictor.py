"""One prediction: its pictures in, the model called, its result checked, the response out."""

from __future__ import annotations

import sys
from time import monotonic, perf_counter  # by name: model code may replace what the modules hold
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np

from bedside_engine import log, tensors
from bedside_engine.check import check
from bedside_engine.corrections import BadCorrections, corrections_of
from bedside_engine.info import info_of
from bedside_engine.jpeg import Jpeg
from bedside_engine.kinds import BadResult
from bedside_engine.loader import Model
from bedside_engine.regions import BadRegion, Regions
from bedside_engine.server import BadRequest, Response, json_response
from bedside_engine.status import Status

QUIET_S = 10.0
WINDOW_AND_NO_FRAMES = (
    "the request has a window of %d frames, and predict takes one frame; "
    "write predict(frames), or leave `window` out of the engine's settings"
)
FRAMES_AND_NO_WINDOW = (
    "predict takes frames, a window of them, and the request has one frame; "
    "set `window = 8` (or as many as you want) for the engine, or write predict(frame)"
)

NO_CORRECTIONS = "this engine takes no corrections; give its predict a parameter named corrections"


class Misfit(Exception):
    """The model takes one frame and gets a window, or the other way round. No client can help that."""


class Predictor:
    """Answers inference requests with a model. One request at a time.

    `watched(predict, frame)` calls it; without one it is called with nobody watching how long it takes.
    """

    def __init__(
        self, status: Status, regions: Regions, model: Model, watched: Optional[Callable[..., Any]] = None
    ) -> None:
        self._status = status
        self._regions = regions
        self._model = model
        self._watched = watched or _call
        self._jpeg = Jpeg()
        status.describe(model.signature.takes_window, self._jpeg.is_there, model.signature.takes_corrections)
        self._said: Dict[str, float] = {}
        self._is_hoarder = False

    def infer(self, head: Dict[str, Any], binary: memoryview) -> Response:
        """The response to a request with this JSON and the binary data after it."""
        self._status.state = "BUSY"
        try:
            return self._respond(head, binary)
        finally:
            self._status.state = "READY"

    def _respond(self, head: Dict[str, Any], binary: memoryview) -> Response:
        try:
            frame, is_window = tensors.pictures_of(head, binary, self._regions, self._jpeg)
            more = self._beside(head, frame, is_window)
            predict = self._corrected(head)
        except (BadRequest, BadRegion, BadCorrections) as error:
            return json_response(400, {"error": str(error)})
        except Misfit as error:
            self._complain(str(error), with_traceback=False)
            return json_response(500, {"error": str(error)})
        told: Dict[str, Any] = {}
        if self._is_hoarder or not frame.flags.writeable:
            frame = np.array(frame)
        before = _holders(frame)
        document = self._document(predict, frame, more, told)
        if not self._is_hoarder and frame.base is not None and _holders(frame) != before:
            # The model has kept the frame, or a part of it. This once the client is told, and leaves that memory alone.
            self._is_hoarder = told["keeps_frame"] = True
            log.say("the model keeps frames beyond predict; from now on it gets copies, which takes a little longer")
        if "error" in document:
            return json_response(500, dict(document, **told))
        self._status.answers += 1
        return tensors.response(head, self._status.name, document, told)

    def _beside(self, head: Dict[str, Any], frame: Any, is_window: bool) -> Tuple[Any, ...]:
        """What `predict` gets after the pixels. Raises BadRequest, and Misfit."""
        signature = self._model.signature
        if is_window and not signature.takes_window:
            raise Misfit(WINDOW_AND_NO_FRAMES % len(frame))
        if signature.takes_window and not is_window:
            raise Misfit(FRAMES_AND_NO_WINDOW)
        return (info_of(head, frame.shape, is_window),) if signature.takes_info else ()

    def _corrected(self, head: Dict[str, Any]) -> Callable[..., Any]:
        """The model, told what the request's parameter `corrections` corrects. Raises BadRequest, BadCorrections."""
        signature, parameters = self._model.signature, head.get("parameters")
        corrections = corrections_of(parameters.get("corrections") if isinstance(parameters, dict) else None)
        if corrections is not None and not signature.takes_corrections:
            raise BadRequest(400, NO_CORRECTIONS)
        return signature.with_corrections(self._model.predict, corrections)

    def _document(
        self, predict: Callable[..., Any], frame: Any, more: Tuple[Any, ...], told: Dict[str, Any]
    ) -> Dict[str, Any]:
        """The checked result of one prediction, or `{"error": SENTENCE}`. Its time goes into `told`."""
        started = perf_counter()
        try:
            answer = self._watched(predict, frame, *more)
            told["model_ms"] = round((perf_counter() - started) * 1e3, 3)
            return tensors.bounded(check(answer))
        except BadResult as error:
            self._complain(str(error), with_traceback=False)
            return {"error": str(error)}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  whatever a model raises, exit() too, is this frame's error
            told["model_ms"] = round((perf_counter() - started) * 1e3, 3)
            sentence = "predict raised %s" % log.sentence(error, self._model.folder)
            self._complain(sentence, with_traceback=True)
            return {"error": sentence}

    def _complain(self, sentence: str, with_traceback: bool) -> None:
        """Say it in the log; the same sentence once in ten seconds at most."""
        now = monotonic()
        if now - self._said.get(sentence, -QUIET_S) < QUIET_S:
            return
        if len(self._said) > 100:
            self._said.clear()
        self._said[sentence] = now
        if with_traceback:
            log.say_traceback()
        log.say("no answer to this frame: %s" % sentence)


def _call(predict: Callable[..., Any], *arguments: Any) -> Any:
    return predict(*arguments)


def _holders(frame: Any) -> Tuple[int, int]:
    """How many hold the frame, and what it is a view of. More than before predict: the model has kept some of it."""
    return sys.getrefcount(frame), sys.getrefcount(frame.base)
