"""How `predict` is called: by what its parameters are named."""

import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside_engine.signature import BadSignature, Signature

FRAME = np.full((4, 6, 3), 7, np.uint8)
WINDOW = np.stack([FRAME, FRAME + 1, FRAME + 2])
TOLD = {
    "seqs": [8, 9, 11],
    "times_s": [1.5, 2.5, 3.5],
    "state": "frozen",
    "pixel_spacing_mm": [0.2, 0.25],
    "picture_px": [1920, 1080],
    "region_px": [100, 50, 640, 480],
}
ATTRIBUTES = ("seq", "time_s", "state", "pixel_spacing_mm", "picture_px", "region_px", "seqs", "times_s")
SAY_INFO = f"{{'text': json.dumps([getattr(info, name) for name in {ATTRIBUTES}])}}"


class Methods:
    """The same as methods."""

    def one(self, frame: Any) -> None:
        """One frame."""

    def both(self, frames: Any, info: Any) -> None:
        """A window and its info."""


@functools.lru_cache
def decorated(frame: Any, info: Any) -> None:
    """Behind a decorator that keeps the signature."""


def bare_decorator(function: Callable[..., Any]) -> Callable[..., Any]:
    """One that does not keep it."""

    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return called


CALLS: list[tuple[Callable[..., Any], bool, bool]] = [
    (lambda frame: 0, False, False),
    (lambda image: 0, False, False),
    (lambda frames: 0, True, False),
    (lambda frame, info: 0, False, True),
    (lambda frames, info: 0, True, True),
    (lambda frame, meta: 0, False, True),
    (lambda frame, info=None: 0, False, True),
    (lambda frame, threshold=0.5: 0, False, False),
    (lambda frame, *args, **kwargs: 0, False, False),
    (lambda *args: 0, False, False),
    (Methods().one, False, False),
    (Methods().both, True, True),
    (decorated, False, True),
    (bare_decorator(lambda frames: 0), False, False),
    (functools.partial(lambda net, frame: 0, "net"), False, False),
    (max, False, False),
]


@pytest.mark.parametrize(("predict", "takes_window", "takes_info"), CALLS)
def test_the_parameters_names_say_what_it_wants(
    predict: Callable[..., Any], takes_window: bool, takes_info: bool
) -> None:
    """`frames` wants a window; `info`, or a second parameter that must be given, wants the info."""
    signature = Signature(predict)
    assert (signature.takes_window, signature.takes_info) == (takes_window, takes_info)


async def coroutine(frame: Any) -> None:
    """Not to be awaited by anybody."""


@pytest.mark.parametrize(
    ("predict", "sentence"),
    [
        (lambda: 0, "predict takes (); expected predict(frame), predict(frame, info)"),
        (lambda frame, info, more: 0, "predict takes (frame, info, more); expected predict(frame)"),
        (lambda frame, *, info: 0, "predict takes (frame, *, info); expected predict(frame), predict(frame, info)"),
        (coroutine, "predict is async; write `def predict` without async"),
    ],
)
def test_what_cannot_be_called_is_said_once_at_the_start(predict: Callable[..., Any], sentence: str) -> None:
    """The sentence shows the parameters that were found, and what was expected."""
    with pytest.raises(BadSignature) as raised:
        Signature(predict)
    assert sentence in str(raised.value)


def engine(folder: Path, signature: str, returned: str) -> Path:
    """A folder with an engine of one function."""
    text = f"import json\n\n\ndef predict({signature}):\n    return {returned}\n"
    (folder / "engine.py").write_text(text, encoding="utf-8")
    return folder


def test_one_frame_comes_with_its_info(start: Any, tmp_path: Path) -> None:
    """What the client tells of the frame arrives as attributes; seq and time are those of the frame."""
    runner = start(engine(tmp_path, "frame, info", SAY_INFO)).ready()
    told = {**TOLD, "seqs": [11], "times_s": [3.5]}
    status, result, _ = runner.infer(frame_info=json.dumps(told))
    assert status == 200
    assert json.loads(result["text"]) == [
        11,
        3.5,
        "frozen",
        [0.2, 0.25],
        [1920, 1080],
        [100, 50, 640, 480],
        [11],
        [3.5],
    ]


