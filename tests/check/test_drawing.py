"""Results drawn to look at: what is where, in the page's colours, and nothing outside."""

from typing import Any

import numpy as np
import pytest

from bedside.check.drawing import FOOT_PX, PANEL_PX, Drawing, sheet
from bedside.check.palette import Inks
from bedside.messages import Pixels
from bedside_engine.check import check

WIDTH, HEIGHT = 960, 720
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def drawn(answer: dict[str, Any], error: str = "") -> tuple[Pixels, Pixels]:
    """The picture and the panel of a canvas for a black picture."""
    canvas = Drawing(WIDTH, HEIGHT, "e").draw(BLACK, check(answer), "", error)
    return canvas[:HEIGHT, :WIDTH], canvas[:HEIGHT, WIDTH:]


def near(picture: Pixels, x: float, y: float, reach: int = 4) -> int:
    """The brightest value around a place, in fractions of the picture."""
    column, line = round(x * WIDTH), round(y * HEIGHT)
    return int(picture[max(0, line - reach) : line + reach, max(0, column - reach) : column + reach].max())


def test_a_label_keeps_its_colour_and_another_has_another() -> None:
    """Until there are more labels than colours; then they are dashed."""
    inks = Inks()
    labels = [f"label {number}" for number in range(24)]
    found = [inks.of(label) for label in labels]
    assert len({ink.colour for ink in found[:8]}) == 8
    assert len(set(found)) == 24
    assert [inks.of(label) for label in labels] == found


@pytest.mark.parametrize(
    ("answer", "on", "off"),
    [
        ({"boxes": [{"x": 0.2, "y": 0.3, "width": 0.4, "height": 0.2}]}, [(0.2, 0.4), (0.6, 0.5)], (0.4, 0.4)),
        ({"ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.2, "ry": 0.1}]}, [(0.3, 0.5), (0.5, 0.6)], (0.5, 0.5)),
        (
            {"ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.3, "ry": 0.05, "angle_deg": 90}]},
            [(0.5, 0.5 + 0.3 * WIDTH / HEIGHT)],
            (0.8, 0.5),
        ),
        ({"lines": [{"x1": 0.1, "y1": 0.1, "x2": 0.9, "y2": 0.1}]}, [(0.1, 0.1), (0.5, 0.1)], (0.5, 0.2)),
        ({"points": [{"x": 0.7, "y": 0.7}]}, [(0.7, 0.7)], (0.75, 0.7)),
        ({"mask": np.pad(np.ones((90, 90), np.uint8), 90), "labels": ["", "a"]}, [(1 / 3, 0.5)], (0.1, 0.1)),
    ],
)
def test_shapes_are_where_the_answer_says(
    answer: dict[str, Any], on: list[tuple[float, float]], off: tuple[float, float]
) -> None:
    """Coordinates are fractions of the picture."""
    picture, _ = drawn(answer)
    assert all(near(picture, *place) > 100 for place in on)
    assert near(picture, *off) < 60


def test_an_empty_answer_changes_nothing_on_the_picture() -> None:
    """No stray mark."""
    picture, _ = drawn({})
    assert not picture.any()


@pytest.mark.parametrize("field", ["verdict", "classes", "concepts", "measurements", "guidance", "images", "text"])
def test_every_field_without_a_place_is_in_the_panel(field: str) -> None:
    """And nothing of it on the picture."""
    answers: dict[str, Any] = {
        "verdict": {"label": "Brain plane", "level": "near", "score": 0.7},
        "classes": [{"name": "brain", "score": 0.7}],
        "concepts": [{"name": "thalami", "ok": False, "hint": "tilt"}],
        "measurements": [{"name": "HC", "value": 170, "unit": "mm", "uncertainty": 3}],
        "guidance": {"text": "Tilt the probe up", "direction": "tilt_up", "detail": "slowly"},
        "images": [{"pixels": np.full((8, 8), 200, np.uint8)}],
        "text": "a paragraph",
    }
    _, empty = drawn({})
    picture, panel = drawn({field: answers[field]})
    assert not picture.any()
    assert (panel != empty).any()


def test_why_there_is_no_answer_is_in_the_panel() -> None:
    """In place of the answer."""
    _, empty = drawn({})
    _, panel = drawn({}, "predict raised ValueError: no (engine.py:3)")
    assert (panel != empty).any()


def test_more_than_fits_does_not_break_it() -> None:
    """A thousand of everything and shapes far outside stay within the canvas."""
    many = {
        "classes": [{"name": "x" * 300, "score": 0.5}] * 1000,
        "concepts": [{"name": "ü" * 300, "value": 1e300}] * 1000,
        "boxes": [{"x": -1, "y": -1, "width": 2, "height": 2, "label": "y" * 300}] * 30,
        "text": "word " * 400,
        "images": [{"pixels": np.zeros((1, 8192), np.uint8)}] * 9,
        "guidance": {"text": "z" * 2000},
        "verdict": {"label": "v" * 2000},
    }
    canvas = Drawing(WIDTH, HEIGHT, "e").draw(BLACK, check(many), "c" * 500)
    assert canvas.shape == (HEIGHT + FOOT_PX, WIDTH + PANEL_PX, 3)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (237, 331), (64, 48), (776, 1080), (4000, 100)])
def test_any_size_of_picture_becomes_a_canvas_that_a_video_takes(width: int, height: int) -> None:
    """Both sides are even, and not larger than a screen."""
    drawing = Drawing(width, height, "e")
    canvas = drawing.draw(np.zeros((height, width, 3), np.uint8), {}, "c")
    assert canvas.shape[1::-1] == drawing.size
    assert drawing.size[0] % 2 == drawing.size[1] % 2 == 0
    assert drawing.size[0] <= 1920
    assert drawing.size[1] <= 1080


def test_a_picture_of_another_size_than_the_first_is_fitted_in() -> None:
    """A folder of images has all kinds."""
    canvas = Drawing(WIDTH, HEIGHT, "e").draw(np.full((500, 100, 3), 200, np.uint8), {}, "")
    assert canvas[360, 480].tolist() == [200, 200, 200]
    assert canvas[360, 100].max() < 30


def test_a_sheet_shows_its_canvases_in_reading_order() -> None:
    """Three in a row."""
    canvases = [np.full((60, 100, 3), 40 * number, np.uint8) for number in range(1, 6)]
    whole = sheet(canvases, 300)
    assert whole.shape == (120, 300, 3)
    assert [int(whole[30, 50 + 100 * at, 0]) for at in range(3)] == [40, 80, 120]
    assert [int(whole[90, 50 + 100 * at, 0]) for at in range(2)] == [160, 200]
