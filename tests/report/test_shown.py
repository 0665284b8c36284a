"""What stands beside a picture."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.report.shown import Said, corrections, said


def test_a_correction_stands_beside_what_the_model_said() -> None:
    """Never in its place; one of the review counts more than one during the scan, what was taken back does not."""
    live: list[dict[str, Any]] = [
        {"feedback": "concept", "name": "falx", "value": "not visible"},
        {"feedback": "verdict", "value": {"label": "femur"}},
        {"feedback": "thumb", "value": "down"},
        {"feedback": "concept", "name": "cavum", "value": "visible"},
        {"feedback": "concept", "name": "cavum", "value": None},
    ]
    edits = [{"field": "verdict", "value": {"label": "spine", "level": "near"}}]
    answer = {"verdict": {"label": "head", "level": "good", "score": 0.9}, "concepts": [{"name": "cavum", "ok": None}]}
    assert said(answer, corrections(live, edits)) == [
        Said("verdict", "head, good, 0.9", "spine, near", "good"),
        Said("cavum", "unknown", "", "unknown"),
        Said("falx", "not said", "not visible (during the scan)"),
    ]


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "label", "level", "ok", "value", "max", "score", "unit", "text"]), inner
        )
    ),
)
FIELDS = ["verdict", "concepts", "classes", "measurements", "guidance", "text"]


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(FIELDS), anything), st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_an_odd_answer_says_what_it_can(answer: dict[str, Any], instead: dict[str, str]) -> None:
    """Whatever stands in the file, there are lines of text, and no correction gets lost."""
    lines = said(answer, instead)
    assert all(isinstance(line.model, str) for line in lines)
    assert {text for text in instead.values() if text} <= {line.person for line in lines}
