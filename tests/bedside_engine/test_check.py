"""What a result may be, and the sentence for what it may not be."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside_engine.check import FIELDS, check
from bedside_engine.kinds import BadResult

MASK = np.zeros((2, 2), np.uint8)

GOOD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"verdict": {"label": "head"}}, {"verdict": {"label": "head", "level": "none"}}),
    ({"verdict": None, "text": "x"}, {"text": "x"}),
    ({"classes": ({"name": "a", "score": np.float32(0.5)},)}, {"classes": [{"name": "a", "score": 0.5}]}),
    ({"classes": [{"name": "a", "score": 1.00001}]}, {"classes": [{"name": "a", "score": 1.0}]}),
    ({"concepts": [{"name": "a", "ok": np.bool_(True)}]}, {"concepts": [{"name": "a", "ok": True}]}),
    ({"concepts": [{"name": "a"}]}, {"concepts": [{"name": "a", "ok": None}]}),
    ({"measurements": [{"name": "HC", "value": 3}]}, {"measurements": [{"name": "HC", "value": 3, "unit": ""}]}),
    (
        {"ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.1}]},
        {"ellipses": [{"x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.1, "angle_deg": 0.0}]},
    ),
    ({"points": [{"x": np.array(0.5), "y": 1}]}, {"points": [{"x": 0.5, "y": 1}]}),
]
BAD: list[tuple[Any, str]] = [
    (None, "predict returned None; expected a dict"),
    ([], "predict returned []; expected a dict"),
    (np.zeros((3, 3)), "predict returned float64 of shape [3, 3]; expected a dict"),
    ({"verdit": {}}, "field 'verdit' is unknown; did you mean 'verdict'?"),
    ({"zzz": {}}, "field 'zzz' is unknown; expected one of verdict, classes"),
    ({3: {}}, "field '3' is unknown"),
    ({"verdict": "head"}, "verdict is 'head'; expected a dict with label, level, score, text"),
    ({"verdict": {}}, "verdict has no 'label'"),
    ({"verdict": {"label": 3}}, "verdict.label is 3; expected a text"),
    ({"verdict": {"label": "a", "level": "bad"}}, "verdict.level is 'bad'; expected one of good, near, poor, none"),
    ({"verdict": {"label": "a", "score": 93}}, "verdict.score is 93; expected 0 to 1"),
    ({"verdict": {"label": "a", "lable": "b"}}, "verdict: 'lable' is unknown; did you mean 'label'?"),
    ({"classes": {"head": 0.9}}, "classes is {'head': 0.9}; expected a list"),
    ({"classes": [{"name": "a", "score": "0.9"}]}, "classes[0].score is '0.9'; expected a number"),
    ({"classes": [{"name": "a", "score": True}]}, "classes[0].score is True; expected a number"),
    ({"classes": [{"name": "a", "score": float("inf")}]}, "classes[0].score is inf; expected a finite number"),
    ({"classes": [{"name": "a", "score": np.zeros(3)}]}, "classes[0].score is float64 of shape [3]; expected a number"),
    ({"boxes": [{"x": 320, "y": 0, "width": 1, "height": 1}]}, "a fraction of the picture (divide pixels"),
    ({"concepts": [{"name": "a", "ok": "yes"}]}, "concepts[0].ok is 'yes'; expected True, False or None"),
    ({"labels": ["background"]}, "labels are there without a mask"),
    ({"mask": MASK + 2, "labels": ["background", "a"]}, "mask has the index 2 and labels has 2 names"),
    ({"mask": np.zeros((2, 2), np.float32)}, "mask is float32; expected whole numbers"),
    ({"mask": np.full((2, 2), -1)}, "mask has values from -1 to -1; expected label indices 0 to 255"),
    ({"mask": np.zeros((0, 2), np.uint8)}, "mask has shape [0, 2]"),
    ({"mask": "mask.png"}, "mask has shape []"),
    ({"images": [{"pixels": np.zeros((2, 2, 4), np.uint8)}]}, "images[0].pixels is uint8 of shape [2, 2, 4]"),
    ({"guidance": {"text": "x", "direction": "north"}}, "guidance.direction is 'north'; expected one of up"),
    ({"text": "x" * 3000}, "text has 3000 characters; expected at most 2000"),
    ({"points": [{"x": 0, "y": 0}] * 1001}, "points has 1001 items; expected at most 1000"),
]


@pytest.mark.parametrize(("result", "expected"), GOOD)
def test_good_results_come_out_plain(result: dict[str, Any], expected: dict[str, Any]) -> None:
    """Numpy scalars, tuples and missing parts become plain values with defaults."""
    assert check(result) == expected


@pytest.mark.parametrize(("result", "sentence"), BAD)
def test_bad_results_are_named(result: Any, sentence: str) -> None:
    """The error names the field, its value and what was expected."""
    with pytest.raises(BadResult) as raised:
        check(result)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint16, np.bool_, np.uint8])
def test_a_mask_may_have_any_whole_numbers(kind: Any) -> None:
    """The int64 of an argmax and the truth values of a threshold become uint8."""
    found = check({"mask": np.eye(3).astype(kind), "labels": ["background", "a"]})
    assert found["mask"].dtype == np.uint8
    assert (found["mask"] == np.eye(3)).all()


def test_a_mask_without_names_gets_some() -> None:
    """labels may be left out."""
    assert check({"mask": MASK + 2})["labels"] == ["background", "label 1", "label 2"]


def test_arrays_of_other_libraries_are_taken() -> None:
    """Whatever detaches, comes to the CPU and turns into numpy, as a tensor of torch does, is an array."""

    class Tensor:
        def detach(self) -> "Tensor":
            return self

        def cpu(self) -> "Tensor":
            return self

        def numpy(self) -> Any:
            return MASK[:, ::-1]

    found = check({"mask": Tensor(), "labels": ["background"]})
    assert found["mask"].flags.c_contiguous


def test_the_reference_is_true() -> None:
    """docs/reference/result.md has a section for every field, and each of its examples is a good result."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "result.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [name for section in sections for name in section.split(" and ")][:-1] == list(FIELDS)
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(examples) == len(FIELDS) - 1
    for example in examples:
        check(eval(example, {"logits": np.zeros((1, 3, 4, 4)), "heat": MASK}))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "label", "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(ANYTHING)
def test_nothing_but_a_bad_result_is_ever_raised(result: Any) -> None:
    """Any nonsense is either accepted or refused with a sentence; what is accepted is accepted again, unchanged."""
    try:
        found = check(result)
    except BadResult as error:
        assert str(error)
    else:
        again = check(found)
        assert str(again) == str(found)