def test_a_window_comes_whole_and_oldest_first(start: Any, tmp_path: Path) -> None:
    """predict(frames, info) gets [N, H, W, 3], and seq and time of the newest frame and of all."""
    returned = (
        "{'text': json.dumps([frames[:, 0, 0, 0].tolist(), list(frames.shape), info.seq, info.seqs, info.time_s])}"
    )
    runner = start(engine(tmp_path, "frames, info", returned)).ready()
    status, result, _ = runner.infer(WINDOW, name="frames", frame_info=json.dumps(TOLD))
    assert status == 200
    assert json.loads(result["text"]) == [[7, 8, 9], [3, 4, 6, 3], 11, [8, 9, 11], 3.5]
    assert runner.get("/v2/models/e")[1]["inputs"] == [
        {"name": "frames", "datatype": "UINT8", "shape": [-1, -1, -1, 3]}
    ]


def test_a_grey_window_has_no_last_dimension(start: Any, tmp_path: Path) -> None:
    """predict(frames) of grey frames gets [N, H, W]."""
    runner = start(engine(tmp_path, "frames", "{'text': str(frames.shape)}")).ready()
    assert runner.infer(WINDOW[..., 0].copy(), name="frames")[1] == {"text": "(3, 4, 6)"}


def test_a_client_that_tells_nothing_gets_by(start: Any, tmp_path: Path) -> None:
    """Without frame_info the request's id is the number, now the time, and the engine's picture the whole one."""
    runner = start(engine(tmp_path, "frame, info", SAY_INFO)).ready()
    before = time.time()
    seq, time_s, *rest = json.loads(runner.infer(id="41")[1]["text"])
    assert seq == 41
    assert before <= time_s <= time.time()
    assert rest == ["live", None, [6, 4], [0, 0, 6, 4], [41], [time_s]]
    assert json.loads(runner.infer(id="some text")[1]["text"])[0] == 0


def test_an_engine_that_wants_no_info_may_be_told(gallery: Any) -> None:
    """predict(frame) is called as ever, whatever frame_info says."""
    assert gallery.infer(frame_info=json.dumps(TOLD))[0] == 200
    assert gallery.infer(frame_info="no JSON at all")[0] == 200


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("{", "parameter frame_info is not JSON"),
        ("[]", "parameter frame_info is list; expected one JSON object"),
        ({"seqs": [1, 2]}, "frame_info.seqs is [1, 2]; expected 1 whole numbers"),
        ({"times_s": ["now"]}, "frame_info.times_s is ['now']; expected 1 numbers"),
        ({"state": "asleep"}, "frame_info.state is 'asleep'; expected one of live, frozen"),
        ({"pixel_spacing_mm": 0.2}, "frame_info.pixel_spacing_mm is 0.2; expected 2 numbers"),
        ({"region_px": [1, 2, 3]}, "frame_info.region_px is [1, 2, 3]; expected 4 whole numbers"),
    ],
)
def test_wrong_info_is_refused(told: Any, sentence: str, start: Any, tmp_path: Path) -> None:
    """The client reads which part of frame_info is wrong."""
    runner = start(engine(tmp_path, "frame, info", "{}")).ready()
    status, document, _ = runner.infer(frame_info=told if isinstance(told, str) else json.dumps(told))
    assert status == 400
    assert sentence in document["error"]


@pytest.mark.parametrize(
    ("signature", "name", "frame", "sentence"),
    [
        (
            "frame",
            "frames",
            WINDOW,
            "the request has a window of 3 frames, and predict takes one frame; write predict(",
        ),
        (
            "frames",
            "frame",
            FRAME,
            "predict takes frames, a window of them, and the request has one frame; set `window",
        ),
    ],
)
def test_window_and_signature_must_fit(
    signature: str, name: str, frame: Any, sentence: str, start: Any, tmp_path: Path
) -> None:
    """A window for a model of one frame, or the other way round, is that frame's error and says what to change."""
    runner = start(engine(tmp_path, signature, "{}")).ready()
    status, document, _ = runner.infer(frame, name=name)
    assert status == 500
    assert document["error"].startswith(sentence)
    assert sentence in runner.log


def test_a_wrong_signature_ends_the_start(start: Any, tmp_path: Path) -> None:
    """An engine whose predict takes something else does not come up, and says why."""
    runner = start(engine(tmp_path, "frame, left, right", "{}"))
    assert runner.process.wait(20) == 1
    assert "engine.py: predict takes (frame, left, right); expected predict(frame), predict(frame, info)" in runner.log
