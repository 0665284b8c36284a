"""What a model drew, as paths over a picture."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.report.overlay import MOST_SHAPES, Inks, shapes


def test_every_kind_of_shape_lies_in_pixels_of_the_picture() -> None:
    """Fractions become pixels, a round ellipse stays round, and one label keeps one colour."""
    answer = {
        "outlines": [{"label": "head", "rings": [[[0, 0], [0.5, 0], [0.5, 0.5]]]}],
        "boxes": [{"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.5, "label": "head"}],
        "lines": [{"x1": 0, "y1": 0, "x2": 1, "y2": 1, "label": "HC"}],
        "points": [{"x": 0.5, "y": 0.5}],
        "ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.2, "angle_deg": 90, "label": "round"}],
    }
    found = {shape.label: shape for shape in shapes(answer, 200, 100, Inks())}
    assert found["HC"].path == "M0.0 0.0L200.0 100.0"
    assert found["head"].path == "M20.0 20.0L120.0 20.0L120.0 70.0L20.0 70.0Z"
    assert len({shape.colour for shape in shapes(answer, 200, 100, Inks()) if shape.label == "head"}) == 1
    ring = [tuple(map(float, point.split())) for point in found["round"].path.strip("MZ").split("L")]
    assert {round(math.dist(point, (100, 50))) for point in ring} == {20}


def test_eighteen_labels_look_different() -> None:
    """By colour, or by dashes."""
    inks = Inks()
    assert len({inks.of(f"label {number}") for number in range(18)}) == 18


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["x", "y", "width", "height", "label", "rx", "ry", "x1", "y1", "x2", "y2"]), inner
    ),
)  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(["boxes", "lines", "points", "ellipses"]), anything))
def test_an_odd_answer_draws_what_it_can(answer: dict[str, Any]) -> None:
    """Whatever stands in the file, the paths are numbers, and not too many."""
    found = shapes(answer, 200, 100, Inks())
    assert len(found) <= MOST_SHAPES
    assert all(set(shape.path) <= set("MLZ -.0123456789") for shape in found)
