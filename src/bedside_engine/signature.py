"""How the researcher's `predict` wants to be called: one frame or a window of them, and what else it takes."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Dict, List, Optional

CORRECTIONS = "corrections"
EXPECTED = (
    "predict(frame), predict(frame, info), predict(frames) or predict(frames, info), and corrections=None if wished"
)


class BadSignature(Exception):
    """It cannot be called with any of these; the text is one sentence that says what was found."""


class Signature:
    """Read once, when the model is loaded.

    The first parameter gets the pixels; called `frames`, it gets a window of the last ones. A second one gets the Info
    if it is called `info` or has no default. One called `corrections` gets what a person has corrected of the answer to
    this frame, or None. Raises BadSignature for what cannot be called so.
    """

    def __init__(self, predict: Callable[..., Any]) -> None:
        self.takes_window = False
        self.takes_info = False
        self.takes_corrections = False
        self._has_info_last = False
        if inspect.iscoroutinefunction(predict):
            raise BadSignature("predict is async; write `def predict` without async")
        try:
            parameters = list(inspect.signature(predict).parameters.values())
        except (TypeError, ValueError):
            return  # written in C, or hidden by a decorator: it gets what most want, one frame
        self._read(parameters)

    def with_corrections(
        self, predict: Callable[..., Any], corrections: Optional[Dict[str, Any]] = None
    ) -> Callable[..., Any]:
        """`predict` as it is called for this frame, with the pixels and the info: it is told the corrections, too."""
        if not self.takes_corrections:
            return predict
        if self._has_info_last:
            return lambda pixels, info: predict(pixels, corrections, info)
        return functools.partial(predict, corrections=corrections)

    def _read(self, found: List[inspect.Parameter]) -> None:
        by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        self.takes_corrections = any(one.name == CORRECTIONS and one.kind in by_name for one in found[1:])
        parameters = [one for one in found if not (self.takes_corrections and one.name == CORRECTIONS)]
        places = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
        if not places:
            if not any(one.kind is one.VAR_POSITIONAL for one in parameters):
                raise BadSignature("predict takes %s; expected %s" % (_said(found), EXPECTED))
            return
        self.takes_window = places[0].name == "frames"
        rest = [one for one in parameters if one not in places[:1]]
        second = places[1] if len(places) > 1 else None
        self.takes_info = second is not None and (second.name == "info" or second.default is second.empty)
        self._has_info_last = self.takes_info and [one.name for one in found[1:2]] == [CORRECTIONS]
        needed = [one for one in rest if one.default is one.empty and not (self.takes_info and one is second)]
        if any(one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in needed):
            raise BadSignature("predict takes %s; expected %s" % (_said(found), EXPECTED))


def _said(parameters: List[inspect.Parameter]) -> str:
    return str(inspect.Signature([one.replace(annotation=one.empty) for one in parameters]))
