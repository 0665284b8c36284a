"""Answers as the page reads them."""

import base64
import json
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.conftest import result_of

from bedside.hub.answer import is_brief, page_answer, plain, png_of, text_of
from bedside.messages import Frame, Signal

NESTED: list[Any] = []
for _ in range(900):
    NESTED = [NESTED]

FRAME = Frame(7, 1_000, 0, 320, 240, Signal.LIVE)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text()
    | st.just("\ud800 half a character")
    | st.floats(width=32).map(np.float32)
    | st.integers(0, 255).map(np.uint8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_becomes_json_that_a_browser_reads(value: Any) -> None:
    """Numpy numbers, NaN and infinity become what JSON knows."""
    json.loads(text_of(plain(value)).encode(), parse_constant=pytest.fail)


def test_a_mask_becomes_outlines_and_the_array_is_gone() -> None:
    """`mask` and `labels` are replaced by `outlines`."""
    mask = np.zeros((64, 64), np.uint8)
    mask[10:40, 10:40] = 1
    fields, problem = page_answer(result_of(FRAME, mask=mask, labels=["background", "skull"]))
    assert problem == ""
    assert set(fields) == {"outlines"}
    assert fields["outlines"][0]["label"] == "skull"


def test_an_image_becomes_a_png_with_the_same_pixels() -> None:
    """An explanation's image is inlined, lossless, with its name and title."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    fields, _ = page_answer(result_of(FRAME, images=[{"name": "cam", "title": "Where it looked", "pixels": pixels}]))
    (image,) = fields["images"]
    data = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
    assert (image["name"], image["title"]) == ("cam", "Where it looked")
    assert np.array_equal(_decoded(data), pixels)


def test_a_large_image_is_made_small() -> None:
    """A heat map of 4 megapixels does not travel to every page."""
    fields, _ = page_answer(result_of(FRAME, images=[{"name": "cam", "pixels": np.zeros((2000, 1000), np.uint8)}]))
    data = base64.b64decode(fields["images"][0]["src"].partition(",")[2])
    assert _decoded(data).shape[:2] == (640, 320)


@pytest.mark.parametrize(
    "answer",
    [
        {"mask": np.zeros((2, 2, 2), np.uint8)},
        {"mask": "a text"},
        {"images": [{"name": "no pixels"}]},
        {"images": [{"pixels": np.zeros((4, 4), np.float32)}]},
        {"images": 7},
        {"classes": [{"name": "head", "score": np.zeros(100_000)}]},
        {"text": object()},
        {"mask": np.zeros((4, 4), np.uint8), "labels": 7},
        {"text": NESTED},
    ],
)
def test_a_wrong_field_is_one_sentence_and_costs_no_other(answer: dict[str, Any]) -> None:
    """The field is left out and named; what is right is kept."""
    name = next(iter(answer))
    fields, problem = page_answer(result_of(FRAME, **answer, verdict={"label": "head"}))
    assert problem.startswith(f"The answer's field '{name}' cannot be shown: ")
    assert fields == {"verdict": {"label": "head"}}


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_png_keeps_every_pixel(shape: tuple[int, ...]) -> None:
    """Grey, RGB and RGBA pictures come back as they were."""
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(_decoded(png_of(pixels)), pixels)


def _decoded(png: bytes) -> Any:
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


@pytest.mark.parametrize(
    ("value", "brief"),
    [
        ({"label": "head", "level": "good", "score": 0.9}, True),
        ([{"name": f"concept {n}", "score": n / 9} for n in range(9)], True),
        (list(range(1000)), False),
        ([[0] * 50] * 50, False),
        ("a" * 2000, False),
        (np.zeros(3), False),
        (NESTED, False),
    ],
)
def test_what_takes_long_to_lay_out_is_told_from_what_does_not(value: Any, brief: bool) -> None:
    """A verdict and concepts are brief; arrays, long texts, long lists and deep ones are not."""
    assert is_brief({"verdict": value}) is brief
