"""What people said, in the place of what the engine said."""

from pathlib import Path
from typing import Any

import pytest
from tests.recording import Plan, make_session

from bedside.export.said import Said, Sayings, corrected, truth
from bedside.session.journal import Journal
from bedside.session.paths import Paths
from bedside.session.recorded import Recorded

ANSWER: dict[str, Any] = {
    "verdict": {"label": "head", "level": "good", "score": 0.9, "text": "all there"},
    "concepts": [{"name": "thalami", "ok": True, "value": 8.0, "max": 10}, {"name": "falx", "ok": None}],
    "measurements": [{"name": "HC", "value": 176.4, "unit": "mm"}],
}


def test_a_verdict_of_a_person_has_no_score_of_the_engine() -> None:
    """The person's label takes the engine's place, and the score that the engine gave its own label is gone."""
    answer = corrected(ANSWER, Said(verdict={"label": "femur"}))
    assert answer["verdict"] == {"label": "femur", "level": "good", "text": "all there"}
    assert ANSWER["verdict"]["label"] == "head"


def test_a_concept_of_a_person_stands_and_others_stay() -> None:
    """Not visible means missing; a concept that the engine did not speak of is added; measurements stay."""
    answer = corrected(ANSWER, Said(concepts={"thalami": "not visible", "cavum": True}))
    assert answer["concepts"] == [
        {"name": "falx", "ok": None},
        {"name": "thalami", "ok": False},
        {"name": "cavum", "ok": True},
    ]
    assert answer["measurements"] == ANSWER["measurements"]


def test_what_was_taken_back_was_never_said(tmp_path: Path) -> None:
    """The last word about a concept counts, and null is none."""
    folder = make_session(tmp_path, Plan(seconds=1, width=160, height=90))
    marks = Journal(Paths(folder).marks)
    for name, value in (("cavum", "visible"), ("thalami", "visible"), ("cavum", None), ("falx", None)):
        about = {"seq": 3, "captured_ns": 7, "engine": "e", "wall_ns": 1, "monotonic_ns": 1}
        marks.append({"mark": "feedback", "feedback": "concept", "name": name, "value": value, **about})
    assert Sayings(Recorded(folder)).of(3, 7, "e").concepts == {"thalami": "visible"}


def test_an_answer_of_which_nobody_spoke_is_as_it_was() -> None:
    """Without a word of a person nothing changes."""
    assert corrected(ANSWER, Said()) == ANSWER


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        ("Visible", True),
        ("present", True),
        (False, False),
        (" missing ", False),
        ("not visible", False),
        ("unknown", None),
        ("blurred", None),
        (3, None),
        (None, None),
    ],
)
def test_words_come_to_present_missing_or_unknown(value: object, expected: bool | None) -> None:
    """The words of the pages mean what they say, and any other word means that it is not known."""
    assert truth(value) is expected
